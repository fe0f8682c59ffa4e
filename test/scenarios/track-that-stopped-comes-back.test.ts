import { expect, test } from 'vitest'
import { audioConfig, MS, SECOND, Stage, videoConfig } from './stage.js'

const kindsOf = (lines: readonly string[]) => ({
  head: lines[0],
  videos: lines.filter((line) => /^(key|video)/.test(line)).length,
  sounds: lines.filter((line) => line.startsWith('audio')).length,
})

/** One track goes on alone for `seconds`; pictures are 40 ms apart, a keyframe each second, sound lies 5 ms behind. */
function play(stage: Stage, gone: 'audio' | 'video' | undefined, from: number, seconds: number): void {
  for (let i = 0; i < seconds * 25; i++) {
    const dts = from * SECOND + i * 40 * MS
    if (gone !== 'video') publication(stage).push(stage.frame(VIDEO, dts, i % 25 === 0))
    if (gone !== 'audio') publication(stage).push(stage.frame(AUDIO, dts + 5 * MS))
    stage.clock.advance(40 * MS)
  }
}

const VIDEO = videoConfig()
const AUDIO = audioConfig()
const publication = (stage: Stage) => stage.stream.publication ?? stage.publish()!

test.each(['audio', 'video'] as const)(
  '%s that stops and comes back reaches who joined before, during and after',
  (gone) => {
    const stage = new Stage()
    play(stage, undefined, 0, 3)
    const before = stage.watch()
    play(stage, gone, 3, 7)
    const during = stage.watch()
    const rest = gone === 'audio' ? 'video' : 'audio'
    // Who joins now is promised, and given, only what still comes.
    expect(kindsOf(during.transport.lines).head).toBe(`start ${rest}`)
    play(stage, gone, 10, 1)
    const alone = kindsOf(during.transport.lines)
    expect(gone === 'audio' ? alone.sounds : alone.videos).toBe(0)
    play(stage, undefined, 11, 3)
    const after = stage.watch()
    play(stage, undefined, 14, 2)
    for (const { transport } of [before, during, after]) {
      const lines = transport.lines
      const last = lines.slice(-10).map((line) => line.split(' ')[0])
      expect(last.filter((kind) => kind === 'audio')).toHaveLength(5)
      const times = lines.filter((line) => /^(key|video|audio) /.test(line)).map((line) => Number(line.split(' ')[1]))
      // Both tracks lie where they were to each other, and nothing jumps.
      expect(times.at(-1)! - times.at(-2)!).toBe(5)
      expect(transport.closed).toBeUndefined()
    }
    expect(kindsOf(before.transport.lines).head).toBe('start videoaudio')
    expect(kindsOf(after.transport.lines).head).toBe('start videoaudio')
    const came = kindsOf(during.transport.lines)
    expect(gone === 'audio' ? came.sounds : came.videos).toBe(125)
    // Its configuration comes before its first frame.
    const lines = during.transport.lines
    const config = gone === 'audio' ? 'config aac' : 'config 1280'
    expect(lines.findIndex((line) => line === config)).toBe(
      lines.findIndex((line) => (gone === 'audio' ? line.startsWith('audio') : line.startsWith('key'))) - 1,
    )
  },
)
