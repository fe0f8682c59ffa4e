import { EventEmitter } from 'node:events'
import type { Socket } from 'node:net'
import type { PeerAddress } from '@crossroom/webrtc'
import { beforeEach, expect, test } from 'vitest'
import { rtcLimits } from '../../../config/index.js'
import { TcpAddresses } from './tcp-addresses.js'

/** A socket whose other side reads as much as it is told to. */
class SlowSocket extends EventEmitter {
  bytesWritten = 0
  writableLength = 0
  isDestroyed = false

  write(bytes: Uint8Array): boolean {
    this.bytesWritten += bytes.length
    this.writableLength += bytes.length
    return false
  }

  read(bytes: number): void {
    this.writableLength -= Math.min(bytes, this.writableLength)
  }

  destroy(): void {
    this.isDestroyed = true
    this.emit('close')
  }
}

let socket: SlowSocket
let addresses: TcpAddresses
let address: PeerAddress

beforeEach(() => {
  socket = new SlowSocket()
  addresses = new TcpAddresses({ packet: () => undefined, closed: () => undefined })
  address = addresses.add(socket as unknown as Socket)
})

const WAYS = {
  'answers of ours': (bytes: number) => addresses.send(address, new Uint8Array(bytes)),
  'media of the egress': (bytes: number) => addresses.write(address, new Uint8Array(bytes), () => undefined),
}

test.each(Object.keys(WAYS) as (keyof typeof WAYS)[])(
  '%s wait up to a bound for who does not read, never more',
  (way) => {
    for (let count = 0; count < 100_000 && !socket.isDestroyed; count++) {
      WAYS[way](100)
      expect(socket.writableLength).toBeLessThanOrEqual(rtcLimits.tcpWaitingBytes)
    }
    expect(socket.isDestroyed).toBe(true)
    expect(addresses.size).toBe(0)
  },
)

test('a client that reads everything is never closed', () => {
  for (let count = 0; count < 5000; count++) {
    WAYS['answers of ours'](1000)
    socket.read(Infinity)
  }
  expect(socket.isDestroyed).toBe(false)
})
