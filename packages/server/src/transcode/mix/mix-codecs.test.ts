import { isAudioFrame, type AudioFrame, type MediaFrame } from '@crossroom/media'
import { VirtualClock } from '@crossroom/testkit'
import { beforeAll, expect, test } from 'vitest'
import { gopCacheLimits } from '../../config/limits.js'
import type { Clock } from '../../hub/clock.js'
import { StreamHub } from '../../hub/stream-hub.js'
import { StreamKey } from '../../hub/stream-key.js'
import { systemClock } from '../../net/clock.js'
import { silentLog } from '../../observe/log.js'
import { orderFor, RECIPES } from '../catalog.js'
import { FakeChildren } from '../codecs.fake.js'
import { aacFrames, onset, until } from '../codec-process.fake.js'
import { toneShareByWindows } from '../tones.fake.js'
import { Transcoder } from '../transcoder.js'
import type { Engine } from '../worker/converter.js'
import { FfmpegEngine } from '../worker/ffmpeg/engine.js'
import { NodeAvEngine } from '../worker/node-av/engine.js'
import { Mixer } from './mixer.js'

const SECOND = 1_000_000
const MILLISECOND = 1000
const PITCHES = { a: 440, b: 1000, c: 2500 }
const LIMITS = {
  gopCache: gopCacheLimits,
  graceMicros: 15 * SECOND,
  silentMicros: 10 * SECOND,
  headerWaitMicros: 500_000,
  trackSilentMicros: 5_000_000,
}
const SECONDS = 2
const keyOf = (name: string): StreamKey => StreamKey.room(name)
const NAMES = ['a', 'b', 'c'] as const
type Name = (typeof NAMES)[number]
/** How long programs that start on a busy machine are waited for. */
const PATIENCE_SECONDS = 60

let nodeAv: NodeAvEngine

beforeAll(async () => {
  nodeAv = await NodeAvEngine.load()
})

function hum(hz: number, rate = 48_000, channels = 1): AudioFrame[] {
  const volume = 'volume=0.3'
  return aacFrames(`sine=frequency=${String(hz)}:sample_rate=${String(rate)},${volume}`, rate, channels, SECONDS)
}

function opusOf(frames: readonly AudioFrame[]): AudioFrame[] {
  const recipe = RECIPES.find(({ name }) => name === 'audio-to-opus')!
  const out: MediaFrame[] = []
  const converter = nodeAv.createConverter(orderFor(recipe, {}, frames[0]!.config), (frame) => out.push(frame))
  for (const frame of frames) converter.handleFrame(frame, false)
  converter.close()
  return out.filter(isAudioFrame).filter(({ pts }) => pts >= 0)
}

/** AAC of two rates and Opus. */
const sounds = (): Record<Name, AudioFrame[]> => ({
  a: hum(PITCHES.a, 16_000),
  b: opusOf(hum(PITCHES.b)),
  c: hum(PITCHES.c, 44_100, 2),
})

/** A room of three who hear each other, with the real codecs in this process, so that nothing waits but for `clock`. */
function stage(clock: Clock, engine: Engine) {
  const children = new FakeChildren(clock, engine)
  const transcoder = new Transcoder({ clock, log: silentLog, spawn: children.spawn, spare: false })
  transcoder.start()
  const hub = new StreamHub(clock, LIMITS)
  const mixer = new Mixer({ hub, process: transcoder.process('audio'), clock, log: silentLog })
  const heard: Record<Name, { readonly frame: AudioFrame; readonly at: number }[]> = { a: [], b: [], c: [] }
  for (const name of NAMES) {
    mixer.open({ roomId: 'r', key: keyOf(`mix-${name}`), sources: NAMES.filter((other) => other !== name).map(keyOf) })
    const handleFrame = (frame: MediaFrame): void =>
      void (isAudioFrame(frame) && heard[name].push({ frame, at: clock.now() }))
    hub.find(keyOf(`mix-${name}`), 0, (stream) =>
      stream!.subscribe({ handleFrame, handleEnd: () => undefined }, 'live'),
    )
  }
  let isOver = false
  /** Pushes frames at the time their stamps say, again and again; the answer is when each was pushed. */
  const speak = (name: Name, frames: readonly AudioFrame[], delay = 0): number[] => {
    const info = { id: name, protocol: 'rtmp', remoteAddress: '', onClose: () => undefined }
    const publication = hub.open(keyOf(name)).publish(info)!
    const start = clock.now() + delay
    const length = frames.at(-1)!.pts + 20_000
    const sentAt: number[] = []
    const next = (): void => {
      if (isOver) return
      const frame = frames[sentAt.length % frames.length]!
      const pts = frame.pts + Math.floor(sentAt.length / frames.length) * length
      const now = clock.now()
      if (start + pts <= now) {
        publication.push({ ...frame, pts, dts: pts, receivedAt: now })
        sentAt.push(now)
      }
      clock.after(Math.max(0, start + pts - now), next)
    }
    next()
    return sentAt
  }
  const end = (): void => {
    isOver = true
    hub.close('shutdown')
    transcoder.close()
  }
  return { heard, speak, end }
}

/** Samples of frames that follow each other; decoded here and not by a program, which would hold up those who speak. */
function decode(frames: readonly AudioFrame[]): Float32Array {
  const out = new Float32Array(frames.length * 1024)
  let length = 0
  const decoder = nodeAv.audioCodecs().createDecoder(frames[0]!.config, 1, (_pts, [plane], count) => {
    out.set(plane!.subarray(0, count), length)
    length += count
  })
  for (const frame of frames) decoder.decode(frame)
  decoder.close()
  return out
}

/** How much of each pitch the last second of a mix has. */
function sharesIn(frames: readonly AudioFrame[]): Record<Name, number> {
  const samples = frames.length < 50 ? new Float32Array(48_000) : decode(frames.slice(-50)).subarray(2048)
  return {
    a: toneShareByWindows(samples, PITCHES.a),
    b: toneShareByWindows(samples, PITCHES.b),
    c: toneShareByWindows(samples, PITCHES.c),
  }
}

/** Whose voices are clearly in a mix. */
function heardIn(frames: readonly AudioFrame[]): Name[] {
  const shares = sharesIn(frames)
  return NAMES.filter((name) => shares[name] > 0.2)
}

const MIX_CONFIG = { codec: 'aac', sampleRate: 48_000, channels: 1, codecString: 'mp4a.40.2' }

test('node-av: the pitches of the others are in a mix of AAC and Opus, the own is not', () => {
  const clock = new VirtualClock()
  const { heard, speak, end } = stage(clock, nodeAv)
  for (const [name, frames] of Object.entries(sounds())) speak(name as Name, frames)
  clock.advance(4 * SECOND)
  end()
  for (const name of NAMES) {
    const frames = heard[name].map(({ frame }) => frame)
    expect(frames[0]?.config).toMatchObject(MIX_CONFIG)
    const steps = frames.slice(1).map((frame, index) => frame.pts - frames[index]!.pts)
    expect(steps.every((step) => Math.abs(step - 21_333) <= 1)).toBe(true)
    expect(heardIn(frames)).toEqual(NAMES.filter((other) => other !== name))
    expect(sharesIn(frames)[name]).toBeLessThan(0.001)
  }
})

test(
  'ffmpeg: the same through its programs, as soon as all of them run',
  async () => {
    const { heard, speak, end } = stage(systemClock, FfmpegEngine.load())
    for (const [name, frames] of Object.entries(sounds())) speak(name as Name, frames)
    const framesOf = (name: Name): AudioFrame[] => heard[name].map(({ frame }) => frame)
    // Each by itself: on a busy machine one may have a gap while another has none.
    const whole = new Set<Name>()
    const look = (name: Name): boolean => {
      const frames = framesOf(name)
      if (frames.length % 10 === 0 && heardIn(frames).length === NAMES.length - 1) whole.add(name)
      return whole.has(name)
    }
    await until(() => NAMES.filter(look).length === NAMES.length, 'everybody to hear both others', PATIENCE_SECONDS)
    end()
    for (const name of NAMES) {
      expect(framesOf(name)[0]?.config).toMatchObject(MIX_CONFIG)
      expect(sharesIn(framesOf(name))[name]).toBeLessThan(0.001)
    }
  },
  2 * PATIENCE_SECONDS * MILLISECOND,
)

test.each([0, 4, 8, 12, 16, 20])(
  'node-av: a burst is heard 60 ms after its frame came, %i ms into the beat',
  (offset) => {
    const clock = new VirtualClock()
    const { heard, speak, end } = stage(clock, nodeAv)
    // Tone for two seconds, by which the beat finds its place, silence, and tone again at 5 s.
    const frames = aacFrames("aevalsrc='0.3*sin(2*PI*1000*t)*(lt(t,2)+gte(t,5))':s=48000", 48_000, 1, 6)
    clock.advance(SECOND)
    const sentAt = speak('a', frames, offset * MILLISECOND)
    clock.advance(6 * SECOND)
    end()
    const source = decode(frames)
    const begin = Math.floor((4 * 48_000 + onset(source.subarray(4 * 48_000))) / 1024)
    const mixed = heard.b.filter(({ at }) => at > sentAt[begin]! - 500 * MILLISECOND)
    const heardAt = mixed[Math.floor(onset(decode(mixed.map(({ frame }) => frame))) / 1024)]!.at
    expect((heardAt - sentAt[begin]!) / MILLISECOND).toBeLessThan(60)
  },
)
