import { Link, seededRandom, type LinkOptions } from '@crossroom/testkit'
import { expect, test } from 'vitest'
import { NOT_RECEIVED, REFERENCE_TIME_UNIT, ARRIVAL_TICK, type TransportFeedback } from '../rtcp/transport-feedback.js'
import { BandwidthEstimator, START_BITRATE } from './bandwidth-estimator.js'

const SECOND = 1_000_000
const FRAME = 33_333
const FEEDBACK_INTERVAL = 100_000
const PACKET_BYTES = 1200

/** The receiver's clock has nothing to do with ours. */
const CLOCK_OFFSET = 5_000 * SECOND

/** The receiving half of transport-wide feedback, kept to the bones. */
class Receiver {
  readonly #arrivals = new Map<number, number>()
  #next = 0
  #count = 0

  receive(sequence: number, at: number): void {
    this.#arrivals.set(sequence, at + CLOCK_OFFSET)
  }

  feedback(): TransportFeedback | undefined {
    const known = [...this.#arrivals.keys()].filter((sequence) => sequence >= this.#next)
    if (known.length === 0) return undefined
    const last = Math.max(...known)
    const first = this.#arrivals.get(Math.min(...known))!
    const referenceTime = Math.floor(first / REFERENCE_TIME_UNIT)
    const arrivals = Int32Array.from({ length: last - this.#next + 1 }, (_, index) => {
      const at = this.#arrivals.get(this.#next + index)
      return at === undefined ? NOT_RECEIVED : Math.round((at - referenceTime * REFERENCE_TIME_UNIT) / ARRIVAL_TICK)
    })
    const baseSequence = this.#next & 0xffff
    this.#next = last + 1
    this.#arrivals.clear()
    const fixed = { type: 'transport-feedback', senderSsrc: 1, mediaSsrc: 2 } as const
    return {
      ...fixed,
      baseSequence,
      feedbackCount: this.#count++ & 0xff,
      referenceTime: referenceTime & 0xffffff,
      arrivals,
    }
  }
}

/** A live stream of 30 frames/s with a keyframe every 2 s, four times as large, sent over a link with feedback back. */
class Scene {
  readonly estimator = new BandwidthEstimator()
  readonly link: Link<number>
  readonly #back: Link<TransportFeedback>
  readonly #receiver = new Receiver()
  readonly #random = seededRandom(99)
  #sequence = 65_000
  #frame = 0
  now = 0
  bitrate = 1_000_000

  constructor(options: Omit<LinkOptions, 'seed'>) {
    this.link = new Link({ seed: 11, delay: 25_000, ...options })
    this.#back = new Link({ seed: 12, delay: 25_000 })
  }

  run(seconds: number): void {
    const end = this.now + seconds * SECOND
    for (; this.now < end; this.now += FRAME) {
      this.#sendFrame()
      for (let next = this.link.receive(this.now); next !== undefined; next = this.link.receive(this.now)) {
        this.#receiver.receive(next.item, next.at)
      }
      if (Math.floor(this.now / FEEDBACK_INTERVAL) !== Math.floor((this.now - FRAME) / FEEDBACK_INTERVAL)) {
        const feedback = this.#receiver.feedback()
        if (feedback !== undefined) this.#back.send(this.now, feedback, 100)
      }
      for (let next = this.#back.receive(this.now); next !== undefined; next = this.#back.receive(this.now)) {
        this.estimator.handleFeedback(next.at, next.item)
      }
    }
  }

  #sendFrame(): void {
    const mean = (this.bitrate * FRAME) / SECOND / 8
    const isKey = this.#frame++ % 60 === 0
    const bytes = mean * (isKey ? 4 : 0.95) * (0.8 + 0.4 * this.#random())
    const count = Math.max(1, Math.round(bytes / PACKET_BYTES))
    this.estimator.recordSent(this.#sequence & 0xffff, count, bytes, this.now)
    for (let index = 0; index < count; index++) this.link.send(this.now, this.#sequence++, bytes / count)
  }
}

test('a path that carries the stream is never found limited', () => {
  const scene = new Scene({ rate: 10_000_000 })
  scene.run(30)
  expect(scene.estimator.isLimited).toBe(false)
  expect(scene.estimator.bitrate).toBe(START_BITRATE)
  expect(scene.estimator.throughput).toBeGreaterThan(700_000)
})

test.each([0.01, 0.05, 0.1, 0.3])('random loss of %d without rising delay is not congestion', (loss) => {
  const scene = new Scene({ loss })
  scene.run(30)
  expect(scene.estimator.isLimited).toBe(false)
  expect(scene.estimator.lossFraction).toBeGreaterThan(loss / 4)
})

test('loss in bursts without rising delay is not congestion', () => {
  const scene = new Scene({ burstLoss: { enter: 0.02, leave: 0.2 } })
  scene.run(30)
  expect(scene.estimator.isLimited).toBe(false)
})

test('jitter of a radio does not push the estimate below what the stream needs', () => {
  const scene = new Scene({ jitter: 20_000, rate: 20_000_000 })
  scene.run(60)
  expect(scene.estimator.bitrate).toBeGreaterThan(800_000)
})

test('a link slower than the stream is found within 3 s, and the estimate is what it carries', () => {
  const scene = new Scene({ rate: 600_000, queue: 2 * SECOND })
  scene.run(3)
  expect(scene.estimator.isLimited).toBe(true)
  scene.run(3)
  expect(scene.estimator.bitrate).toBeGreaterThan(350_000)
  expect(scene.estimator.bitrate).toBeLessThan(600_000)
})

test('a queue that overflows is found by its loss as well', () => {
  const scene = new Scene({ rate: 700_000, queue: 150_000 })
  scene.run(8)
  expect(scene.estimator.isLimited).toBe(true)
  expect(scene.estimator.bitrate).toBeLessThan(750_000)
})

test('a policer without a queue is found when it drops about half', () => {
  const scene = new Scene({ rate: 400_000, queue: 5_000 })
  scene.run(10)
  expect(scene.estimator.isLimited).toBe(true)
  expect(scene.estimator.bitrate).toBeLessThan(600_000)
})

test('when the link recovers the estimate climbs back over the stream within 20 s', () => {
  const scene = new Scene({ rate: 600_000, queue: 300_000 })
  scene.run(6)
  scene.link.change({ rate: 5_000_000 })
  scene.run(20)
  expect(scene.estimator.bitrate).toBeGreaterThan(1_000_000)
})

test('the wrap of reference time and of transport sequences passes unnoticed', () => {
  const scene = new Scene({ rate: 10_000_000 })
  // Sequences start at 65 000 and wrap after some 500 packets.
  scene.run(20)
  expect(scene.estimator.isLimited).toBe(false)
  const estimator = new BandwidthEstimator()
  for (let index = 0; index < 400; index++) {
    estimator.recordSent(index, 1, 1000, index * 10_000)
    const arrivals = Int32Array.of(0)
    // 160 ms a report: 2.5 units; the counter wraps in the middle of the run.
    const referenceTime = (0xffff00 + Math.floor((index * 10_000) / REFERENCE_TIME_UNIT) * 4) & 0xffffff
    const fixed = { type: 'transport-feedback', senderSsrc: 1, mediaSsrc: 2 } as const
    estimator.handleFeedback(index * 10_000, {
      ...fixed,
      baseSequence: index,
      feedbackCount: index & 255,
      referenceTime,
      arrivals,
    })
  }
  expect(Number.isFinite(estimator.bitrate)).toBe(true)
})

test('W8: feedback about packets that were never sent, or told twice, changes nothing', () => {
  const estimator = new BandwidthEstimator()
  const arrivals = Int32Array.from({ length: 1000 }, (_, index) => (index % 2 === 0 ? NOT_RECEIVED : index * 4))
  const fixed = { type: 'transport-feedback', senderSsrc: 1, mediaSsrc: 2, baseSequence: 0, feedbackCount: 0 } as const
  for (let index = 0; index < 100; index++) {
    estimator.handleFeedback(index * SECOND, { ...fixed, referenceTime: (index * 7919) & 0xffffff, arrivals })
  }
  expect(estimator.isLimited).toBe(false)
  expect(estimator.lossFraction).toBe(0)
  expect(estimator.throughput).toBeUndefined()
})

test('the receiver’s own estimate (REMB) is a cap', () => {
  const estimator = new BandwidthEstimator()
  estimator.handleReceiverEstimate(900_000)
  expect(estimator.bitrate).toBe(900_000)
  expect(estimator.isLimited).toBe(true)
})

test('a busy machine that delays whole seconds of feedback and packets is no proof of congestion', () => {
  const scene = new Scene({ rate: 20_000_000 })
  let congested = 0
  for (let second = 0; second < 60; second++) {
    // A stall of some 200 ms every second: everything in it arrives late and at once.
    scene.link.change({ delay: 200_000 })
    scene.run(0.2)
    scene.link.change({ delay: 25_000 })
    scene.run(0.8)
    if (scene.estimator.isCongested(scene.now)) congested++
  }
  expect(congested).toBe(0)
})

test('a link slower than the stream is congested while it lasts, and no longer', () => {
  const scene = new Scene({ rate: 600_000, queue: 500_000 })
  scene.run(6)
  expect(scene.estimator.isCongested(scene.now)).toBe(true)
  scene.link.change({ rate: 5_000_000 })
  scene.run(6)
  expect(scene.estimator.isCongested(scene.now)).toBe(false)
})
