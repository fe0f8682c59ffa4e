import { isAudioFrame, type AudioFrame, type MediaFrame } from '@crossroom/media'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { gopCacheLimits } from '../../config/limits.js'
import { StreamHub } from '../../hub/stream-hub.js'
import type { Publication } from '../../hub/stream.js'
import { systemClock } from '../../net/clock.js'
import { silentLog } from '../../observe/log.js'
import { orderFor, RECIPES } from '../catalog.js'
import type { CodecProcess } from '../codec-process.js'
import { aacFrames, convertAll, decodeAac, readyProcess } from '../real-codecs.cases.js'
import { toneShareByWindows } from '../tones.cases.js'
import { Mixer } from './mixer.js'

const SECOND = 1_000_000
const PITCHES = { a: 440, b: 1000, c: 2500 }
const LIMITS = {
  gopCache: gopCacheLimits,
  graceMicros: 15 * SECOND,
  silentMicros: 10 * SECOND,
  headerWaitMicros: 500_000,
}
const SECONDS = 2
const NAMES = ['a', 'b', 'c'] as const
type Name = (typeof NAMES)[number]
const LOOKS = 10

let codecs: CodecProcess
let program: CodecProcess

beforeAll(async () => {
  codecs = await readyProcess('node-av', 'audio')
  program = await readyProcess('ffmpeg', 'audio')
})

afterAll(() => {
  codecs.close()
  program.close()
})

function hum(hz: number, rate = 48_000, channels = 1): AudioFrame[] {
  const volume = 'volume=0.3'
  return aacFrames(`sine=frequency=${String(hz)}:sample_rate=${String(rate)},${volume}`, rate, channels, SECONDS)
}

async function opusOf(frames: readonly AudioFrame[]): Promise<AudioFrame[]> {
  const recipe = RECIPES.find(({ name }) => name === 'audio-to-opus')!
  const end = frames.at(-1)!.pts - 60_000
  const enough = (out: readonly MediaFrame[]) => (out.at(-1)?.pts ?? -1) > end
  return (await convertAll(codecs, orderFor(recipe, {}, frames[0]!.config), frames, enough)).filter(isAudioFrame)
}

/** Pushes frames at the time their stamps say, again and again; the answer ends that. */
function speak(publication: Publication, frames: readonly AudioFrame[]): () => void {
  const start = systemClock.now()
  const length = frames.at(-1)!.pts + 20_000
  let [index, round, cancel] = [0, 0, () => undefined as void]
  const next = (): void => {
    const frame = frames[index]!
    const pts = frame.pts + round * length
    publication.push({ ...frame, pts, dts: pts })
    index = (index + 1) % frames.length
    if (index === 0) round++
    cancel = systemClock.after(Math.max(0, start + frames[index]!.pts + round * length - systemClock.now()), next)
  }
  next()
  return () => cancel()
}

/** How much of each pitch the last second of a mix has. */
function sharesIn(frames: readonly AudioFrame[]): Record<Name, number> {
  const samples = frames.length < 50 ? new Float32Array(48_000) : decodeAac(frames.slice(-50)).subarray(2048)
  return {
    a: toneShareByWindows(samples, PITCHES.a),
    b: toneShareByWindows(samples, PITCHES.b),
    c: toneShareByWindows(samples, PITCHES.c),
  }
}

// A busy machine starts programs late, makes gaps, and may even take the codecs for hung: it is looked again until all is well.
test.each(['node-av', 'ffmpeg'])(
  '%s: the pitches of the others are in a mix of AAC and Opus, the own is not',
  { retry: 2 },
  async (engine) => {
    const sounds = { a: hum(PITCHES.a, 16_000), b: await opusOf(hum(PITCHES.b)), c: hum(PITCHES.c, 44_100, 2) }
    const hub = new StreamHub(systemClock, LIMITS)
    const process = engine === 'ffmpeg' ? program : codecs
    const mixer = new Mixer({ hub, process, clock: systemClock, log: silentLog })
    const heard: Record<Name, AudioFrame[]> = { a: [], b: [], c: [] }
    for (const name of NAMES) {
      mixer.open({ roomId: 'r', key: `mix-${name}`, sources: NAMES.filter((other) => other !== name) })
      const handleFrame = (frame: MediaFrame): void => void (isAudioFrame(frame) && heard[name].push(frame))
      hub.find(`mix-${name}`, 0, (stream) => stream!.subscribe({ handleFrame, handleEnd: () => undefined }, 'live'))
    }
    const ends = NAMES.map((name) => {
      const info = { id: name, protocol: 'rtmp', remoteAddress: '', onClose: () => undefined }
      return speak(hub.open(name).publish(info)!, sounds[name])
    })
    const hearsOthers = (name: Name): boolean => {
      const shares = sharesIn(heard[name])
      return NAMES.every((other) => other === name || shares[other] > 0.2)
    }
    for (let look = 0; look < LOOKS; look++) {
      await new Promise((resolve) => setTimeout(resolve, 1500))
      if (NAMES.every(hearsOthers)) break
    }
    for (const end of ends) end()
    hub.close('shutdown')
    for (const name of NAMES) {
      const frames = heard[name]
      expect(frames[0]?.config).toMatchObject({
        codec: 'aac',
        sampleRate: 48_000,
        channels: 1,
        codecString: 'mp4a.40.2',
      })
      const steps = frames.slice(1).map((frame, index) => frame.pts - frames[index]!.pts)
      expect(steps.every((step) => Math.abs(step - 21_333) <= 1)).toBe(true)
      const shares = sharesIn(frames)
      expect(NAMES.filter((other) => shares[other] > 0.2)).toEqual(NAMES.filter((other) => other !== name))
      expect(shares[name]).toBeLessThan(0.001)
    }
  },
)
