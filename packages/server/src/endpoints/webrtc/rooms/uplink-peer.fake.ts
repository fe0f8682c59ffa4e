import { createHmac } from 'node:crypto'
import { createSocket } from 'node:dgram'
import { Driver } from '@crossroom/media'
import { NativeEngine, NativeUnavailableError, srtpOutboundForTest } from '@crossroom/native'
import { nodeClock, nowMicros, RtcPeer, type RtcPeerEvent } from '@crossroom/testkit'
import { parseCompound, type SrtpInbound } from '@crossroom/webrtc'
import type { RtpHeaderFields } from '../../../../../webrtc/src/rtp/header.js'
import { buildSps } from '../../../../../media/src/h264/sps.fake.js'
import { buildRtpPacket } from '../../../../../webrtc/src/rtp/rtp.fake.js'

/** Undefined if the native package is not built. */
export function openEngine(): NativeEngine | undefined {
  try {
    return new NativeEngine()
  } catch (error) {
    if (error instanceof NativeUnavailableError) return undefined
    throw error
  }
}

/** An m-line of an offer. */
export interface OfferedLine {
  readonly mid: string
  readonly kind: 'audio' | 'video'
  readonly direction?: 'sendonly' | 'inactive'
  readonly rids?: readonly string[]
}

const IDS = { mid: 4, rid: 10 } as const
const PPS = Uint8Array.of(0x68, 0xce, 0x38, 0x80)

/** Sizes in macroblocks, by layer. */
const SIZES: Readonly<Record<string, readonly [wide: number, high: number]>> = { h: [40, 22], l: [20, 11] }

/** A browser that publishes into a room: it writes its offers line by line, and its pictures and sound are of a few bytes. */
export class UplinkPeer {
  readonly peer: RtcPeer
  readonly events: RtcPeerEvent[] = []
  /** SSRCs for which a keyframe was asked. */
  readonly keyframesAsked: number[] = []
  readonly #engine: NativeEngine
  readonly #socket = createSocket('udp4')
  readonly #sequences = new Map<number, number>()
  readonly #driver: Driver<Uint8Array, Uint8Array, RtcPeerEvent>
  #port = 0

  constructor(engine: NativeEngine) {
    this.#engine = engine
    this.peer = new RtcPeer({
      now: nowMicros(),
      random: Math.random,
      hmacSha1: (key, data) => createHmac('sha1', key).update(data).digest(),
      dtls: engine.dtls,
      createInbound: (keys) => this.#overheard(engine.srtp.createInbound(keys)),
      createOutbound: srtpOutboundForTest,
      direction: 'sendonly',
    })
    this.#driver = new Driver(this.peer, nodeClock, {
      output: (bytes) => this.#socket.send(bytes, this.#port, '127.0.0.1'),
      event: (event) => this.events.push(event),
    })
    this.#socket.on('message', (bytes) => this.#driver.handleInput(bytes))
  }

  offer(lines: readonly OfferedLine[]): string {
    const bundle = lines.map(({ mid }) => mid).join(' ')
    const session = ['v=0', 'o=- 1 1 IN IP4 127.0.0.1', 's=-', 't=0 0', `a=group:BUNDLE ${bundle}`]
    return [...session, ...lines.flatMap((line) => this.#lineOf(line))].map((line) => `${line}\r\n`).join('')
  }

  /** Takes the first answer, connects and waits until media can flow. */
  async connect(answer: string): Promise<void> {
    this.#port = Number(/^a=candidate:\S+ 1 udp \d+ \S+ (\d+)/im.exec(answer)![1])
    this.peer.acceptAnswer(nowMicros(), answer)
    this.#driver.drain()
    await until(() => this.peer.isConnected)
  }

  /** Takes the answer to an offer with new ICE credentials. */
  acceptRestart(answer: string): void {
    const value = (name: string): string => new RegExp(`^a=ice-${name}:(\\S+)`, 'm').exec(answer)![1]!
    this.peer.acceptRestart(nowMicros(), { usernameFragment: value('ufrag'), password: value('pwd') })
    this.#driver.drain()
  }

  /** A picture of one packet, or three for a keyframe. */
  sendVideo(mid: string, ssrc: number, options: { keyframe?: boolean; rid?: string } = {}): void {
    const { keyframe = false, rid } = options
    const [macroblocksWide, macroblocksHigh] = SIZES[rid ?? 'h']!
    const sps = buildSps({ profileIdc: 66, orderCountType: 2, macroblocksWide, macroblocksHigh })
    const units = keyframe ? [sps, PPS, Uint8Array.of(0x65, 0x88, 1)] : [Uint8Array.of(0x41, 0x9a, 1)]
    const timestamp = timestampOf(90)
    for (const [index, unit] of units.entries()) {
      const header = { marker: index === units.length - 1, payloadType: 102, timestamp, ssrc }
      this.#sendRtp(header, unit, rid === undefined ? { mid } : { mid, rid })
    }
  }

  /** 20 ms of Opus silence (RFC 6716 section 3.1: SILK narrow-band, one frame). */
  sendAudio(mid: string, ssrc: number): void {
    const header = { marker: true, payloadType: 111, timestamp: timestampOf(48), ssrc }
    this.#sendRtp(header, Uint8Array.of(0x08, 0x0b, 0xe4, 0xc1), { mid })
  }

  close(): void {
    if (this.#driver.isClosed) return
    this.peer.close(nowMicros())
    this.#driver.drain()
    this.#driver.close()
    // The last packet is sent only after a turn of the loop.
    setImmediate(() => this.#socket.close())
  }

  #lineOf({ mid, kind, direction = 'sendonly', rids = [] }: OfferedLine): string[] {
    const codec =
      kind === 'audio'
        ? ['m=audio 9 UDP/TLS/RTP/SAVPF 111', 'a=rtpmap:111 opus/48000/2']
        : [
            'm=video 9 UDP/TLS/RTP/SAVPF 102',
            'a=rtpmap:102 H264/90000',
            'a=fmtp:102 packetization-mode=1;profile-level-id=42e01f',
            ...['nack', 'nack pli'].map((feedback) => `a=rtcp-fb:102 ${feedback}`),
          ]
    const { usernameFragment, password } = this.peer.local
    const { algorithm, value } = this.#engine.dtls.fingerprint
    return [
      ...codec,
      ...[`a=${direction}`, `a=mid:${mid}`, 'c=IN IP4 0.0.0.0', 'a=rtcp-mux', 'a=setup:actpass'],
      ...[`a=ice-ufrag:${usernameFragment}`, `a=ice-pwd:${password}`, `a=fingerprint:${algorithm} ${value}`],
      `a=extmap:${IDS.mid} urn:ietf:params:rtp-hdrext:sdes:mid`,
      `a=extmap:${IDS.rid} urn:ietf:params:rtp-hdrext:sdes:rtp-stream-id`,
      ...rids.map((rid) => `a=rid:${rid} send`),
      ...(rids.length > 0 ? [`a=simulcast:send ${rids.join(';')}`] : []),
    ]
  }

  #sendRtp(
    header: Omit<RtpHeaderFields, 'sequenceNumber'>,
    payload: Uint8Array,
    names: { readonly mid: string; readonly rid?: string },
  ): void {
    const sequenceNumber = this.#sequences.get(header.ssrc) ?? 1
    this.#sequences.set(header.ssrc, sequenceNumber + 1)
    this.peer.sendRtp(buildRtpPacket({ ...header, sequenceNumber }, payload, names, IDS))
    this.#driver.drain()
  }

  #overheard(inbound: SrtpInbound): SrtpInbound {
    return {
      unprotectRtp: (packet, length) => inbound.unprotectRtp(packet, length),
      unprotectRtcp: (packet, length) => {
        const plain = inbound.unprotectRtcp(packet, length)
        for (const report of parseCompound(packet.subarray(0, Math.max(plain, 0))) ?? [])
          if (report.type === 'pli') this.keyframesAsked.push(report.mediaSsrc)
        return plain
      },
      counters: () => inbound.counters(),
      close: () => inbound.close(),
    }
  }
}

/** RTP time of now, in ticks of a clock of so many kHz. */
function timestampOf(kHz: number): number {
  return Math.floor((nowMicros() * kHz) / 1000) >>> 0
}

/** Waits for what sockets bring. Rejects after two seconds. */
export async function until(isTrue: () => boolean, what = isTrue.toString()): Promise<void> {
  for (const end = nowMicros() + 20_000_000; !isTrue(); await new Promise((resolve) => setTimeout(resolve, 5)))
    if (nowMicros() > end) throw new Error(`Still not: ${what}`)
}
