import fc from 'fast-check'
import { expect, test } from 'vitest'
import { H264Depacketizer } from '../depacketizer/h264.js'
import { OpusDepacketizer } from '../depacketizer/opus.js'
import { H264Packetizer } from '../packetizer/h264.js'
import { PayloadBuffer } from '../packetizer/payload-buffer.js'
import { FrameBuffer } from './frame-buffer.js'
import { ABSENT, type PacketFacts } from './packet-ring.js'
import { numberedFrame, numberOf } from './publisher.fake.js'

const facts: PacketFacts = { orientation: ABSENT, audioLevel: ABSENT, captureNtp: ABSENT }

interface Packet {
  sequence: number
  timestamp: number
  marker: boolean
  payload: Uint8Array
}

/** The packets of frames of about `packetsPerFrame` packets; those in `keyframes` are keyframes. */
function packetsOf(count: number, packetsPerFrame = 3, keyframes: readonly number[] = [0], first = 70_000): Packet[] {
  const buffer = new PayloadBuffer()
  const packetizer = new H264Packetizer()
  const packets: Packet[] = []
  for (let number = 0; number < count; number++) {
    packetizer.packetize(numberedFrame(number, packetsPerFrame * 1100, keyframes.includes(number)), buffer)
    for (let index = 0; index < buffer.count; index++) {
      packets.push({
        sequence: first + packets.length,
        timestamp: (number * 3000) >>> 0,
        marker: index === buffer.count - 1,
        payload: buffer.packet(index).slice(),
      })
    }
  }
  return packets
}

function videoBuffer(): FrameBuffer {
  const buffer = new FrameBuffer('video', new H264Depacketizer())
  buffer.waitLimit = 100_000
  return buffer
}

function insert(buffer: FrameBuffer, packet: Packet, now = 0) {
  const { sequence, timestamp, marker, payload } = packet
  return buffer.insert(sequence, timestamp, marker, payload, 0, payload.length, now, facts)
}

function poll(buffer: FrameBuffer, now: number): number[] {
  const numbers: number[] = []
  for (let frame = buffer.poll(now); frame !== undefined; frame = buffer.poll(now)) {
    numbers.push(numberOf(frame.units.at(-1)!))
  }
  return numbers
}

test('a frame comes out with its last packet, whatever the order of the others', () => {
  const buffer = videoBuffer()
  const [a, b, c, d] = packetsOf(1)
  for (const packet of [b!, a!, d!]) insert(buffer, packet)
  expect(poll(buffer, 0)).toEqual([])
  insert(buffer, c!)
  expect(poll(buffer, 0)).toEqual([0])
})

test('a frame without marker ends where the next begins', () => {
  const buffer = videoBuffer()
  const packets = packetsOf(2)
  for (const packet of packets) insert(buffer, { ...packet, marker: false })
  expect(poll(buffer, 0)).toEqual([0])
})

test('a hole holds back what follows for as long as it may, then the next keyframe goes on', () => {
  const buffer = videoBuffer()
  const packets = packetsOf(4, 3, [0, 3])
  const lost = packets[5]!
  for (const packet of packets) if (packet !== lost) insert(buffer, packet, 1000)
  expect(poll(buffer, 1000)).toEqual([0])
  expect(buffer.deadline()).toBe(101_000)
  expect(poll(buffer, 100_999)).toEqual([])
  expect(poll(buffer, 101_000)).toEqual([3])
  expect(buffer.counters).toMatchObject({ frames: 2, framesLost: 1, packetsLost: 1 })
  expect(insert(buffer, lost, 102_000)).toBe('unwanted')
  expect(buffer.counters.late).toBe(1)
})

test('after a loss nothing comes out before a keyframe', () => {
  const buffer = videoBuffer()
  const packets = packetsOf(10)
  for (const packet of packets) if (packet !== packets[5]) insert(buffer, packet, 0)
  expect(poll(buffer, 1_000_000)).toEqual([0])
  expect(buffer.needsKeyframe).toBe(true)
})

test('a repaired hole loses nothing', () => {
  const buffer = videoBuffer()
  const packets = packetsOf(5)
  const lost = packets[5]!
  for (const packet of packets) if (packet !== lost) insert(buffer, packet)
  expect(poll(buffer, 50_000)).toEqual([0])
  insert(buffer, lost, 50_000)
  expect(poll(buffer, 50_000)).toEqual([1, 2, 3, 4])
  expect(buffer.deadline()).toBeUndefined()
})

test('the tail of a keyframe is never taken for a frame', () => {
  const packets = packetsOf(2, 3, [0, 1])
  for (let first = 1; first < 4; first++) {
    const buffer = videoBuffer()
    for (const packet of packets.slice(first)) insert(buffer, packet)
    expect(poll(buffer, 1_000_000)).toEqual([1])
  }
})

test('probes of padding between and inside frames leave no hole', () => {
  const buffer = videoBuffer()
  const packets = packetsOf(3)
  let sequence = 70_000
  for (const packet of packets) {
    insert(buffer, { ...packet, sequence: sequence++ })
    insert(buffer, { ...packet, sequence: sequence++, marker: false, payload: new Uint8Array(0) })
  }
  expect(poll(buffer, 0)).toEqual([0, 1, 2])
})

test('duplicates never come out', () => {
  const buffer = videoBuffer()
  for (const packet of packetsOf(3)) for (let times = 0; times < 3; times++) insert(buffer, packet)
  expect(poll(buffer, 0)).toEqual([0, 1, 2])
  for (const packet of packetsOf(3)) expect(insert(buffer, packet)).toBe('unwanted')
})

test('a jump of the numbers begins anew with a keyframe, forwards and backwards', () => {
  const buffer = videoBuffer()
  for (const packet of packetsOf(2)) insert(buffer, packet)
  expect(poll(buffer, 0)).toEqual([0, 1])
  for (const packet of packetsOf(2, 3, [0], 90_000)) insert(buffer, packet)
  expect(poll(buffer, 0)).toEqual([0, 1])
  for (const packet of packetsOf(40, 3, [0, 20], 66_000)) insert(buffer, packet)
  expect(poll(buffer, 50_000)[0]).toBe(20)
})

test('a malformed frame counts as lost and asks for a keyframe', () => {
  const buffer = videoBuffer()
  const packets = packetsOf(3)
  for (const packet of packets)
    insert(buffer, packet.timestamp === 3000 ? { ...packet, payload: Uint8Array.of(0x79, 1) } : packet)
  expect(poll(buffer, 0)).toEqual([0])
  expect(buffer.needsKeyframe).toBe(true)
})

test('packets that overflow the buffer are dropped, and memory stays bounded', () => {
  const buffer = videoBuffer()
  buffer.waitLimit = 1e12
  const packets = packetsOf(3000, 1, [0, 2500])
  for (const packet of packets) if (packet !== packets[4]) insert(buffer, packet)
  expect(poll(buffer, 0)[0]).toBe(2500)
})

test('sound goes on behind a hole, and empty payloads are no frames', () => {
  const buffer = new FrameBuffer('audio', new OpusDepacketizer())
  buffer.waitLimit = 60_000
  const packet = (sequence: number, ...bytes: number[]): Packet => ({
    sequence,
    timestamp: sequence * 960,
    marker: false,
    payload: Uint8Array.from(bytes),
  })
  insert(buffer, packet(70_000, 0xfc, 1), 0)
  insert(buffer, packet(70_002, 0xfc, 3), 20_000)
  insert(buffer, packet(70_003), 40_000)
  insert(buffer, packet(70_004, 0xfc, 5), 40_000)
  const units = (now: number): number[] => {
    const found: number[] = []
    for (let frame = buffer.poll(now); frame !== undefined; frame = buffer.poll(now)) found.push(frame.units[0]![1]!)
    return found
  }
  expect(units(40_000)).toEqual([1])
  expect(buffer.deadline()).toBe(80_000)
  expect(units(80_000)).toEqual([3, 5])
  expect(buffer.counters).toMatchObject({ frames: 3, packetsLost: 1 })
})

test('frames come out whole, in order and once, whatever is lost, doubled or reordered', () => {
  const keyframes = [0, 7, 13, 22]
  const packets = packetsOf(30, 2, keyframes)
  const choice = fc.record({
    delays: fc.array(fc.nat(6), { minLength: packets.length, maxLength: packets.length }),
    lost: fc.uniqueArray(fc.nat(packets.length - 1), { maxLength: 6 }),
    repeated: fc.uniqueArray(fc.nat(packets.length - 1), { maxLength: 6 }),
  })
  fc.assert(
    fc.property(choice, ({ delays, lost, repeated }) => {
      const buffer = videoBuffer()
      const order = [...packets.keys(), ...repeated].filter((index) => !lost.includes(index))
      // Only what is before the very first packet to come is never waited for.
      delays[0] = 0
      order.sort((one, other) => one + delays[one]! - other - delays[other]!)
      const numbers: number[] = []
      order.forEach((index, step) => {
        insert(buffer, packets[index]!, step * 5000)
        numbers.push(...poll(buffer, step * 5000))
      })
      numbers.push(...poll(buffer, 10_000_000))
      for (let index = 1; index < numbers.length; index++) {
        const [before, number] = [numbers[index - 1]!, numbers[index]!]
        expect(number === before + 1 || (number > before && keyframes.includes(number))).toBe(true)
      }
      const broken = new Set(lost.map((index) => packets[index]!.timestamp / 3000))
      expect(numbers.some((number) => broken.has(number))).toBe(false)
      if (lost.length === 0) expect(numbers).toHaveLength(30)
    }),
    { numRuns: 200 },
  )
})

test('the packets of the first keyframe may come in any order within 50 ms', () => {
  const [a, b, c, d] = packetsOf(1)
  for (const order of [
    [b, c, d, a],
    [d, a, b, c],
    [d, c, b, a],
  ]) {
    const buffer = videoBuffer()
    order.forEach((packet, index) => {
      insert(buffer, packet!, index * 10_000)
      expect(poll(buffer, index * 10_000)).toEqual(index === 3 ? [0] : [])
    })
    expect(buffer.hasLost).toBe(false)
  }
})

test('a stream that is joined in the middle of a frame gives that frame up after 50 ms', () => {
  const buffer = videoBuffer()
  const [, ...rest] = packetsOf(2, 3, [0, 1])
  for (const packet of rest) insert(buffer, packet, 1000)
  expect(poll(buffer, 1000)).toEqual([])
  expect(buffer.deadline()).toBe(51_000)
  expect(poll(buffer, 50_999)).toEqual([])
  expect(poll(buffer, 51_000)).toEqual([1])
  expect(buffer.hasLost).toBe(true)
})

test('a frame that was given out stays as it is, whatever comes after it', () => {
  const buffer = videoBuffer()
  const packets = packetsOf(60, 3, [0, 20, 40])
  const frames: { units: readonly Uint8Array[]; copies: Uint8Array[] }[] = []
  for (const packet of packets) {
    insert(buffer, packet)
    for (let frame = buffer.poll(0); frame !== undefined; frame = buffer.poll(0))
      frames.push({ units: frame.units, copies: frame.units.map((unit) => unit.slice()) })
  }
  expect(frames).toHaveLength(60)
  for (const { units, copies } of frames) expect(units).toEqual(copies)
})

/** Polls at every deadline until `until`; what came out, and when. */
function outOf(buffer: FrameBuffer, from: number, until: number): [number, number][] {
  const out: [number, number][] = []
  for (let now = from; now <= until; now = Math.max(now + 1, buffer.deadline() ?? until + 1))
    for (const number of poll(buffer, now)) out.push([now, number])
  return out
}

test('a whole keyframe behind a hole goes on as soon as no repair can come, long before the hole is given up', () => {
  const buffer = videoBuffer()
  buffer.waitLimit = 1_500_000
  buffer.keyframeWait = 60_000
  const packets = packetsOf(12, 3, [0, 6])
  const lost = packets.findIndex(({ timestamp }) => timestamp === 2 * 3000) + 1
  const out: number[] = []
  for (const [index, packet] of packets.entries()) {
    if (index === lost) continue
    const now = Math.floor(packet.timestamp / 90) * 1000
    insert(buffer, packet, now)
    out.push(...poll(buffer, now))
  }
  expect(out).toEqual([0, 1, 6, 7, 8, 9, 10, 11])
  expect(buffer.counters).toMatchObject({ framesLost: 1, packetsLost: 1 })
})

test('a keyframe that has a hole itself, or is not there yet as a whole, ends no wait', () => {
  const packets = packetsOf(8, 3, [0, 4])
  const keyframe = packets.flatMap(({ timestamp }, index) => (timestamp === 4 * 3000 ? [index] : []))
  for (const gone of [keyframe[1]!, keyframe.at(-1)!]) {
    const buffer = videoBuffer()
    buffer.waitLimit = 500_000
    buffer.keyframeWait = 60_000
    for (const [index, packet] of packets.entries()) if (index !== 5 && index !== gone) insert(buffer, packet, 0)
    expect(outOf(buffer, 0, 499_999)).toEqual([[0, 0]])
    expect(buffer.deadline()).toBe(500_000)
  }
})

test('a hole repaired in time is not skipped, although a keyframe follows it', () => {
  const buffer = videoBuffer()
  buffer.keyframeWait = 60_000
  const packets = packetsOf(6, 3, [0, 4])
  for (const [index, packet] of packets.entries()) if (index !== 5) insert(buffer, packet, 0)
  expect(poll(buffer, 59_999)).toEqual([0])
  insert(buffer, packets[5]!, 59_999)
  expect(poll(buffer, 59_999)).toEqual([1, 2, 3, 4, 5])
})

test('for any loss the output is in order, restarts only at keyframes, and delays no complete keyframe', () => {
  const lossy = fc.record({
    lost: fc.uniqueArray(fc.nat({ max: 119 }), { maxLength: 12 }),
    every: fc.integer({ min: 2, max: 9 }),
  })
  fc.assert(
    fc.property(lossy, ({ lost, every }) => {
      const keyframes = Array.from({ length: 30 }, (_, number) => number).filter((number) => number % every === 0)
      const packets = packetsOf(30, 3, keyframes)
      const buffer = videoBuffer()
      buffer.waitLimit = 10_000_000
      buffer.keyframeWait = 60_000
      const isWhole = (number: number) =>
        packets.every((packet, index) => packet.timestamp !== number * 3000 || !lost.includes(index))
      const outAt = new Map<number, number>()
      let now = 0
      for (const [index, packet] of packets.entries()) {
        now = Math.floor(packet.timestamp / 90) * 1000
        if (!lost.includes(index)) insert(buffer, packet, now)
        for (const number of poll(buffer, now)) outAt.set(number, now)
      }
      for (const [at, number] of outOf(buffer, now, now + 1_000_000)) outAt.set(number, at)
      const numbers = [...outAt.keys()]
      expect(numbers).toEqual([...numbers].sort((a, b) => a - b))
      for (const [index, number] of numbers.entries())
        expect(number % every === 0 || numbers[index - 1] === number - 1).toBe(true)
      const last = keyframes.filter((number) => number > 0 && isWhole(number)).at(-1)
      if (last !== undefined && isWhole(last - 1)) expect(outAt.has(last)).toBe(true)
    }),
  )
})
