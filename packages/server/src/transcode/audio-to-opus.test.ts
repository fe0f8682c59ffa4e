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
} from './real-codecs.cases.js'

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
