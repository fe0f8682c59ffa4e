import type { Egress, SourceId, SrtpProfile, UdpPort } from '@crossroom/webrtc'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { Receiver, VIDEO_TRACK, addDestination, frameOf, destinationKeys } from './egress-loopback.fake.js'
import { NativeEngine } from './engine.js'

const GCM: SrtpProfile = 'SRTP_AEAD_AES_128_GCM'

let engine: NativeEngine
let port: UdpPort
let egress: Egress
let source: SourceId

beforeEach(() => {
  engine = new NativeEngine()
  port = engine.udp.open({ host: '127.0.0.1', port: 0 })
  egress = engine.createEgress(port, { cname: 'crossroom' })
  source = egress.addSource({ kind: 'video' })
})
afterEach(() => engine.close())

/** Takes RFC 4571 frames apart as they are handed out, until `done`. */
async function readStream(receiver: Receiver, done: () => boolean, acknowledge = true): Promise<void> {
  while (!done()) {
    const piece = egress.pollStream()
    if (!piece) {
      await new Promise((resolve) => setImmediate(resolve))
      continue
    }
    for (let at = 0; at < piece.bytes.length;) {
      const length = (piece.bytes[at]! << 8) | piece.bytes[at + 1]!
      receiver.take(piece.bytes.slice(at + 2, at + 2 + length))
      at += 2 + length
    }
    if (acknowledge) egress.streamWritten(piece.destination, piece.bytes.length)
  }
}

test('a move between UDP addresses and TCP keeps keys and counters', async () => {
  const { id, receiver } = addDestination(engine, egress, port, GCM, 1)
  const track = egress.addTrack(id, VIDEO_TRACK)
  const targets = Uint32Array.of(track)
  egress.frame(source, frameOf(3), targets)
  await receiver.until(() => receiver.rtp.length === 3)
  egress.updateDestination(id, { route: { kind: 'tcp' } })
  egress.frame(source, frameOf(20), targets)
  egress.senderReport(track, 1e15, 0)
  await readStream(receiver, () => receiver.rtp.length === 23 && receiver.rtcp.length === 1)
  const elsewhere = engine.udp.open({ host: '127.0.0.1', port: 0 })
  const arrived = new Promise<void>((resolve) => {
    elsewhere.start((batch) => {
      for (let i = 0; i < batch.count; i++) {
        receiver.take(batch.bytes.slice(i * batch.rowSize, i * batch.rowSize + batch.lengths[i]!))
      }
      if (receiver.rtp.length === 25) resolve()
    })
  })
  egress.updateDestination(id, { route: { kind: 'udp', address: port.addressOf('127.0.0.1', elsewhere.port)! } })
  egress.frame(source, frameOf(2), targets)
  await arrived
  expect(receiver.failures).toBe(0)
  expect(receiver.rtp.map((packet) => packet.sequence)).toEqual(Array.from({ length: 25 }, (_, i) => 1000 + i))
})

test.each(['SRTP_AEAD_AES_128_GCM', 'SRTP_AES128_CM_SHA1_80'] as const)(
  'the sequence number goes round and the receiver follows, retransmissions across the wrap too (%s)',
  async (profile) => {
    const { id, receiver } = addDestination(engine, egress, port, profile, 1)
    egress.updateDestination(id, { route: { kind: 'tcp' } })
    const track = egress.addTrack(id, { ...VIDEO_TRACK, firstSequence: 32_767 })
    const frame = frameOf(1000, {}, 4)
    const frames = 33
    for (let i = 1; i <= frames; i++) {
      egress.frame(source, frame, Uint32Array.of(track))
      await readStream(receiver, () => receiver.rtp.length === i * 1000)
    }
    expect(receiver.failures).toBe(0)
    expect(receiver.rtp.map((packet) => packet.sequence)).toEqual(receiver.rtp.map((_, i) => (32_767 + i) % 65_536))
    const last = 32_767 + frames * 1000 - 1 - 65_536
    egress.resend(track, Uint16Array.of(65_535, 0, last))
    await readStream(receiver, () => receiver.rtp.length === frames * 1000 + 3)
    const originals = receiver.rtp.slice(-3).map(({ payload }) => (payload[0]! << 8) | payload[1]!)
    expect(originals).toEqual([65_535, 0, last])
  },
)

test('a TCP connection that takes nothing for 250 ms gets no video until it does and a keyframe comes', async () => {
  const { ours, theirs } = destinationKeys(GCM, 1)
  const receiver = new Receiver(engine, theirs)
  const id = egress.addDestination({ keys: ours, route: { kind: 'tcp' } })
  const track = egress.addTrack(id, VIDEO_TRACK)
  let owed = 0
  let handed = 0
  const hand = async (): Promise<void> => {
    egress.frame(source, frameOf(2, { keyframe: true }), Uint32Array.of(track))
    handed++
    for (let piece = egress.pollStream(); piece; piece = egress.pollStream()) owed += piece.bytes.length
    await new Promise((resolve) => setTimeout(resolve, 10))
  }
  const giveUpAt = engine.udp.now() + 10_000_000
  while (egress.pollEvent()?.kind !== 'starved' && engine.udp.now() < giveUpAt) await hand()
  for (let more = 0; more < 10; more++) await hand()
  expect(egress.destinationCounters(id)!.packets).toBeLessThanOrEqual((handed - 10) * 2)
  egress.streamWritten(id, owed)
  egress.frame(source, frameOf(2, { keyframe: false }), Uint32Array.of(track))
  egress.frame(source, frameOf(4, { rtpTimestamp: 5, keyframe: true }), Uint32Array.of(track))
  receiver.rtp.length = 0
  await readStream(receiver, () => receiver.rtp.length === 4)
  expect(receiver.rtp.every((packet) => packet.timestamp === 5)).toBe(true)
})

test('a destination without a route sends nothing and numbers nothing', async () => {
  const { id, receiver } = addDestination(engine, egress, port, GCM, 1)
  const track = egress.addTrack(id, VIDEO_TRACK)
  egress.updateDestination(id, { route: { kind: 'none' } })
  egress.frame(source, frameOf(5), Uint32Array.of(track))
  const address = port.addressOf('127.0.0.1', receiver.port.port)!
  egress.updateDestination(id, { route: { kind: 'udp', address } })
  egress.frame(source, frameOf(1, { keyframe: false }), Uint32Array.of(track))
  egress.frame(source, frameOf(2, { rtpTimestamp: 1 }), Uint32Array.of(track))
  await receiver.until(() => receiver.rtp.length === 2)
  expect(receiver.rtp.map(({ sequence, timestamp }) => [sequence, timestamp])).toEqual([
    [1000, 1],
    [1001, 1],
  ])
})

test.each(['0.0.0.0', '::'])('a socket on %s answers from the address that was asked', async (host) => {
  const wide = engine.udp.open({ host, port: 0 })
  const sender = engine.createEgress(wide, { cname: 'x' })
  const { ours, theirs } = destinationKeys(GCM, 3)
  const receiver = new Receiver(engine, theirs)
  const asked = new Promise<number>((resolve) => wide.start((batch) => resolve(batch.addresses[0]!)))
  receiver.port.send(Uint8Array.of(1, 2, 3), receiver.port.addressOf('127.0.0.2', wide.port)!)
  const address = await asked
  expect(wide.endpointOf(address)).toEqual({ family: 4, ip: '127.0.0.1', port: receiver.port.port })
  const destination = sender.addDestination({ keys: ours, route: { kind: 'udp', address } })
  const track = sender.addTrack(destination, VIDEO_TRACK)
  const from: (string | undefined)[] = []
  const take = receiver.take.bind(receiver)
  receiver.take = (wire): void => {
    take(wire)
    from.push(receiver.port.endpointOf(receiver.port.addressOf('127.0.0.2', wide.port)!)?.ip)
  }
  sender.frame(sender.addSource({ kind: 'video' }), frameOf(30), Uint32Array.of(track))
  await receiver.until(() => receiver.rtp.length === 30)
  expect(receiver.failures).toBe(0)
  expect(new Set(from)).toEqual(new Set(['127.0.0.2']))
})

describe('what was removed', () => {
  test('gets nothing, and its number belongs to no other player', async () => {
    const first = addDestination(engine, egress, port, GCM, 1)
    const oldTrack = egress.addTrack(first.id, VIDEO_TRACK)
    egress.removeDestination(first.id)
    egress.removeDestination(first.id)
    const second = addDestination(engine, egress, port, GCM, 9)
    const newTrack = egress.addTrack(second.id, VIDEO_TRACK)
    expect(second.id).not.toBe(first.id)
    expect(newTrack).not.toBe(oldTrack)
    egress.frame(source, frameOf(2), Uint32Array.of(oldTrack))
    egress.resend(oldTrack, Uint16Array.of(1000))
    egress.senderReport(oldTrack, 1e15, 0)
    egress.rtcp(first.id, new Uint8Array(8))
    egress.frame(source, frameOf(3), Uint32Array.of(newTrack))
    await second.receiver.until(() => second.receiver.rtp.length === 3)
    expect(first.receiver.rtp).toEqual([])
    expect(egress.destinationCounters(first.id)).toBeUndefined()
    expect(() => egress.addTrack(first.id, VIDEO_TRACK)).toThrow()
  })

  test('a source takes its history with it, and its frames are refused', () => {
    egress.removeSource(source)
    expect(egress.frame(source, frameOf(1), new Uint32Array())).toBeUndefined()
  })

  test('thousands of destinations and tracks come and go', () => {
    const { ours } = destinationKeys(GCM, 1)
    for (let round = 0; round < 20; round++) {
      const ids = Array.from({ length: 100 }, () => egress.addDestination({ keys: ours, route: { kind: 'none' } }))
      const tracks = ids.map((id) => egress.addTrack(id, VIDEO_TRACK))
      egress.frame(source, frameOf(20), Uint32Array.from(tracks))
      for (const id of ids) egress.removeDestination(id)
    }
    expect(egress.counters().framesRefused).toBe(0)
  })
})

describe('wrong arguments throw and change nothing', () => {
  test.each([
    ['packets longer than 1200 bytes', frameOf(2, {}, 1202)],
    ['a packet count beyond the table', { ...frameOf(2), packetCount: 3 }],
    ['no packets', { ...frameOf(2), packetCount: 0 }],
    ['ends that fall', { ...frameOf(2), ends: Uint32Array.of(1000, 900) }],
    ['ends beyond the payloads', { ...frameOf(2), ends: Uint32Array.of(1000, 1501) }],
    ['an empty packet', { ...frameOf(2), ends: Uint32Array.of(1000, 1000) }],
    ['a time stamp of 33 bits', { ...frameOf(2), rtpTimestamp: 2 ** 32 }],
    ['a time stamp that is no number', { ...frameOf(2), rtpTimestamp: NaN }],
  ])('%s', (_name, frame) => {
    expect(() => egress.frame(source, frame, new Uint32Array())).toThrow()
    expect(egress.frame(source, frameOf(1), new Uint32Array())).toBe(0)
  })

  test('more targets than the array has', () => {
    expect(() => egress.frame(source, frameOf(1), new Uint32Array(3), 4)).toThrow()
  })

  test.each([
    { payloadType: 128 },
    { firstSequence: 2 ** 15 },
    { extensions: { mid: 15 } },
    { playoutDelay: { min: 0, max: 4096 } },
    { mid: 'seventeen letters' },
  ])('a track with %j', (change) => {
    const { id } = addDestination(engine, egress, port, GCM, 1)
    expect(() => egress.addTrack(id, { ...VIDEO_TRACK, ...change })).toThrow()
  })

  test('too many sequences, too long RTCP, too long a replay', () => {
    expect(() => egress.resend(1, new Uint16Array(513))).toThrow()
    expect(() => egress.resend(1, new Uint16Array(3), 4)).toThrow()
    expect(() => egress.rtcp(1, new Uint8Array(1201))).toThrow()
    expect(() => egress.replay(1, source, 0, new Uint32Array(4097))).toThrow()
  })
})

test('a full queue refuses frames and says so', () => {
  egress.close()
  egress = engine.createEgress(port, { cname: 'x', queueBytes: 40_000 })
  source = egress.addSource({ kind: 'video' })
  expect(egress.frame(source, frameOf(40), new Uint32Array())).toBeUndefined()
  expect(egress.counters().framesRefused).toBe(1)
  expect(egress.frame(source, frameOf(4), new Uint32Array())).toBe(0)
})

test('closing is idempotent, in any order, and nothing works afterwards', () => {
  egress.frame(source, frameOf(4), new Uint32Array())
  egress.close()
  egress.close()
  expect(egress.frame(source, frameOf(1), new Uint32Array())).toBeUndefined()
  expect(egress.pollEvent()).toBeUndefined()
  expect(egress.pollStream()).toBeUndefined()
  expect(egress.counters().packets).toBe(0)
  port.close()
  port.close()
  expect(() => engine.createEgress(port, { cname: 'x' })).toThrow()
  engine.close()
})
