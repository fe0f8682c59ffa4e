import { expect, test } from 'vitest'
import { MIX_FRAME } from './mix-format.js'
import { PlayoutBuffer } from './playout-buffer.js'

const RATE = 48_000
const MILLISECOND = RATE / 1000
const TICK = MIX_FRAME / RATE

/** A source that counts its samples, so that what comes out tells how long it waited. */
class Source {
  readonly buffer = new PlayoutBuffer()
  readonly out = new Float32Array(MIX_FRAME)
  sent = 0
  /** Seconds. */
  now = 0

  /** A ramp, which no float rounds: 2^24 samples are six minutes. */
  push(count: number, at = this.now): void {
    const samples = new Float32Array(count)
    for (let index = 0; index < count; index++) samples[index] = this.sent + index
    this.sent += count
    this.buffer.push(samples, count, at * 1e6)
  }

  /** The newest sample that was pulled; undefined at an underrun. */
  pull(): number | undefined {
    return this.buffer.pull(this.out, 0, this.now * 1e6) === 0 ? this.out[MIX_FRAME - 1]! : undefined
  }
}

interface Transport {
  readonly block: number
  readonly jitterMs: number
  readonly seconds: number
  /** How much longer than ours the seconds of the source are. */
  readonly drift?: number
}

/** Mixes blocks that come with up to `jitterMs` of delay; answers how long after its block was sent each frame is out, in ms. */
function play(source: Source, { block, jitterMs, seconds, drift = 0 }: Transport): (number | undefined)[] {
  const waits: (number | undefined)[] = []
  const first = source.sent
  const begin = source.now
  // Not at the very time of a pull, where rounding would decide.
  const sentAt = (index: number) => (index * block * (1 + drift)) / RATE - 0.004
  let random = 1
  let blocks = 0
  let due = 0
  for (let now = TICK; now < seconds; now += TICK) {
    while (due <= now) {
      source.push(block, begin + due)
      blocks += 1
      random = (random * 48_271) % 2_147_483_647
      // In order, as from any transport: a late block holds up the next.
      due = Math.max(due, sentAt(blocks) + ((random % 1000) / 1000) * (jitterMs / 1000))
    }
    source.now = begin + now
    const sample = source.pull()
    const index = sample === undefined ? undefined : Math.floor((sample - first) / block)
    waits.push(index === undefined || index < 0 ? undefined : (now - sentAt(index)) * 1000)
  }
  return waits
}

const missing = (waits: readonly (number | undefined)[]) => waits.filter((wait) => wait === undefined).length
const longest = (waits: readonly (number | undefined)[]) => Math.max(...waits.map((wait) => wait ?? 0))

test.each([480, 960, 1024, 2880])('blocks of %i samples that come in time wait no longer than they must', (block) => {
  const waits = play(new Source(), { block, jitterMs: 0, seconds: 30 }).slice(-470)
  expect(missing(waits)).toBe(0)
  expect(longest(waits)).toBeLessThan(block / MILLISECOND + 30)
})

test.each([10, 20, 40])('%i ms of jitter are ridden out, with little more delay than that', (jitterMs) => {
  const waits = play(new Source(), { block: 960, jitterMs, seconds: 60 }).slice(470)
  expect(missing(waits)).toBeLessThanOrEqual(waits.length / 100)
  expect(longest(waits)).toBeLessThan(jitterMs + 45)
})

test.each([10, 20, 40])('%i ms of jitter of blocks as long as a frame cost one frame of delay more', (jitterMs) => {
  const waits = play(new Source(), { block: MIX_FRAME, jitterMs, seconds: 60 }).slice(470)
  expect(missing(waits)).toBeLessThanOrEqual(waits.length / 100)
  expect(longest(waits)).toBeLessThan(jitterMs + 65)
})

test.each([-200e-6, 200e-6])('a clock that is off by %f is followed', (drift) => {
  const waits = play(new Source(), { block: 960, jitterMs: 2, seconds: 300, drift })
  expect(missing(waits.slice(470))).toBeLessThan(20)
  expect(longest(waits.slice(470))).toBeLessThan(60)
})

test('a burst after a stall is skipped, without a step', () => {
  const source = new Source()
  play(source, { block: 960, jitterMs: 0, seconds: 2 })
  for (let block = 0; block < 40; block++) source.push(960)
  source.pull()
  expect(source.buffer.waiting).toBeLessThan(30 * MILLISECOND)
  let step = 0
  for (let index = 1; index < MIX_FRAME; index++) step = Math.max(step, source.out[index]! - source.out[index - 1]!)
  // 800 ms are blended over 120 samples.
  expect(step).toBeLessThan((800 * MILLISECOND) / 100)
})

test('leftover audio of a source that fell silent is not heard when it speaks again', () => {
  const source = new Source()
  play(source, { block: 960, jitterMs: 0, seconds: 1 })
  source.push(500)
  while (source.pull() !== undefined);
  source.pull()
  source.pull()
  expect(source.buffer.waiting).toBe(0)
})

test('an unneeded delay shrinks: slowly during speech, immediately during silence', () => {
  const late = () => {
    const source = new Source()
    play(source, { block: 960, jitterMs: 0, seconds: 4 })
    // 40 ms that came at once, as after a hiccup of the network.
    source.push(1920)
    return source
  }
  const talking = late()
  const waits = play(talking, { block: 960, jitterMs: 0, seconds: 20 })
  expect(longest(waits.slice(0, 40))).toBeGreaterThan(40)
  expect(longest(waits.slice(-94))).toBeLessThan(33)
  const silent = late()
  play(silent, { block: 960, jitterMs: 0, seconds: 2.2 })
  const before = silent.buffer.waiting
  silent.buffer.settle()
  expect(before - silent.buffer.waiting).toBeGreaterThan(20 * MILLISECOND)
})

test('a frame that is a millisecond late costs a few milliseconds of delay, not a frame', () => {
  const source = new Source()
  play(source, { block: MIX_FRAME, jitterMs: 0, seconds: 8 })
  const before = source.buffer.waiting
  expect(source.pull()).toBeUndefined()
  source.push(MIX_FRAME)
  source.push(MIX_FRAME)
  source.pull()
  expect(source.buffer.waiting - before).toBeLessThan(6 * MILLISECOND)
  expect(source.buffer.waiting - before).toBeGreaterThan(4 * MILLISECOND)
})

test('blocks as long as a frame wait for the next mix and no longer', () => {
  const source = new Source()
  const waits = play(source, { block: MIX_FRAME, jitterMs: 0, seconds: 2 })
  expect(missing(waits)).toBeLessThanOrEqual(1)
  expect(source.buffer.waiting).toBe(0)
  expect(source.buffer.isInStep).toBe(true)
})

test('blocks of another length are never missing once they have begun', () => {
  for (const block of [480, 960, 1114, 2880]) {
    const source = new Source()
    const waits = play(source, { block, jitterMs: 0, seconds: 20 })
    const begun = waits.findIndex((wait) => wait !== undefined)
    expect(missing(waits.slice(begun))).toBe(0)
    expect(source.buffer.isInStep).toBe(false)
  }
})

test('a source that joins just before the mix gets time before it counts as late', () => {
  const source = new Source()
  // 4 ms before the mix, and 50 ppm slower than it: in time no longer after a minute and a half.
  const waits = play(source, { block: MIX_FRAME, jitterMs: 0, seconds: 200, drift: 50e-6 })
  expect(missing(waits.slice(1))).toBe(0)
})

test('a packet that is never recovered leaves no hole behind', () => {
  const source = new Source()
  play(source, { block: MIX_FRAME, jitterMs: 0, seconds: 8 })
  source.pull()
  const waits = play(source, { block: MIX_FRAME, jitterMs: 0, seconds: 2 })
  expect(missing(waits)).toBeLessThanOrEqual(2)
})
