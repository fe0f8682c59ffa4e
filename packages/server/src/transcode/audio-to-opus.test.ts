import type { AudioFrame, MediaFrame } from '@crossroom/media'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { orderFor, RECIPES } from './catalog.js'
import type { CodecProcess } from './codec-process.js'
import {
  aacFrames,
  convertAll,
  decodeAac,
  decodeOpus,
  onset,
  readyProcess,
  rms,
  toneShare,
} from './codec-process.fake.js'

const TO_OPUS = RECIPES.find((recipe) => recipe.name === 'audio-to-opus')!

let codecs: CodecProcess

beforeAll(async () => {
  codecs = await readyProcess('node-av', 'audio')
})

afterAll(() => {
  codecs.close()
})

function convert(frames: readonly AudioFrame[]): Promise<MediaFrame[]> {
  const end = frames.at(-1)!.pts
  const order = orderFor(TO_OPUS, {}, frames[0]!.config)
  return convertAll(codecs, order, frames, (out) => (out.at(-1)?.pts ?? -1) > end - 30_000)
}

test.each([
  { rate: 48000, channels: 2 },
  { rate: 44100, channels: 2 },
  { rate: 44100, channels: 1 },
  { rate: 32000, channels: 1 },
  { rate: 16000, channels: 1 },
  { rate: 8000, channels: 1 },
])(
  'AAC of $rate Hz and $channels channels becomes Opus with the same tone at the same time',
  async ({ rate, channels }) => {
    const frames = aacFrames(`aevalsrc='if(gte(t,0.5),0.4*sin(2*PI*1000*t),0)':s=${String(rate)}`, rate, channels, 2)
    const out = await convert(frames)
    expect(out[0]!.config).toMatchObject({ codec: 'opus', sampleRate: 48000, channels, samplesPerFrame: 960 })
    for (const [index, frame] of out.entries()) expect(frame.pts - out[0]!.pts).toBe(index * 20_000)
    const opus = decodeOpus(out)
    const loud = opus.subarray(48_000, 72_000)
    expect(toneShare(loud, 1000)).toBeGreaterThan(0.97)
    const reference = decodeAac(frames)
    expect(rms(loud) / rms(reference.subarray(48_000, 72_000))).toBeCloseTo(1, 1)
    const onsetIn = onset(reference) / 48
    const onsetOut = onset(opus) / 48 + out[0]!.pts / 1000
    expect(Math.abs(onsetOut - onsetIn)).toBeLessThan(1.5)
  },
)

const TONE_LATE = "aevalsrc='if(gte(t,18),0.4*sin(2*PI*1000*t),0)':s=48000"

test.each([500, -500])('a source whose clock is off by %i ppm is followed, and the tone stays pure', async (ppm) => {
  const frames = aacFrames(TONE_LATE, 48000, 1, 20)
  const onsetMs = (onset(decodeAac(frames)) / 48) * (1 + ppm / 1e6)
  const stamped = frames.map((frame) => ({ ...frame, pts: Math.round(frame.pts * (1 + ppm / 1e6)) }))
  const out = await convert(stamped)
  const opus = decodeOpus(out)
  expect(Math.abs(onset(opus) / 48 + out[0]!.pts / 1000 - onsetMs)).toBeLessThan(2)
  for (let end = -2400; end > -48_000; end -= 4800) {
    expect(toneShare(opus.subarray(end - 2400, end), 1000)).toBeGreaterThan(0.98)
  }
})

test('lost and broken frames become silence of their length, what follows keeps its time', async () => {
  const frames = aacFrames("aevalsrc='if(gte(t,1.5),0.4*sin(2*PI*1000*t),0)':s=48000", 48000, 2, 2)
  const wanted = onset(decodeAac(frames)) / 48
  const broken = frames
    .filter((_, index) => index < 20 || index > 22)
    .map((frame, index) => (index === 40 ? { ...frame, units: [new Uint8Array(50).fill(0xff)] } : frame))
  const out = await convert(broken)
  for (const [index, frame] of out.entries()) expect(frame.pts - out[0]!.pts).toBe(index * 20_000)
  expect(Math.abs(onset(decodeOpus(out)) / 48 + out[0]!.pts / 1000 - wanted)).toBeLessThan(1.5)
})

test('a pause of a second is not filled: sound goes on with its own time', async () => {
  const frames = aacFrames('sine=frequency=1000:sample_rate=48000', 48000, 2, 2)
  const later = frames.slice(40).map((frame) => ({ ...frame, pts: frame.pts + 1_000_000 }))
  const out = await convert([...frames.slice(0, 40), ...later])
  const steps = out.slice(1).map((frame, index) => frame.pts - out[index]!.pts)
  expect(steps.filter((step) => step !== 20_000)).toHaveLength(1)
  expect(Math.max(...steps)).toBeGreaterThan(1_000_000 - 20_000)
})
