import { isAudioFrame, type AudioFrame, type MediaFrame } from '@crossroom/media'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { orderFor, RECIPES } from './catalog.js'
import type { CodecProcess } from './codec-process.js'
import { aacFrames, convertAll, decodeAac, onset, readyProcess, rms, toneShare } from './codec-process.fake.js'

let codecs: CodecProcess

beforeAll(async () => {
  codecs = await readyProcess('node-av', 'audio')
})

afterAll(() => {
  codecs.close()
})

async function convert(
  frames: readonly AudioFrame[],
  to: 'opus' | 'aac',
  by: CodecProcess = codecs,
): Promise<AudioFrame[]> {
  const recipe = RECIPES.find((entry) => entry.lane === 'audio' && entry.to === to)!
  const end = frames.at(-1)!.pts - 60_000
  const enough = (out: readonly MediaFrame[]) => (out.at(-1)?.pts ?? -1) > end
  return (await convertAll(by, orderFor(recipe, {}, frames[0]!.config), frames, enough)).filter(isAudioFrame)
}

const LATE_TONE = "aevalsrc='if(gte(t,1),0.4*sin(2*PI*1000*t),0)':s=48000"

test.each([1, 2])('AAC of %i channels made Opus and AAC again is the same tone at the same time', async (channels) => {
  const source = aacFrames(LATE_TONE, 48000, channels, 3)
  const out = await convert(await convert(source, 'opus'), 'aac')
  expect(out[0]!.config).toMatchObject({ codec: 'aac', sampleRate: 48000, channels, codecString: 'mp4a.40.2' })
  const steps = out.slice(1).map((frame, index) => frame.pts - out[index]!.pts)
  expect(steps.every((step) => Math.abs(step - 21_333) <= 1)).toBe(true)
  const [before, after] = [decodeAac(source), decodeAac(out)]
  expect(toneShare(after.subarray(72_000, 120_000), 1000)).toBeGreaterThan(0.97)
  expect(rms(after.subarray(72_000, 120_000)) / rms(before.subarray(72_000, 120_000))).toBeCloseTo(1, 1)
  expect(Math.abs(onset(after) / 48 + out[0]!.pts / 1000 - onset(before) / 48)).toBeLessThan(1.5)
})

test('lost Opus packets leave no click and no shift', async () => {
  const opus = await convert(aacFrames('sine=frequency=1000:sample_rate=48000', 48000, 1, 2), 'opus')
  const out = await convert(
    opus.filter((_, index) => index % 20 !== 7),
    'aac',
  )
  const steps = out.slice(1).map((frame, index) => frame.pts - out[index]!.pts)
  expect(steps.every((step) => Math.abs(step - 21_333) <= 1)).toBe(true)
  const samples = decodeAac(out).subarray(9600, -9600)
  let step = 0
  for (let index = 1; index < samples.length; index++)
    step = Math.max(step, Math.abs(samples[index]! - samples[index - 1]!))
  // The tone's own largest step is 2 pi 1000 / 48000 of its amplitude.
  expect(step).toBeLessThan(0.5 * Math.SQRT2 * rms(samples))
  expect(toneShare(samples, 1000)).toBeGreaterThan(0.85)
})

/** A second of tone, then silence as browsers send it with DTX, a packet every 400 ms, and the tone again. */
test.each(['node-av', 'ffmpeg'])('the silence of DTX makes no hole and no shift in AAC (%s)', async (engine) => {
  const tone = "aevalsrc='if(between(t,1,3),0,0.4*sin(2*PI*1000*t))':s=48000"
  const opus = await convert(aacFrames(tone, 48000, 1, 4), 'opus')
  const isSent = ({ pts }: AudioFrame, index: number) => pts < 1_100_000 || pts > 2_900_000 || index % 20 === 0
  const sent = opus.filter(isSent)
  expect(Math.max(...sent.slice(1).map((frame, index) => frame.pts - sent[index]!.pts))).toBe(400_000)
  const process = engine === 'node-av' ? codecs : await readyProcess(engine, 'audio')
  const out = await convert(sent, 'aac', process)
  if (process !== codecs) process.close()
  const steps = out.slice(1).map((frame, index) => frame.pts - out[index]!.pts)
  expect(steps.every((step) => Math.abs(step - 21_333) <= 1)).toBe(true)
  const samples = decodeAac(out)
  const at = (seconds: number) => Math.round((seconds - out[0]!.pts / 1e6) * 48_000)
  expect(rms(samples.subarray(at(1.5), at(2.5)))).toBeLessThan(0.01)
  expect(toneShare(samples.subarray(at(3.2), at(3.8)), 1000)).toBeGreaterThan(0.95)
  expect(Math.abs(onset(samples.subarray(at(2.5))) / 48 + 2500 - 3000)).toBeLessThan(25)
})
