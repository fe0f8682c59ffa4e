import type { MediaFrame } from '@crossroom/media'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { systemClock } from '../net/clock.js'
import { silentLog } from '../observe/log.js'
import { orderFor, RECIPES } from './catalog.js'
import type { CodecProcess } from './codec-process.js'
import { LevelMeter } from './level-meter.js'
import { aacFrames, convertAll, readyProcess, until } from './codec-process.fake.js'

const SECOND = 1_000_000

let codecs: CodecProcess

beforeAll(async () => {
  codecs = await readyProcess('node-av', 'audio')
})

afterAll(() => codecs.close())

/** The levels that are told of two seconds of sound, once its decoder is there. */
async function levelsOf(frames: readonly MediaFrame[]): Promise<number[]> {
  let levels: number[] = []
  const sound = new LevelMeter({ process: codecs, clock: systemClock, log: silentLog }).open((level) =>
    levels.push(level),
  )
  let receivedAt = -1000 * SECOND
  const look = () => {
    receivedAt += SECOND
    for (const frame of frames.slice(0, 2)) sound!.measure({ ...frame, receivedAt })
  }
  await until(() => (look(), levels.length > 0), 'the decoder')
  levels = []
  for (const frame of frames) sound!.measure(frame)
  await until(() => levels.length >= 14, 'the levels')
  expect(levels.length).toBeLessThan(frames.length / 4)
  expect(codecs.conversions).toBe(0)
  sound!.close()
  // Before the first there is an encoder's silence.
  return levels.slice(1)
}

const tone = (amplitude: number, channels = 1) =>
  aacFrames(`aevalsrc='${String(amplitude)}*sin(2*PI*440*t)':s=48000`, 48_000, channels, 2)

test.each([
  { amplitude: 0.9, dbov: 4 },
  { amplitude: 0.1, dbov: 23 },
  { amplitude: 0.01, dbov: 43 },
])('a tone in AAC of amplitude $amplitude is $dbov dB below full scale', async ({ amplitude, dbov }) => {
  for (const level of await levelsOf(tone(amplitude))) expect(Math.abs(level - dbov)).toBeLessThanOrEqual(2)
})

test('silence is 127, and of Opus as well as of AAC', async () => {
  const silence = aacFrames('anullsrc=r=48000:cl=mono', 48_000, 1, 2)
  for (const level of await levelsOf(silence)) expect(level).toBe(127)
  const recipe = RECIPES.find(({ name }) => name === 'audio-to-opus')!
  const toOpus = (frames: readonly MediaFrame[]) =>
    convertAll(codecs, orderFor(recipe, {}, frames[0]!.config), frames, (out) => out.length >= 95)
  // Received when it is heard, as at the door.
  const received = (frames: readonly MediaFrame[]) => frames.map((frame) => ({ ...frame, receivedAt: frame.pts }))
  for (const level of await levelsOf(received(await toOpus(tone(0.1))))) expect(Math.abs(level - 23)).toBeLessThan(4)
})
