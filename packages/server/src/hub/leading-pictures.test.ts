import fc from 'fast-check'
import { expect, test } from 'vitest'
import { MS, Stage, videoConfig } from '../../../../test/scenarios/stage.js'

const STEP = 40
const GOP = 10
const LEADING = 3
const video = videoConfig()

type Deed = 'none' | 'join' | 'pause' | 'go on' | 'stop reading' | 'read' | 'withhold' | 'release' | 'republish'

/** Open GOPs: behind each keyframe three pictures that are shown before it. */
function play(deeds: readonly Deed[]): readonly (readonly string[])[] {
  const stage = new Stage()
  let publication = stage.publish()!
  const viewers: ReturnType<Stage['watch']>[] = []
  const act = (deed: Deed): void => {
    const last = viewers.at(-1)
    if (deed === 'join') viewers.push(stage.watch())
    else if (deed === 'pause') last?.viewer.setPaused(true)
    else if (deed === 'go on') last?.viewer.setPaused(false)
    else if (deed === 'stop reading' && last !== undefined) last.transport.open = false
    else if (deed === 'withhold' || deed === 'release')
      stage.stream.withhold({ audio: false, video: deed === 'withhold' })
    else if (deed === 'republish') {
      publication.end()
      publication = stage.publish()!
    } else if (deed === 'read' && last !== undefined) {
      last.transport.open = true
      last.viewer.handleDrain()
    }
  }
  for (const [index, deed] of deeds.entries()) {
    const place = index % GOP
    const frame = stage.frame(video, index * STEP * MS, place === 0, 60_000)
    const isLeading = place > 0 && place <= LEADING
    // The keyframe is shown behind those three.
    const shown = place === 0 ? LEADING + 1 : isLeading ? 0 : 1
    publication.push({ ...frame, pts: frame.dts + shown * STEP * MS })
    stage.clock.advance(STEP * MS)
    act(deed)
  }
  return viewers.map(({ transport }) => transport.lines.filter((line) => /^(key|video)/.test(line)))
}

const deeds = fc.array(
  fc.oneof(
    { weight: 20, arbitrary: fc.constant('none' as const) },
    fc.constantFrom<Deed>('join', 'pause', 'go on', 'stop reading', 'read', 'withhold', 'release', 'republish'),
  ),
  { minLength: 150, maxLength: 250 },
)

test('a viewer is sent a picture that is shown before its keyframe only if it was sent the pictures before that', () => {
  let joined = 0
  let leading = 0
  const holds = (all: readonly Deed[]): void => {
    for (const lines of play(all)) {
      joined++
      const times = lines.map((line) => Number(line.split(' ')[1]))
      for (const [index, line] of lines.entries()) {
        if (!line.startsWith('key') || times[index + 1] !== times[index]! + STEP) continue
        leading++
        expect(times[index - 1]).toBe(times[index]! - STEP)
      }
    }
  }
  fc.assert(fc.property(deeds, holds), { numRuns: 60, seed: 5 })
  expect(joined).toBeGreaterThan(60)
  expect(leading).toBeGreaterThan(100)
})
