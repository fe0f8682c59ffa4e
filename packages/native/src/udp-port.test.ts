import type { UdpBatch, UdpPort } from '@crossroom/webrtc'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { NativeEngine } from './engine.js'

let engine: NativeEngine
let port: UdpPort
let other: UdpPort

beforeEach(() => {
  engine = new NativeEngine()
  port = engine.udp.open({ host: '127.0.0.1', port: 0 })
  other = engine.udp.open({ host: '127.0.0.1', port: 0 })
})
afterEach(() => engine.close())

interface Datagram {
  readonly bytes: Uint8Array
  readonly address: number
  readonly arrivedAt: number
}

/** What arrives, once there are `count` datagrams. */
function receive(on: UdpPort, count: number): Promise<Datagram[]> {
  const out: Datagram[] = []
  return new Promise((resolve) => {
    on.start((batch: UdpBatch) => {
      for (let i = 0; i < batch.count; i++) {
        const bytes = batch.bytes.slice(i * batch.rowSize, i * batch.rowSize + batch.lengths[i]!)
        out.push({ bytes, address: batch.addresses[i]!, arrivedAt: batch.arrivedAt[i]! })
      }
      if (out.length >= count) resolve(out)
    })
  })
}

test('datagrams arrive whole, in order, with the sender and the time of arrival', async () => {
  const to = other.addressOf('127.0.0.1', port.port)!
  const before = engine.udp.now()
  const received = receive(port, 100)
  for (let i = 0; i < 100; i++) expect(other.send(new Uint8Array(i + 1).fill(i), to)).toBe(true)
  const after = engine.udp.now()
  const datagrams = await received
  expect(datagrams.map(({ bytes }) => [bytes.length, bytes[0]])).toEqual(datagrams.map((_, i) => [i + 1, i]))
  for (const { address, arrivedAt } of datagrams) {
    expect(port.endpointOf(address)).toEqual({ family: 4, ip: '127.0.0.1', port: other.port })
    expect(arrivedAt).toBeGreaterThan(before - 2000)
    expect(arrivedAt).toBeLessThan(after + 2000)
  }
  expect(new Set(datagrams.map(({ address }) => address)).size).toBe(1)
  expect(port.counters()).toMatchObject({ receivedPackets: 100, receivedBytes: 5050, truncated: 0 })
  expect(other.counters()).toMatchObject({ sentPackets: 100, sentBytes: 5050, sendFailed: 0 })
})

test('a datagram longer than a row is told by an empty one and counted', async () => {
  const received = receive(port, 2)
  const to = other.addressOf('127.0.0.1', port.port)!
  other.send(new Uint8Array(2049), to)
  other.send(new Uint8Array(2048), to)
  expect((await received).map(({ bytes }) => bytes.length)).toEqual([0, 2048])
  expect(port.counters().truncated).toBe(1)
})

test('IPv6 and IPv4 on one dual-stack socket', async () => {
  const wide = engine.udp.open({ host: '::', port: 0 })
  const six = engine.udp.open({ host: '::1', port: 0 })
  const received = receive(wide, 2)
  six.send(Uint8Array.of(6), six.addressOf('::1', wide.port)!)
  other.send(Uint8Array.of(4), other.addressOf('127.0.0.1', wide.port)!)
  const endpoints = (await received).map(({ address }) => wide.endpointOf(address))
  expect(endpoints).toContainEqual({ family: 6, ip: '::1', port: six.port })
  expect(endpoints).toContainEqual({ family: 4, ip: '127.0.0.1', port: other.port })
  const answers = receive(six, 1)
  wide.send(Uint8Array.of(66), wide.addressOf('::1', six.port)!)
  expect((await answers)[0]!.bytes).toEqual(Uint8Array.of(66))
})

test('an address has one number, and a flood of others does not take a pinned one', () => {
  const mine = port.addressOf('192.0.2.1', 5000)!
  expect(port.addressOf('192.0.2.1', 5000)).toBe(mine)
  expect(port.addressOf('192.0.2.1', 5001)).not.toBe(mine)
  port.pin(mine)
  const forgotten = port.addressOf('192.0.2.2', 5000)!
  for (let i = 0; i < 300_000; i++) port.addressOf(`10.${i >> 16}.${(i >> 8) & 255}.${i & 255}`, 1024 + (i % 60_000))
  expect(port.endpointOf(mine)).toEqual({ family: 4, ip: '192.0.2.1', port: 5000 })
  expect(port.addressOf('192.0.2.1', 5000)).toBe(mine)
  expect(port.endpointOf(forgotten)).toBeUndefined()
  expect(port.send(Uint8Array.of(1), forgotten)).toBe(false)
  expect(port.addressOf('192.0.2.2', 5000)).not.toBe(forgotten)
  expect(port.counters().sendFailed).toBe(1)
})

test.each(['', 'example.org', '1.2.3', '1.2.3.4.5', '::1'])('%j is no address for an IPv4 socket', (text) => {
  expect(port.addressOf(text, 1)).toBeUndefined()
})

test.each([0, -1, 2 ** 31, 2 ** 32, 1.5, NaN])('%d is no player’s number', (number) => {
  expect(port.endpointOf(number)).toBeUndefined()
  expect(port.send(Uint8Array.of(1), number)).toBe(false)
})

test('a port in use is told by the system’s code', () => {
  const open = (): UdpPort => engine.udp.open({ host: '127.0.0.1', port: port.port })
  expect(open).toThrow(expect.objectContaining({ code: 'EADDRINUSE' }) as Error)
  expect(() => engine.udp.open({ host: 'localhost', port: 0 })).toThrow()
  expect(() => engine.udp.open({ host: '192.0.2.77', port: 0 })).toThrow(
    expect.objectContaining({ code: 'EADDRNOTAVAIL' }) as Error,
  )
})

test('a port may be closed from its own callback', async () => {
  const closed = new Promise<void>((resolve) => {
    port.start(() => {
      port.close()
      resolve()
    })
  })
  other.send(Uint8Array.of(1), other.addressOf('127.0.0.1', port.port)!)
  await closed
  expect(port.send(Uint8Array.of(1), 1)).toBe(false)
  expect(port.counters().receivedPackets).toBe(1)
})
