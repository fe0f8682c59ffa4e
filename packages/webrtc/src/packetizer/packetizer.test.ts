import fc from 'fast-check'
import { expect, test } from 'vitest'
import { Av1Depacketizer } from '../depacketizer/av1.js'
import { H264Depacketizer } from '../depacketizer/h264.js'
import { H265Depacketizer } from '../depacketizer/h265.js'
import { OpusDepacketizer } from '../depacketizer/opus.js'
import { parseRed } from '../depacketizer/red.js'
import { Vp8Depacketizer } from '../depacketizer/vp8.js'
import { h264Cases, vp8Frames } from './frames.cases.js'
import { audioFrame, opusConfig, patterned, videoConfig, videoFrame } from './frames.fake.js'
import { Av1Packetizer } from './av1.js'
import { H264Packetizer } from './h264.js'
import { H265Packetizer } from './h265.js'
import { OpusPacketizer } from './opus.js'
import { MAX_FRAME_PACKETS, MAX_RTP_PAYLOAD, PayloadBuffer } from './payload-buffer.js'
import { RedPacketizer } from './red.js'
import { Vp8Packetizer } from './vp8.js'

function packets(out: PayloadBuffer): Uint8Array[] {
  return Array.from({ length: out.count }, (_, index) => out.packet(index))
}

test.each(h264Cases)('H.264: $name', ({ frame, received, packetTypes }) => {
  const out = new PayloadBuffer()
  expect(new H264Packetizer().packetize(frame, out)).toBe(true)
  expect(packets(out).map((packet) => packet[0]! & 0x1f)).toEqual(packetTypes)
  const depacketizer = new H264Depacketizer()
  expect(depacketizer.startsFrame(out.packet(0))).toBe(true)
  for (const packet of packets(out)) expect(depacketizer.push(packet)).toBe(true)
  expect(depacketizer.finish()).toEqual({ units: received, keyframe: frame.keyframe, droppable: false })
})

test('H.264: every fragment but the last has the full size, for the kernel to segment', () => {
  const out = new PayloadBuffer()
  new H264Packetizer().packetize(videoFrame(videoConfig('h264'), [patterned(100_000, 0x41, 0x9a)]), out)
  const sizes = packets(out).map((packet) => packet.length)
  expect(new Set(sizes.slice(0, -1))).toEqual(new Set([MAX_RTP_PAYLOAD]))
  expect(sizes.at(-1)).toBeLessThanOrEqual(MAX_RTP_PAYLOAD)
})

test('H.264: the aggregate takes the highest importance and any error bit of its units', () => {
  const out = new PayloadBuffer()
  const units = [patterned(10, 0x01, 0x9a), patterned(10, 0xe1, 0x1a), patterned(10, 0x21, 0x1a)]
  new H264Packetizer().packetize(videoFrame(videoConfig('h264'), units), out)
  expect(out.packet(0)[0]).toBe(0x80 | 0x60 | 24)
})

test('H.264: a frame with only delimiters is not sent', () => {
  const out = new PayloadBuffer()
  expect(new H264Packetizer().packetize(videoFrame(videoConfig('h264'), [Uint8Array.of(9, 0xf0)]), out)).toBe(false)
  expect(out.count).toBe(0)
})

test('H.264: in mode 0 each unit is its own packet, and a frame with a unit that does not fit is not sent', () => {
  const packetizer = new H264Packetizer({ mode: 0 })
  const out = new PayloadBuffer()
  const units = [10, 700, MAX_RTP_PAYLOAD].map((length) => patterned(length, 0x41, 0x9a))
  expect(packetizer.packetize(videoFrame(videoConfig('h264'), units), out)).toBe(true)
  expect(packets(out)).toEqual(units)
  const large = patterned(MAX_RTP_PAYLOAD + 1, 0x41, 0x9a)
  expect(packetizer.packetize(videoFrame(videoConfig('h264'), [...units, large]), out)).toBe(false)
  expect(out.count).toBe(0)
})

test('H.264: any units come back, whatever the payload size', () => {
  const unit = fc
    .tuple(fc.constantFrom(0x41, 0x61, 0x06, 0x67, 0x68), fc.integer({ min: 1, max: 5000 }))
    .map(([header, length]) => patterned(length, header, 0x9a))
  fc.assert(
    fc.property(fc.array(unit, { minLength: 1, maxLength: 12 }), fc.integer({ min: 40, max: 1400 }), (some, size) => {
      const units = [...some, patterned(99, 0x41, 0x9a)]
      const out = new PayloadBuffer()
      expect(new H264Packetizer({ maxPayload: size }).packetize(videoFrame(videoConfig('h264'), units), out)).toBe(true)
      const depacketizer = new H264Depacketizer()
      for (const packet of packets(out)) {
        if (packet.length > size || !depacketizer.push(packet)) return false
      }
      const received = depacketizer.finish()?.units ?? []
      return (
        received.length === units.length && units.every((one, index) => Buffer.compare(one, received[index]!) === 0)
      )
    }),
  )
})

test('H.265: any units come back, whatever the payload size', () => {
  const unit = fc
    .tuple(fc.constantFrom(0x02, 0x26, 0x28, 0x4e, 0x50), fc.integer({ min: 2, max: 5000 }), fc.constantFrom(1, 2, 3))
    .map(([header, length, temporal]) => patterned(length, header, temporal, 0x80))
  fc.assert(
    fc.property(fc.array(unit, { minLength: 1, maxLength: 12 }), fc.integer({ min: 40, max: 1400 }), (some, size) => {
      const units = [...some, patterned(99, 0x02, 0x01, 0x80)]
      const out = new PayloadBuffer()
      const packetizer = new H265Packetizer(size)
      expect(packetizer.packetize(videoFrame(videoConfig('h265'), units), out)).toBe(true)
      const depacketizer = new H265Depacketizer()
      for (const packet of packets(out)) {
        expect(packet.length).toBeLessThanOrEqual(size)
        expect(depacketizer.push(packet)).toBe(true)
      }
      const received = depacketizer.finish()?.units ?? []
      expect(received.map(({ length }) => length)).toEqual(units.map(({ length }) => length))
      expect(Buffer.compare(Buffer.concat(received), Buffer.concat(units))).toBe(0)
    }),
  )
})

test('H.265: a keyframe begins with the parameter sets of its config, unless it has its own; delimiters and filler stay behind', () => {
  const sets = [0x40, 0x42, 0x44].map((header) => patterned(20, header, 0x01))
  const config = { ...videoConfig('h265'), parameterSets: sets }
  const idr = patterned(300, 0x26, 0x01, 0x80)
  const received = (units: readonly Uint8Array[], keyframe = true): readonly Uint8Array[] | undefined => {
    const out = new PayloadBuffer()
    new H265Packetizer().packetize(videoFrame(config, units, keyframe), out)
    const depacketizer = new H265Depacketizer()
    for (const packet of packets(out)) expect(depacketizer.push(packet)).toBe(true)
    return depacketizer.finish()?.units
  }
  expect(received([patterned(3, 0x46, 0x01, 0x50), idr, patterned(9, 0x4c, 0x01)])).toEqual([...sets, idr])
  expect(received([...sets, idr])).toEqual([...sets, idr])
  expect(received([patterned(30, 0x02, 0x01, 0x80)], false)).toHaveLength(1)
})

/** An OBU with its size, as frames have it. */
function obuOf(type: number, content: Uint8Array, extension?: number): Uint8Array {
  const size: number[] = []
  for (let rest = content.length; ; rest >>= 7) {
    size.push((rest & 0x7f) | (rest > 0x7f ? 0x80 : 0))
    if (rest <= 0x7f) break
  }
  const header = extension === undefined ? [(type << 3) | 2] : [(type << 3) | 6, extension]
  return Uint8Array.from([...header, ...size, ...content])
}

test('AV1: any OBUs come back, whatever the payload size, and only a keyframe begins a sequence', () => {
  const obu = fc
    .tuple(fc.constantFrom(1, 3, 4, 5, 6), fc.integer({ min: 1, max: 5000 }), fc.option(fc.constantFrom(0x08, 0x20)))
    .map(([type, length, extension]) => obuOf(type, patterned(length, 0x30), extension ?? undefined))
  const property = fc.property(
    ...[fc.array(obu, { minLength: 1, maxLength: 12 }), fc.integer({ min: 40, max: 1400 }), fc.boolean()],
    (obus, size, keyframe) => {
      const out = new PayloadBuffer()
      const unit = Buffer.concat([obuOf(2, new Uint8Array(0)), ...obus, obuOf(15, new Uint8Array(7))])
      const packetizer = new Av1Packetizer(size)
      expect(packetizer.packetize(videoFrame(videoConfig('av1'), [unit], keyframe), out)).toBe(true)
      const depacketizer = new Av1Depacketizer()
      for (const [index, packet] of packets(out).entries()) {
        expect(packet.length).toBeLessThanOrEqual(size)
        expect(depacketizer.isOfKeyframe(packet)).toBe(keyframe && index === 0)
        expect(depacketizer.push(packet)).toBe(true)
      }
      expect(Buffer.compare(depacketizer.finish()!.units[0]!, Buffer.concat(obus))).toBe(0)
    },
  )
  fc.assert(property)
})

test('AV1: what is no temporal unit is not sent', () => {
  const out = new PayloadBuffer()
  const packetizer = new Av1Packetizer()
  for (const unit of [Uint8Array.of(0x32, 0x7f, 1), new Uint8Array(0), obuOf(2, new Uint8Array(0))]) {
    expect(packetizer.packetize(videoFrame(videoConfig('av1'), [unit]), out)).toBe(false)
    expect(out.count).toBe(0)
  }
})

test('a frame beyond 4096 packets is refused whole', () => {
  const out = new PayloadBuffer()
  const data = new Uint8Array(MAX_FRAME_PACKETS * MAX_RTP_PAYLOAD + 1).fill(0x41)
  expect(new H264Packetizer().packetize(videoFrame(videoConfig('h264'), [data]), out)).toBe(false)
  expect(new Vp8Packetizer().packetize(videoFrame(videoConfig('vp8'), [data]), out)).toBe(false)
  expect(new H265Packetizer().packetize(videoFrame(videoConfig('h265'), [data.fill(0x02, 0, 1)]), out)).toBe(false)
  expect(new Av1Packetizer().packetize(videoFrame(videoConfig('av1'), [obuOf(6, data)]), out)).toBe(false)
  expect(out.count).toBe(0)
})

test.each(vp8Frames)('VP8: $name', ({ data, packets: count }) => {
  const out = new PayloadBuffer()
  expect(new Vp8Packetizer().packetize(videoFrame(videoConfig('vp8'), [data]), out)).toBe(true)
  expect(out.count).toBe(count)
  const depacketizer = new Vp8Depacketizer()
  const starts = packets(out).map((packet) => depacketizer.startsFrame(packet))
  expect(starts).toEqual(starts.map((_, index) => index === 0))
  for (const packet of packets(out)) expect(depacketizer.push(packet)).toBe(true)
  expect(depacketizer.finish()).toEqual({ units: [data], keyframe: (data[0]! & 1) === 0, droppable: false })
})

test('VP8: a droppable frame says so in its descriptor', () => {
  const out = new PayloadBuffer()
  new Vp8Packetizer().packetize({ ...videoFrame(videoConfig('vp8'), [Uint8Array.of(1)]), droppable: true }, out)
  const depacketizer = new Vp8Depacketizer()
  depacketizer.push(out.packet(0))
  expect(depacketizer.finish()?.droppable).toBe(true)
})

test('Opus: the packet is the payload; empty and oversized ones are refused', () => {
  const out = new PayloadBuffer()
  const packetizer = new OpusPacketizer()
  const packet = patterned(160, 0xfc)
  expect(packetizer.packetize(audioFrame(0, packet), out)).toBe(true)
  const depacketizer = new OpusDepacketizer()
  depacketizer.push(out.packet(0))
  expect(depacketizer.finish()).toEqual({ units: [packet], keyframe: true, droppable: false })
  expect(packetizer.packetize(audioFrame(0, new Uint8Array(0)), out)).toBe(false)
  expect(packetizer.packetize(audioFrame(0, new Uint8Array(MAX_RTP_PAYLOAD + 1)), out)).toBe(false)
  expect(packetizer.packetize({ ...audioFrame(0, packet), config: opusConfig, units: [] }, out)).toBe(false)
})

test('RED: from the third packet on each carries the two frames before, oldest first', () => {
  const out = new PayloadBuffer()
  const packetizer = new RedPacketizer(111)
  const frames = [0, 1, 2, 3].map((index) => patterned(60 + index, 0xfc, index))
  const last = frames.map((packet, index) => {
    packetizer.packetize(audioFrame(index * 20_000, packet), out)
    return parseRed(out.bytes.slice(0, out.byteLength))!
  })[3]!
  expect(last.map((block) => [block.packetsBack, block.timestampOffset])).toEqual([
    [2, 1920],
    [1, 960],
    [0, 0],
  ])
  expect(last.map((block) => block.payload)).toEqual([frames[1], frames[2], frames[3]])
})

test('RED: blocks that do not fit beside the frame are omitted', () => {
  const out = new PayloadBuffer()
  const packetizer = new RedPacketizer(111)
  const frames = [patterned(100, 0xfc), patterned(80, 0xfc, 2), patterned(1100, 0xfc, 3), patterned(90, 0xfc, 4)]
  const blocks = frames.map((packet, index) => {
    expect(packetizer.packetize(audioFrame(index * 20_000, packet), out)).toBe(true)
    return parseRed(out.bytes.slice(0, out.byteLength))!
  })
  const primary = (index: number) => ({ payloadType: 111, timestampOffset: 0, packetsBack: 0, payload: frames[index]! })
  expect(blocks[0]).toEqual([primary(0)])
  expect(blocks[1]).toEqual([{ ...primary(0), timestampOffset: 960, packetsBack: 1 }, primary(1)])
  expect(blocks[2]).toEqual([primary(2)]) // no room for two
  expect(blocks[3]).toEqual([primary(3)]) // 1100 bytes do not fit the 10-bit length
})

test('RED: after a gap too long for its 14 bits there is nothing redundant', () => {
  const out = new PayloadBuffer()
  const packetizer = new RedPacketizer(111)
  packetizer.packetize(audioFrame(0, Uint8Array.of(0xfc, 1)), out)
  packetizer.packetize(audioFrame(400_000, Uint8Array.of(0xfc, 2)), out)
  expect(parseRed(out.bytes.slice(0, out.byteLength))).toHaveLength(1)
})
