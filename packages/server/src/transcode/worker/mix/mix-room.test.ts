import type { MediaFrame } from '@crossroom/media'
import { expect, test } from 'vitest'
import { rawCodecs, rawConfig, rawSamples, rawSound } from '../../codecs.fake.js'
import { rms, toneShare } from '../../tones.fake.js'
import type { AudioCodecs } from '../audio-codecs.js'
import { MIX_FRAME } from './mix-format.js'
import type { MixInput } from './mix-input.js'
import { MixRoom, type MixOutput } from './mix-room.js'

const RATE = 48_000
const TICKS_PER_SECOND = RATE / MIX_FRAME
const TICK = 1e6 / TICKS_PER_SECOND
/** Sound comes this long before each mix. */
const BEFORE = 8000

/** Somebody who hums a note, when told to. */
class Voice {
  readonly id: number
  readonly input: MixInput
  readonly hz: number
  amplitude: number
  #sample = 0

  constructor(room: MixRoom, id: number, hz: number, amplitude = 0.2) {
    this.id = id
    this.input = room.addInput(id, rawCodecs)
    this.hz = hz
    this.amplitude = amplitude
  }

  say(at: number, count = MIX_FRAME): void {
    const samples = new Float32Array(count)
    for (let index = 0; index < count; index++) {
      samples[index] = this.amplitude * Math.sin((2 * Math.PI * this.hz * this.#sample++) / RATE)
    }
    this.input.handleFrame({ ...rawSound((this.#sample * 1e6) / RATE, samples, rawConfig), receivedAt: at })
  }
}

class Ear implements MixOutput {
  inputs: ReadonlySet<number>
  readonly frames: MediaFrame[] = []
  failure: string | undefined

  constructor(room: MixRoom, inputs: Iterable<number>) {
    this.inputs = new Set(inputs)
    room.addOutput(this)
  }

  readonly emit = (frame: MediaFrame): void => void this.frames.push(frame)
  readonly fail = (reason: string): void => void (this.failure = reason)

  /** What was heard since the last time. */
  take(): Float32Array {
    const parts = this.frames.splice(0).map(rawSamples)
    const out = new Float32Array(parts.length * MIX_FRAME)
    for (const [index, part] of parts.entries()) out.set(part, index * MIX_FRAME)
    return out
  }
}

/** Codecs that count the encoders in use. */
function countingCodecs(): { codecs: AudioCodecs; readonly encoders: number; readonly made: number } {
  const counts = { encoders: 0, made: 0 }
  const codecs: AudioCodecs = {
    ...rawCodecs,
    createEncoder: (...args) => {
      counts.encoders++
      counts.made++
      const encoder = rawCodecs.createEncoder(...args)
      return { ...encoder, close: () => void counts.encoders-- }
    },
  }
  return {
    codecs,
    get encoders() {
      return counts.encoders
    },
    get made() {
      return counts.made
    },
  }
}

function stage(hz: readonly number[]) {
  const counted = countingCodecs()
  const room = new MixRoom(counted.codecs)
  const voices = hz.map((pitch, id) => new Voice(room, id, pitch))
  const all = voices.map(({ id }) => id)
  let now = 0
  /** Lets time pass; `speaking` speak all the while, one frame before each mix. */
  const pass = (seconds: number, speaking: readonly Voice[] = voices) => {
    for (let tick = 0; tick < seconds * TICKS_PER_SECOND; tick++) {
      now += TICK
      for (const voice of speaking) voice.say(now - BEFORE)
      room.tick(now)
    }
  }
  const earWithout = (own: number) =>
    new Ear(
      room,
      all.filter((id) => id !== own),
    )
  return { room, voices, all, pass, earWithout, counted }
}

/** The largest step between two samples that follow each other. */
function largestStep(samples: Float32Array): number {
  let step = 0
  for (let index = 1; index < samples.length; index++)
    step = Math.max(step, Math.abs(samples[index]! - samples[index - 1]!))
  return step
}

test('each member hears the others and never itself', () => {
  const { pass, earWithout, voices } = stage([440, 1000, 2200])
  const ears = voices.map(({ id }) => earWithout(id))
  pass(0.3)
  for (const ear of ears) ear.take()
  pass(1)
  for (const [own, ear] of ears.entries()) {
    const heard = ear.take()
    for (const { id, hz } of voices) {
      if (id === own) expect(toneShare(heard, hz)).toBeLessThan(1e-6)
      else expect(toneShare(heard, hz)).toBeCloseTo(0.5, 1)
    }
  }
})

test('mixes continue frame by frame from their first listener', () => {
  const { pass, earWithout } = stage([440, 1000])
  pass(0.2)
  const ear = earWithout(0)
  pass(0.5)
  const steps = ear.frames.slice(1).map((frame, index) => frame.pts - ear.frames[index]!.pts)
  expect(ear.frames.length).toBeGreaterThanOrEqual(23)
  expect(steps.every((step) => Math.abs(step - 21_333) <= 1)).toBe(true)
  expect(new Set(ear.frames.map(({ config }) => config)).size).toBe(1)
})

test('a room without a speaker hears silence, from one encoder for all', () => {
  const { pass, earWithout, voices, counted } = stage([440, 1000, 2200, 3000])
  const ears = voices.map(({ id }) => earWithout(id))
  pass(0.5, [])
  expect(rms(ears[0]!.take())).toBe(0)
  expect(counted.encoders).toBe(1)
})

test('there is one encoder per voice and one for all listeners, not one per listener', () => {
  const { pass, room, voices, all, earWithout, counted } = stage([440, 1000, 2200, 3000, 5000, 6000])
  for (const { id } of voices) earWithout(id)
  for (let listener = 0; listener < 20; listener++) new Ear(room, all)
  pass(1, voices.slice(0, 2))
  expect(counted.encoders).toBe(3)
  pass(2, voices.slice(0, 1))
  expect(counted.encoders).toBe(2)
})

test('no listener hears a step when voices come and go and encoders change', () => {
  const { pass, voices, earWithout } = stage([440, 300, 200])
  const ear = earWithout(0)
  const others = [earWithout(1), earWithout(2)]
  pass(0.5, voices.slice(1, 2))
  ear.take()
  for (let turn = 0; turn < 4; turn++) {
    pass(1.2, voices.slice(1, 3))
    pass(1.2, voices.slice(0, 2))
  }
  // Of sines of 300 and 200 Hz the largest steps are 0.0079 and 0.0052; concealment and fades may double one of them.
  expect(largestStep(ear.take())).toBeLessThan(0.03)
  expect(others[0]!.frames.length).toBe(others[1]!.frames.length)
})

test('sources come and go while the mix plays, without a break', () => {
  const { room, voices, pass, earWithout } = stage([440, 300, 200])
  const ear = earWithout(0)
  pass(0.5)
  ear.take()
  ear.inputs = new Set([2])
  room.handleChange()
  pass(0.1)
  ear.take()
  pass(0.5)
  const heard = ear.take()
  expect(toneShare(heard, voices[1]!.hz)).toBeLessThan(1e-4)
  expect(toneShare(heard, voices[2]!.hz)).toBeGreaterThan(0.99)
  room.removeInput(2)
  pass(0.2, voices.slice(0, 2))
  ear.take()
  pass(0.2, voices.slice(0, 2))
  expect(rms(ear.take())).toBe(0)
})

test('eight loud voices stay within full scale, and are not bent once the gain has found them', () => {
  const { pass, voices, earWithout } = stage([310, 440, 570, 700, 830, 960, 1090, 1220])
  for (const voice of voices) voice.amplitude = 0.9
  const ear = earWithout(-1)
  pass(0.1)
  expect(ear.take().every((sample) => Math.abs(sample) <= 1)).toBe(true)
  pass(1)
  const heard = ear.take()
  expect(heard.every((sample) => Math.abs(sample) <= 0.93)).toBe(true)
  expect(rms(heard)).toBeGreaterThan(0.2)
})

test('the eight loudest of many voices are heard', () => {
  const pitches = Array.from({ length: 12 }, (_, index) => 300 + 170 * index)
  const { pass, voices, earWithout } = stage(pitches)
  for (const voice of voices) voice.amplitude = voice.id < 4 ? 0.02 : 0.1
  const ear = earWithout(-1)
  pass(1)
  ear.take()
  pass(1)
  const heard = ear.take()
  for (const { id, hz } of voices) {
    if (id < 4) expect(toneShare(heard, hz)).toBeLessThan(0.001)
    else expect(toneShare(heard, hz)).toBeGreaterThan(0.1)
  }
})

test('the hiss of a microphone is left out, a quiet voice over it is not', () => {
  const { pass, voices, earWithout } = stage([440, 1000])
  const ear = earWithout(0)
  const hiss = voices[1]!
  hiss.amplitude = 0.002
  pass(20, [hiss])
  ear.take()
  pass(1, [hiss])
  expect(rms(ear.take())).toBe(0)
  hiss.amplitude = 0.02
  pass(0.5, [hiss])
  expect(rms(ear.take())).toBeGreaterThan(0.01)
})

test('an encoder that does not work ends the mix with its sentence', () => {
  const room = new MixRoom({
    ...rawCodecs,
    createEncoder: () => {
      throw new Error('no encoder here')
    },
  })
  const ear = new Ear(room, [1])
  room.tick(TICK)
  expect(ear.failure).toBe('no encoder here')
  room.tick(TICK)
  expect(room.isEmpty).toBe(true)
})
