import fc from 'fast-check'
import { expect, test } from 'vitest'
import { MAX_RTP_PACKET_BYTES, PayloadStore } from './payload-store.js'

/** Bytes that tell which packet they are of. */
const packetOf = (number: number, length: number): Uint8Array => new Uint8Array(length).fill(number & 0xff)

test('cells keep what they were given until they are released, in whatever order that is', () => {
  const steps = fc.array(fc.record({ release: fc.nat(), length: fc.integer({ min: 1, max: MAX_RTP_PACKET_BYTES }) }))
  fc.assert(
    fc.property(steps, (list) => {
      const store = new PayloadStore()
      const held: { cell: number; number: number; offset: number; length: number }[] = []
      list.forEach(({ release, length }, number) => {
        const offset = Math.min(12, length - 1)
        const cell = store.keep(packetOf(number, length), offset, length - offset)
        expect(held.some((one) => one.cell === cell)).toBe(false)
        held.push({ cell, number, offset, length: length - offset })
        if (release % 3 > 0) store.release(held.splice(release % held.length, 1)[0]!.cell)
        const isWhole = held.every(({ cell, number, offset, length: kept }) =>
          store.view(cell, offset, kept).every((byte) => byte === (number & 0xff)),
        )
        expect(isWhole).toBe(true)
      })
    }),
    { numRuns: 50 },
  )
})

test('a stream that loses nothing stays with its first chunk', () => {
  const store = new PayloadStore()
  for (let frame = 0; frame < 1000; frame++) {
    const cells = [1, 2, 3, 4, 5].map((number) => store.keep(packetOf(number, 1200), 30, 1170))
    for (const cell of cells) store.release(cell)
  }
  expect(store.chunks).toBe(1)
})

test('the bit rate recovers after a bad network', () => {
  const store = new PayloadStore()
  const cells = Array.from({ length: 2048 }, (_, number) => store.keep(packetOf(number, 1200), 30, 1170))
  expect(new Set(cells).size).toBe(2048)
  expect(store.chunks).toBe(256)
  for (const cell of cells) store.release(cell)
  expect(store.chunks).toBe(8)
  const again = Array.from({ length: 100 }, (_, number) => store.keep(packetOf(number, 1200), 30, 1170))
  again.forEach((cell, number) => expect(store.view(cell, 30, 2)).toEqual(packetOf(number, 2)))
})

test('only the payload is kept of a packet that lies in a larger buffer', () => {
  const store = new PayloadStore()
  const large = new Uint8Array(5000)
  large.set([7, 8, 9], 40)
  expect([...store.view(store.keep(large, 40, 3), 40, 3)]).toEqual([7, 8, 9])
})
