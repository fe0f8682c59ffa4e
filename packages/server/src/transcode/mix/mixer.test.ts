import type { MediaFrame } from '@crossroom/media'
import { VirtualClock } from '@crossroom/testkit'
import { expect, test } from 'vitest'
import { gopCacheLimits, mixLimits } from '../../config/limits.js'
import { StreamHub } from '../../hub/stream-hub.js'
import { StreamKey } from '../../hub/stream-key.js'
import type { Publication, Stream } from '../../hub/index.js'
import { silentLog } from '../../observe/log.js'
import { echoEngine, FakeChildren, rawCodecs, rawConfig, rawSamples, rawSound } from '../codecs.fake.js'
import { toneShareByWindows } from '../tones.fake.js'
import { Transcoder } from '../transcoder.js'
import type { Engine } from '../worker/converter.js'
import { Mixer } from './mixer.js'

const keyOf = (name: string): StreamKey => StreamKey.room(name)

const SECOND = 1_000_000
const MILLISECOND = 1000
const RATE = 48_000
const BLOCK = 960
const LIMITS = {
  gopCache: gopCacheLimits,
  graceMicros: 15 * SECOND,
  silentMicros: 10 * SECOND,
  headerWaitMicros: 500_000,
  trackSilentMicros: 5_000_000,
}

/** Somebody who hums a note into a stream of the hub. */
class Voice {
  readonly hz: number
  readonly publication: Publication
  #sample = 0

  constructor(stream: Stream, hz: number) {
    this.hz = hz
    this.publication = stream.publish({
      id: stream.key.name,
      protocol: 'whip',
      remoteAddress: '',
      onClose: () => undefined,
    })!
  }

  say(): void {
    const samples = Float32Array.from({ length: BLOCK }, () => {
      return 0.2 * Math.sin((2 * Math.PI * this.hz * this.#sample++) / RATE)
    })
    this.publication.push(rawSound(Math.round(((this.#sample - BLOCK) * 1e6) / RATE), samples, rawConfig))
  }
}

function rig(engine?: Engine | null) {
  const clock = new VirtualClock()
  const children = new FakeChildren(clock, engine)
  const transcoder = new Transcoder({ clock, log: silentLog, spawn: children.spawn, spare: false })
  const hub = new StreamHub(clock, LIMITS)
  const mixer = new Mixer({ hub, process: transcoder.process('audio'), clock, log: silentLog })
  transcoder.start()
  clock.advance(SECOND)
  const voices: Voice[] = []
  const speak = (key: string, hz: number): Voice => {
    const voice = new Voice(hub.open(keyOf(key)), hz)
    voices.push(voice)
    return voice
  }
  /** Lets time pass while everybody speaks. */
  const pass = (micros: number) => {
    for (let passed = 0; passed < micros; passed += 20 * MILLISECOND) {
      for (const voice of voices) voice.say()
      clock.advance(20 * MILLISECOND)
    }
  }
  return { clock, children, transcoder, hub, mixer, speak, pass, voices }
}

/** Plays a key as an endpoint does: asks the hub, then subscribes. */
function listen(hub: StreamHub, key: string) {
  const frames: MediaFrame[] = []
  let hasEnded = false
  let leave: () => void = () => undefined
  hub.find(keyOf(key), 5 * SECOND, (stream) => {
    const sink = {
      handleFrame: (frame: MediaFrame) => void frames.push(frame),
      handleEnd: () => void (hasEnded = true),
    }
    leave = stream?.subscribe(sink, 'live') ?? leave
  })
  const take = (): Float32Array => {
    const taken = frames.splice(0)
    const out = new Float32Array(taken.length * 1024)
    for (const [index, frame] of taken.entries()) out.set(rawSamples(frame), index * 1024)
    return out
  }
  return { frames, take, leave: () => leave(), hasEnded: () => hasEnded }
}

test('two members of three each hear the two others, out of sources that are decoded once', () => {
  const { mixer, hub, speak, pass } = rig()
  const pitches = { a: 440, b: 1000, c: 2200 }
  for (const [key, hz] of Object.entries(pitches)) speak(key, hz)
  mixer.open({ roomId: 'r', key: keyOf('mix-a'), sources: [keyOf('b'), keyOf('c')] })
  mixer.open({ roomId: 'r', key: keyOf('mix-b'), sources: [keyOf('a'), keyOf('c')] })
  const ears = { a: listen(hub, 'mix-a'), b: listen(hub, 'mix-b') }
  pass(SECOND)
  ears.a.take()
  ears.b.take()
  pass(SECOND)
  const heard = { a: ears.a.take(), b: ears.b.take() }
  expect(toneShareByWindows(heard.a, pitches.a)).toBeLessThan(1e-3)
  expect(toneShareByWindows(heard.a, pitches.b)).toBeCloseTo(0.5, 1)
  expect(toneShareByWindows(heard.b, pitches.b)).toBeLessThan(1e-3)
  expect(toneShareByWindows(heard.b, pitches.c)).toBeCloseTo(0.5, 1)
  expect(mixer.status).toEqual({ announced: 2, played: 2, sources: 3 })
})

test('a mix costs nothing until it is played and some seconds after its last listener', () => {
  const { mixer, hub, speak, pass, transcoder } = rig()
  speak('b', 440)
  mixer.open({ roomId: 'r', key: keyOf('mix'), sources: [keyOf('b')] })
  pass(SECOND)
  expect(transcoder.process('audio').conversions).toBe(0)
  const ear = listen(hub, 'mix')
  pass(SECOND)
  // The room, its source and its mix.
  expect(transcoder.process('audio').conversions).toBe(3)
  ear.leave()
  pass(3 * SECOND)
  expect(mixer.status.played).toBe(1)
  pass(5 * SECOND)
  expect(transcoder.process('audio').conversions).toBe(0)
  expect(hub.get(keyOf('mix'))).toBeUndefined()
  const again = listen(hub, 'mix')
  pass(SECOND)
  expect(again.frames.length).toBeGreaterThan(40)
})

test('frames follow each other by one frame, received at the time of the server', () => {
  const { mixer, hub, speak, pass, clock } = rig()
  speak('b', 440)
  mixer.open({ roomId: 'r', key: keyOf('mix'), sources: [keyOf('b')] })
  const ear = listen(hub, 'mix')
  pass(2 * SECOND)
  const steps = ear.frames.slice(1).map((frame, index) => frame.pts - ear.frames[index]!.pts)
  expect(ear.frames.length).toBeGreaterThan(90)
  expect(steps.every((step) => Math.abs(step - 21_333) <= 1)).toBe(true)
  expect(clock.now() - ear.frames.at(-1)!.receivedAt).toBeLessThan(25 * MILLISECOND)
})

test('a source that is not there yet, goes and comes back is silence in the meantime', () => {
  const { mixer, hub, speak, pass, voices } = rig()
  mixer.open({ roomId: 'r', key: keyOf('mix'), sources: [keyOf('late')] })
  const ear = listen(hub, 'mix')
  pass(SECOND)
  expect(ear.take().every((sample) => sample === 0)).toBe(true)
  const voice = speak('late', 440)
  pass(SECOND)
  expect(toneShareByWindows(ear.take().subarray(24_000), 440)).toBeGreaterThan(0.9)
  voice.publication.end()
  voices.splice(0)
  hub.get(keyOf('late'))?.end('ended')
  pass(SECOND)
  ear.take()
  pass(SECOND)
  expect(ear.take().every((sample) => sample === 0)).toBe(true)
  speak('late', 700)
  pass(SECOND)
  expect(toneShareByWindows(ear.take().subarray(24_000), 700)).toBeGreaterThan(0.9)
})

test('an update changes whose voices are heard, without a break', () => {
  const { mixer, hub, speak, pass } = rig()
  speak('b', 440)
  speak('c', 2200)
  const mix = mixer.open({ roomId: 'r', key: keyOf('mix'), sources: [keyOf('b')] })!
  const ear = listen(hub, 'mix')
  pass(SECOND)
  mix.update([keyOf('c')])
  pass(SECOND)
  const { frames } = ear
  expect(frames.slice(1).every((frame, index) => Math.abs(frame.pts - frames[index]!.pts - 21_333) <= 1)).toBe(true)
  expect(toneShareByWindows(ear.take().subarray(-24_000), 2200)).toBeGreaterThan(0.9)
  expect(mixer.status.sources).toBe(1)
})

test('a mix goes on after its codec process was lost', () => {
  const { mixer, hub, speak, pass, children } = rig()
  speak('b', 440)
  const mix = mixer.open({ roomId: 'r', key: keyOf('mix'), sources: [] })!
  const ear = listen(hub, 'mix')
  mix.update([keyOf('b')])
  pass(SECOND)
  for (const child of [...children.alive]) child.kill()
  pass(2 * SECOND)
  ear.take()
  pass(SECOND)
  expect(toneShareByWindows(ear.take(), 440)).toBeGreaterThan(0.9)
  expect(ear.hasEnded()).toBe(false)
})

test('closing ends it for its listeners and leaks nothing', () => {
  const { mixer, hub, speak, pass, transcoder } = rig()
  speak('b', 440)
  const mix = mixer.open({ roomId: 'r', key: keyOf('mix'), sources: [keyOf('b')] })!
  const ear = listen(hub, 'mix')
  pass(SECOND)
  mix.close()
  mix.close()
  expect(ear.hasEnded()).toBe(true)
  expect(mixer.status).toEqual({ announced: 0, played: 0, sources: 0 })
  expect(transcoder.process('audio').conversions).toBe(0)
})

test('a mix is refused without codecs, under a key that is taken, and beyond the limit', () => {
  const without = rig(null)
  expect(without.mixer.open({ roomId: 'r', key: keyOf('mix'), sources: [] })).toBeUndefined()
  const { mixer } = rig()
  for (let index = 0; index < mixLimits.mixes; index++) {
    expect(mixer.open({ roomId: 'r', key: keyOf(`mix-${String(index)}`), sources: [] })).toBeDefined()
  }
  expect(mixer.open({ roomId: 'r', key: keyOf('mix'), sources: [] })).toBeUndefined()
  const other = rig().mixer
  other.open({ roomId: 'r', key: keyOf('mix'), sources: [] })
  expect(other.open({ roomId: 'r', key: keyOf('mix'), sources: [] })).toBeUndefined()
})

test('a source whose decoder fails is tried again, and the mix goes on', () => {
  let failures = 2
  const engine: Engine = {
    ...echoEngine,
    audioCodecs: () => ({
      ...rawCodecs,
      createDecoder: (...args) => {
        if (failures-- > 0) throw new Error('no such codec')
        return rawCodecs.createDecoder(...args)
      },
    }),
  }
  const { mixer, hub, speak, pass } = rig(engine)
  speak('b', 440)
  mixer.open({ roomId: 'r', key: keyOf('mix'), sources: [keyOf('b')] })
  const ear = listen(hub, 'mix')
  pass(SECOND)
  expect(ear.take().every((sample) => sample === 0)).toBe(true)
  pass(3 * SECOND)
  expect(toneShareByWindows(ear.take().subarray(-24_000), 440)).toBeGreaterThan(0.9)
})

test('the end of the hub ends every mix, and nothing goes on trying', () => {
  const { mixer, hub, speak, pass, voices, clock } = rig()
  speak('b', 440)
  mixer.open({ roomId: 'r', key: keyOf('mix'), sources: [keyOf('b'), keyOf('never')] })
  const ear = listen(hub, 'mix')
  pass(SECOND)
  voices.splice(0)
  hub.close('shutdown')
  expect(ear.hasEnded()).toBe(true)
  expect(mixer.status).toEqual({ announced: 1, played: 0, sources: 0 })
  clock.advance(60 * SECOND)
})
