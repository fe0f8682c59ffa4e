import { OracleSrtpInbound, oracleSrtpKeys } from '@crossroom/testkit'
import type {
  Egress,
  EgressFrame,
  SrtpKeys,
  SrtpProfile,
  TrackOptions,
  UdpPort,
  DestinationId,
} from '@crossroom/webrtc'
import type { NativeEngine } from './engine.js'
import { srtpKeysForTest } from './srtp.js'

const SALT_BYTES = { SRTP_AEAD_AES_128_GCM: 12, SRTP_AES128_CM_SHA1_80: 14 } as const

/** Keys of a destination for the egress (ours), and the same for the oracle at the other end. */
export function destinationKeys(profile: SrtpProfile, seed: number): { ours: SrtpKeys; theirs: SrtpKeys } {
  const master = (offset: number) => ({
    key: new Uint8Array(16).fill(seed + offset),
    salt: new Uint8Array(SALT_BYTES[profile]).fill(seed + offset + 1),
  })
  const [local, remote] = [master(1), master(101)]
  return { ours: srtpKeysForTest(profile, local, remote), theirs: oracleSrtpKeys(profile, remote, local) }
}

/** A received packet, decrypted by the oracle and taken apart. */
export interface Received {
  readonly sequence: number
  readonly timestamp: number
  readonly ssrc: number
  readonly payloadType: number
  readonly marker: boolean
  /** Extension elements by id. */
  readonly extensions: ReadonlyMap<number, Uint8Array>
  readonly payload: Uint8Array
  /** The packet as it was on the wire. */
  readonly wire: Uint8Array
  readonly arrivedAt: number
}

export function parse(plain: Uint8Array, wire: Uint8Array, arrivedAt = 0): Received {
  const view = new DataView(plain.buffer, plain.byteOffset, plain.length)
  const extensions = new Map<number, Uint8Array>()
  let at = 12
  if (plain[0]! & 0x10) {
    const end = 16 + 4 * view.getUint16(14)
    for (at = 16; at < end;) {
      const [id, length] = [plain[at]! >> 4, (plain[at]! & 0x0f) + 1]
      if (id === 0) at++
      else {
        extensions.set(id, plain.slice(at + 1, at + 1 + length))
        at += 1 + length
      }
    }
    at = end
  }
  return {
    sequence: view.getUint16(2),
    timestamp: view.getUint32(4),
    ssrc: view.getUint32(8),
    payloadType: plain[1]! & 0x7f,
    marker: plain[1]! >> 7 === 1,
    extensions,
    payload: plain.slice(at),
    wire,
    arrivedAt,
  }
}

/** A UDP socket at the other end that opens everything with the oracle. */
export class Receiver {
  readonly port: UdpPort
  readonly rtp: Received[] = []
  readonly rtcp: Uint8Array[] = []
  failures = 0
  readonly #inbound: OracleSrtpInbound
  #waiting: (() => void) | undefined

  constructor(engine: NativeEngine, keys: SrtpKeys, host = '127.0.0.1') {
    this.#inbound = new OracleSrtpInbound(keys)
    this.port = engine.udp.open({ host, port: 0 })
    this.port.start((batch) => {
      for (let i = 0; i < batch.count; i++) {
        const start = i * batch.rowSize
        this.take(batch.bytes.slice(start, start + batch.lengths[i]!), batch.arrivedAt[i])
      }
      this.#waiting?.()
    })
  }

  take(wire: Uint8Array, arrivedAt = 0): void {
    const copy = wire.slice()
    const isRtcp = copy[1]! >= 192 && copy[1]! < 224
    const length = isRtcp
      ? this.#inbound.unprotectRtcp(copy, copy.length)
      : this.#inbound.unprotectRtp(copy, copy.length)
    if (length < 0) this.failures++
    else if (isRtcp) this.rtcp.push(copy.slice(0, length))
    else this.rtp.push(parse(copy.slice(0, length), wire, arrivedAt))
  }

  /** Until `done`, looked at after every batch; the test's own time limit is the limit. */
  async until(done: () => boolean): Promise<void> {
    while (!done()) await new Promise<void>((resolve) => (this.#waiting = resolve))
  }
}

/** A video frame of `packets` packets: all of `size` bytes but the last, which has half. */
export function frameOf(packets: number, options: Partial<EgressFrame> = {}, size = 1000): EgressFrame {
  const ends = Uint32Array.from({ length: packets }, (_, i) => (i + 1) * size - (i === packets - 1 ? size / 2 : 0))
  const payloads = Uint8Array.from({ length: ends[packets - 1]! }, (_, i) => (i * 7 + packets) & 0xff)
  return { rtpTimestamp: 90_000, payloads, ends, packetCount: packets, marker: true, keyframe: true, ...options }
}

/** The payloads of a frame, cut. */
export function payloadsOf(frame: EgressFrame): Uint8Array[] {
  return Array.from(frame.ends.subarray(0, frame.packetCount), (end, i) =>
    frame.payloads.slice(i === 0 ? 0 : frame.ends[i - 1]!, end),
  )
}

export const VIDEO_TRACK: TrackOptions = {
  kind: 'video',
  ssrc: 0x11112222,
  payloadType: 102,
  rtx: { ssrc: 0x33334444, payloadType: 103, firstSequence: 500 },
  firstSequence: 1000,
  mid: 'v0',
  extensions: { mid: 1, absSendTime: 2, transportCc: 3, playoutDelay: 4, absCaptureTime: 5, videoOrientation: 6 },
}

export interface Destination {
  readonly id: DestinationId
  readonly receiver: Receiver
}

/** A destination that the egress on `port` sends to. */
export function addDestination(
  engine: NativeEngine,
  egress: Egress,
  port: UdpPort,
  profile: SrtpProfile,
  seed: number,
  host = '127.0.0.1',
): Destination {
  const { ours, theirs } = destinationKeys(profile, seed)
  const receiver = new Receiver(engine, theirs, host)
  const address = port.addressOf(host, receiver.port.port)!
  return { id: egress.addDestination({ keys: ours, route: { kind: 'udp', address } }), receiver }
}
