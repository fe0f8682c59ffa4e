import { expect, test } from 'vitest'
import { audioConfig, MS, SECOND, Stage, videoConfig } from './stage.js'

/** The times of all sound, and how far apart they are at most and at least. */
function soundOf(lines: string[]) {
  const times = lines.filter((line) => line.startsWith('audio')).map((line) => Number(line.split(' ')[1]))
  const gaps = times.slice(1).map((time, i) => time - times[i]!)
  return { times, longest: Math.max(...gaps), shortest: Math.min(...gaps) }
}

test('a stream without audio gets silence on one grid, across cached and live frames', () => {
  const stage = new Stage()
  const publication = stage.publish()!
  const video = videoConfig()
  stage.play(publication, video, { frames: 23, gop: 50 })
  const viewers = [stage.watch({ fillsSilence: true })]
  stage.play(publication, video, { from: 920 * MS, frames: 40, gop: 500 })
  viewers.push(stage.watch({ fillsSilence: true }))
  stage.play(publication, video, { from: 2520 * MS, frames: 40, gop: 500 })
  for (const { transport } of viewers) {
    expect(transport.lines[0]).toBe('start videoaudio')
    const { times, longest, shortest } = soundOf(transport.lines)
    expect(times[0]).toBeLessThan(22)
    expect([shortest, longest]).toEqual([21, 22])
    // Never further behind the picture than one frame of it.
    expect(times.at(-1)).toBeGreaterThan(Number(transport.lines.at(-1)!.split(' ')[1]) - 40)
  }
})

test('real audio that starts late replaces silence without a step back or a hole', () => {
  const stage = new Stage()
  const publication = stage.publish()!
  const video = videoConfig()
  stage.play(publication, video, { frames: 50, gop: 500 })
  const { transport } = stage.watch({ fillsSilence: true })
  stage.play(publication, video, { from: 2000 * MS, frames: 50, gop: 500, audio: audioConfig() })
  const { times, longest, shortest } = soundOf(transport.lines)
  expect(times.at(-1)).toBe(3965)
  expect(shortest).toBeGreaterThan(0)
  // The stage's real sound comes every 40 ms.
  expect(longest).toBeLessThanOrEqual(40)
  expect(transport.lines.filter((line) => line.startsWith('config aac'))).toHaveLength(2)
})

test('silence follows 300 ms after audio stops, and returning audio plays immediately', () => {
  const stage = new Stage()
  const publication = stage.publish()!
  const video = videoConfig()
  const audio = audioConfig()
  stage.play(publication, video, { frames: 25, gop: 500, audio })
  const { transport } = stage.watch({ fillsSilence: true })
  stage.play(publication, video, { from: 1000 * MS, frames: 50, gop: 500 })
  const stopped = soundOf(transport.lines)
  expect(stopped.times.at(-1)).toBeGreaterThan(2960 - 300 - 40)
  expect(stopped.longest).toBeLessThanOrEqual(44)
  stage.play(publication, video, { from: 3000 * MS, frames: 25, gop: 500, audio })
  const returned = soundOf(transport.lines)
  expect(returned.times.filter((time) => time >= 3000)).toHaveLength(25)
  expect(returned.shortest).toBeGreaterThan(0)
})

test('silence continues while everything is withheld, and returning audio follows it', () => {
  const stage = new Stage()
  const publication = stage.publish()!
  stage.stream.hold()
  const audio = audioConfig()
  const config = videoConfig()
  stage.play(publication, config, { frames: 25, gop: 50, audio })
  const { transport } = stage.watch({ fillsSilence: true })
  const before = transport.lines.length
  stage.stream.withhold({ audio: true, video: true })
  stage.play(publication, config, { from: SECOND, frames: 250, gop: 50, audio })
  const silent = transport.lines.slice(before)
  expect(silent.filter((line) => !line.startsWith('audio') && !line.startsWith('config'))).toEqual([])
  expect(silent.length).toBeGreaterThan(400)
  stage.stream.withhold({ audio: false, video: false })
  stage.play(publication, config, { from: 11 * SECOND, frames: 50, gop: 25, audio })
  publication.end()
  stage.clock.advance(60 * SECOND)
  const { times, longest, shortest } = soundOf(transport.lines)
  expect(shortest).toBeGreaterThanOrEqual(0)
  expect(longest).toBeLessThanOrEqual(60)
  expect(times.at(-1)).toBeGreaterThan(72_000)
})

test.each([0, 6])(
  'sound that a publisher delivers after standing still is all heard; its clock went on %i s',
  (wentOn) => {
    const stage = new Stage()
    const publication = stage.publish()!
    const [video, audio] = [videoConfig(), audioConfig()]
    stage.play(publication, video, { frames: 50, gop: 500, audio })
    const { transport } = stage.watch({ fillsSilence: true })
    stage.clock.advance(6 * SECOND)
    const heldFrames = wentOn * 25
    for (let i = 0; i < heldFrames; i++) {
      publication.push(stage.frame(video, 2 * SECOND + i * 40 * MS))
      publication.push(stage.frame(audio, 2 * SECOND + i * 40 * MS + 5 * MS))
    }
    stage.play(publication, video, { from: (2 + wentOn) * SECOND, frames: 50, gop: 500, audio })
    const { times, longest, shortest } = soundOf(transport.lines)
    expect([shortest, longest]).toEqual([40, 40])
    expect(times).toHaveLength(100 + heldFrames)
  },
)

test('silence begins once a stalled publisher counts as gone', () => {
  const stage = new Stage()
  const publication = stage.publish()!
  stage.stream.hold()
  stage.play(publication, videoConfig(), { frames: 50, gop: 500, audio: audioConfig() })
  const { transport } = stage.watch({ fillsSilence: true })
  stage.clock.advance(6 * SECOND)
  expect(soundOf(transport.lines).times).toHaveLength(50)
  publication.end()
  stage.clock.advance(2 * SECOND)
  const { times, longest } = soundOf(transport.lines)
  expect(longest).toBeLessThan(60)
  expect(times.at(-1)).toBeGreaterThan(8000)
})

test('audio that is always 700 ms behind its video is heard completely after a moment', () => {
  const stage = new Stage()
  const publication = stage.publish()!
  const [video, audio] = [videoConfig(), audioConfig()]
  stage.play(publication, video, { frames: 1, gop: 500, audio })
  const { transport } = stage.watch({ fillsSilence: true })
  const sounds: number[] = []
  for (let i = 1; i < 250; i++) {
    publication.push(stage.frame(video, i * 40 * MS, false))
    const dts = (i * 40 - 700) * MS
    if (dts > 0) {
      publication.push(stage.frame(audio, dts))
      sounds.push(dts / MS)
    }
    stage.clock.advance(40 * MS)
  }
  const { times, shortest, longest } = soundOf(transport.lines)
  expect(times.slice(-200)).toEqual(sounds.slice(-200))
  expect(shortest).toBeGreaterThanOrEqual(0)
  expect(longest).toBeLessThanOrEqual(60)
})
