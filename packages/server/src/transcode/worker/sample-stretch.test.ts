import { expect, test } from 'vitest'
import { SampleFifo } from './sample-fifo.js'
import { stretchSamples } from './sample-stretch.js'

const RATE = 48_000

const sine = (hz: number, count: number) =>
  Float32Array.from({ length: count }, (_, index) => Math.sin((2 * Math.PI * hz * index) / RATE))

test.each([
  { hz: 440, stretch: 1, limit: -80 },
  { hz: 440, stretch: -1, limit: -80 },
  { hz: 5000, stretch: 1, limit: -70 },
  { hz: 12_000, stretch: -1, limit: -55 },
])('a tone of $hz Hz made $stretch sample longer is the same tone, noise below $limit dB', ({ hz, stretch, limit }) => {
  const count = 1024
  const from = sine(hz, count)
  const to = new Float32Array(count + stretch)
  stretchSamples(from, count, stretch, to, 0)
  const step = (count - 16) / (count + stretch - 16)
  let [noise, power] = [0, 0]
  for (let index = 8; index < count + stretch - 8; index++) {
    const wanted = Math.sin((2 * Math.PI * hz * (8 + (index - 8) * step)) / RATE)
    noise += (to[index]! - wanted) ** 2
    power += wanted ** 2
  }
  expect(10 * Math.log10(noise / power)).toBeLessThan(limit)
})

test('the ends of a block stay, so that blocks join without a click', () => {
  const from = sine(1000, 960)
  const to = new Float32Array(1000)
  stretchSamples(from, 960, 1, to, 10)
  expect(to.subarray(10, 18)).toEqual(from.subarray(0, 8))
  expect(to.subarray(10 + 961 - 8, 10 + 961)).toEqual(from.subarray(952, 960))
  expect(to.subarray(971).every((sample) => sample === 0)).toBe(true)
})

test('samples leave the fifo in the order and number they came', () => {
  const fifo = new SampleFifo(2)
  let [written, read] = [0, 0]
  for (let round = 0; round < 500; round++) {
    const count = 1 + ((round * 7919) % 3000)
    const offset = fifo.reserve(count)
    for (let index = 0; index < count; index++) {
      fifo.plane(0)[offset + index] = written % 65_536
      fifo.plane(1)[offset + index] = -(written++ % 65_536)
    }
    while (fifo.length >= 960) {
      for (let index = 0; index < 960; index++) {
        if (fifo.plane(0)[fifo.offset + index] !== read % 65_536) expect.fail(`sample ${String(read)} is wrong`)
        if (index === 0) expect(fifo.plane(1)[fifo.offset]).toBeCloseTo(-(read % 65_536))
        read++
      }
      fifo.drop(960)
    }
  }
  expect(fifo.length).toBe(written - read)
  fifo.pushSilence(10)
  fifo.drop(fifo.length - 10)
  expect(
    fifo
      .plane(1)
      .subarray(fifo.offset, fifo.offset + 10)
      .every((sample) => sample === 0),
  ).toBe(true)
})
