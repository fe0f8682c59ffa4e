import { SRTP_DROP, type SrtpInbound, type SrtpOutbound, type UdpBatch, type UdpPort } from '@crossroom/webrtc'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { NativeEngine } from './engine.js'
import { srtpKeysForTest, srtpOutboundForTest } from './srtp.js'

let engine: NativeEngine
let port: UdpPort
let peer: UdpPort
let inbound: SrtpInbound
let outbound: SrtpOutbound
/** The peer, as the port numbers it. */
let from: number
let rows: { opened: number; bytes: string }[]
let onRows: () => void

beforeEach(() => {
  engine = new NativeEngine()
  port = engine.udp.open({ host: '127.0.0.1', port: 0 })
  peer = engine.udp.open({ host: '127.0.0.1', port: 0 })
  const [one, other] = [1, 2].map((fill) => ({
    key: new Uint8Array(16).fill(fill),
    salt: new Uint8Array(12).fill(fill),
  }))
  inbound = engine.srtp.createInbound(srtpKeysForTest('SRTP_AEAD_AES_128_GCM', one!, other!))
  outbound = srtpOutboundForTest(srtpKeysForTest('SRTP_AEAD_AES_128_GCM', other!, one!))
  from = port.addressOf('127.0.0.1', peer.port)!
  rows = []
  onRows = () => undefined
  port.start((batch: UdpBatch) => {
    for (let i = 0; i < batch.count; i++) {
      const length = batch.opened[i]! > 0 ? batch.opened[i]! : batch.lengths[i]!
      rows.push({ opened: batch.opened[i]!, bytes: Buffer.from(batch.rows[i]!.subarray(0, length)).toString('hex') })
    }
    onRows()
  })
})
afterEach(() => engine.close())

/** What the port makes of these datagrams, all of them sent at once. */
async function receive(...datagrams: readonly Uint8Array[]): Promise<typeof rows> {
  rows = []
  const all = new Promise<void>((resolve) => (onRows = () => void (rows.length === datagrams.length && resolve())))
  const to = peer.addressOf('127.0.0.1', port.port)!
  for (const datagram of datagrams) peer.send(datagram, to)
  await all
  return rows
}

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex')
const rtp = (sequence: number): Uint8Array =>
  Uint8Array.of(0x80, 96, sequence >> 8, sequence & 255, 0, 0, 0, 1, 0, 0, 0, 7, ...Buffer.from(`number ${sequence}`))
const rtcp = Uint8Array.of(0x81, 206, 0, 2, 0, 0, 0, 7, 0, 0, 0, 9)

function sealed(kind: 'rtp' | 'rtcp', plain: Uint8Array): Uint8Array {
  const packet = new Uint8Array(plain.length + 20)
  packet.set(plain)
  const length = kind === 'rtp' ? outbound.protectRtp(packet, plain.length) : outbound.protectRtcp(packet, plain.length)
  return packet.slice(0, length)
}

test('RTP from an address with a context comes decrypted; everything else, and all before and after, as it was', async () => {
  const packets = [1, 2, 3].map((sequence) => sealed('rtp', rtp(sequence)))
  expect(await receive(packets[0]!)).toEqual([{ opened: 0, bytes: hex(packets[0]!) }])
  port.pin(from)
  port.openMedia(from, inbound)
  const stun = Uint8Array.of(0, 1, 0, 0, 0x21, 0x12, 0xa4, 0x42)
  const report = sealed('rtcp', rtcp)
  expect(await receive(packets[1]!, stun, report, Uint8Array.of(0x80))).toEqual([
    { opened: rtp(2).length, bytes: hex(rtp(2)) },
    { opened: 0, bytes: hex(stun) },
    { opened: 0, bytes: hex(report) },
    { opened: 0, bytes: '80' },
  ])
  port.openMedia(from, undefined)
  expect(await receive(packets[2]!)).toEqual([{ opened: 0, bytes: hex(packets[2]!) }])
  expect(inbound.unprotectRtp(packets[2]!, packets[2]!.length)).toBe(rtp(3).length)
  expect(inbound.counters()).toEqual({ rtpPackets: 2, rtcpPackets: 0, malformed: 0, forged: 0, replayed: 0 })
})

test('forged, replayed and malformed packets are reported and counted', async () => {
  port.pin(from)
  port.openMedia(from, inbound)
  const packet = sealed('rtp', rtp(5))
  const forged = packet.with(20, packet[20]! ^ 1)
  const seen = await receive(forged, packet, packet, Uint8Array.of(0x80, 96, 0, 1))
  const { forged: isForged, replayed, malformed } = SRTP_DROP
  expect(seen.map(({ opened }) => opened)).toEqual([isForged, rtp(5).length, replayed, malformed])
  expect(inbound.counters()).toEqual({ rtpPackets: 1, rtcpPackets: 0, malformed: 1, forged: 1, replayed: 1 })
})

test('only the one address is opened, and a later context takes the place of the one before', async () => {
  const other = port.addressOf('127.0.0.1', 9)!
  port.openMedia(other, inbound)
  const packet = sealed('rtp', rtp(7))
  expect(await receive(packet)).toEqual([{ opened: 0, bytes: hex(packet) }])
  const keys = { key: new Uint8Array(16).fill(9), salt: new Uint8Array(12).fill(9) }
  const wrong = engine.srtp.createInbound(srtpKeysForTest('SRTP_AEAD_AES_128_GCM', keys, keys))
  port.openMedia(from, wrong)
  expect((await receive(packet))[0]!.opened).toBe(SRTP_DROP.forged)
  port.openMedia(from, inbound)
  expect((await receive(packet))[0]!.opened).toBe(rtp(7).length)
})

test('a context that was closed opens nothing more, and numbers of nobody are passed over', async () => {
  port.pin(from)
  port.openMedia(from, inbound)
  inbound.close()
  expect((await receive(sealed('rtp', rtp(1))))[0]!.opened).toBe(SRTP_DROP.malformed)
  for (const address of [0, -1, 1.5, NaN, 2 ** 31, 2 ** 32, 0x7fff_ffff]) port.openMedia(address, inbound)
  port.openMedia(from, inbound)
  const packet = sealed('rtp', rtp(2))
  expect(await receive(packet)).toEqual([{ opened: 0, bytes: hex(packet) }])
})

test('an address that a flood has pushed out takes no context with it', () => {
  port.openMedia(from, inbound)
  for (let i = 0; i < 300_000; i++) port.addressOf(`10.${i >> 16}.${(i >> 8) & 255}.${i & 255}`, 1024 + (i % 60_000))
  expect(port.endpointOf(from)).toBeUndefined()
  const packet = sealed('rtp', rtp(1))
  expect(inbound.unprotectRtp(packet, packet.length)).toBe(rtp(1).length)
  inbound.close()
})
