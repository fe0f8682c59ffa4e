import { createHmac } from 'node:crypto'
import { createSocket, type Socket as UdpSocket } from 'node:dgram'
import { connect, type Socket as TcpSocket } from 'node:net'
import { Driver, type Micros } from '@crossroom/media'
import { NativeEngine, srtpOutboundForTest } from '@crossroom/native'
import { nodeClock, nowMicros, RtcPeer, type RtcPeerEvent } from '@crossroom/testkit'
import {
  datagramKind,
  FRAME_HEADER_BYTES,
  FrameReader,
  parseTrickleFragment,
  writeFrame,
  type DatagramKind,
} from '@crossroom/webrtc'
import { until } from '../../harness/index.js'

/** What a wire peer may change. */
export interface WirePeerOptions {
  /** Changes the offer before it is posted. */
  readonly editOffer?: (sdp: string) => string
  /** Every RTP packet, plain. */
  readonly onPacket?: (packet: Uint8Array) => void
  /** Every RTCP compound, plain. */
  readonly onRtcp?: (compound: Uint8Array) => void
  /** Default `recvonly`, a player. */
  readonly direction?: 'recvonly' | 'sendonly'
}

/** A frame that came, and when. */
interface Arrival {
  readonly kind: 'video' | 'audio'
  readonly codec: string
  readonly keyframe: boolean
  readonly at: Micros
}

/** Where the server of an answer can be reached. */
interface Candidates {
  readonly ip: string
  readonly udp: number
  readonly tcp: number
}

let engine: NativeEngine | undefined

/** One for all peers of a test file: it holds the certificate. */
function sharedEngine(): NativeEngine {
  engine ??= new NativeEngine()
  return engine
}

/**
 * A player by WHEP, or a publisher by WHIP, with its hands on the wire: it changes its network, restarts ICE, sends what it likes, and sees every
 * datagram. The media part is the testkit's `RtcPeer`.
 */
export class WirePeer {
  readonly peer: RtcPeer
  readonly arrivals: Arrival[] = []
  /** How many datagrams came, by kind. */
  readonly received: Record<DatagramKind, number> = { stun: 0, dtls: 0, rtp: 0, rtcp: 0, unknown: 0 }
  /** The last protected reports that were sent: what an eavesdropper could send again. */
  readonly sentReports: Uint8Array[] = []
  /** Every STUN message that came. */
  readonly stun: Uint8Array[] = []
  /** The SDP that was answered. */
  answer = ''
  location = ''
  etag = ''
  closedAt: Micros | undefined
  readonly #options: WirePeerOptions
  readonly #reader = new FrameReader()
  #udp: UdpSocket
  #tcp: TcpSocket | undefined
  #candidates: Candidates | undefined
  readonly #driver: Driver<Uint8Array, Uint8Array, RtcPeerEvent>

  private constructor(options: WirePeerOptions) {
    this.#options = options
    const { dtls, srtp } = sharedEngine()
    this.peer = new RtcPeer({
      now: nowMicros(),
      random: Math.random,
      hmacSha1: (key, data) => createHmac('sha1', key).update(data).digest(),
      dtls,
      createInbound: (keys) => srtp.createInbound(keys),
      createOutbound: srtpOutboundForTest,
      direction: options.direction ?? 'recvonly',
      ...(options.onPacket !== undefined && { onPacket: options.onPacket }),
      ...(options.onRtcp !== undefined && { onRtcp: options.onRtcp }),
    })
    this.#driver = new Driver(this.peer, nodeClock, {
      output: (bytes) => {
        if (datagramKind(bytes) === 'rtcp') this.sentReports.push(new Uint8Array(bytes))
        this.sendRaw(bytes)
      },
      event: (event) => this.#handleEvent(event),
    })
    this.#udp = this.#openUdp()
  }

  /** Posts the offer to `http://HOST:PORT/whep/APP/STREAM` (or `/whip/…`) and takes the answer; checks begin with `useUdp` or `useTcp`. */
  static async post(url: string, options: WirePeerOptions = {}): Promise<WirePeer> {
    const client = new WirePeer(options)
    const body = client.#options.editOffer?.(client.peer.offer()) ?? client.peer.offer()
    const response = await fetch(url, { method: 'POST', headers: { 'Content-Type': 'application/sdp' }, body })
    const answer = await response.text()
    if (response.status !== 201) throw new Error(`${String(response.status)}: ${answer}`)
    client.location = new URL(response.headers.get('location')!, url).href
    client.etag = response.headers.get('etag')!
    client.answer = answer
    client.#candidates = candidatesOf(answer)
    client.peer.acceptAnswer(nowMicros(), answer)
    return client
  }

  /** Posts, connects by UDP and waits for the first frames. */
  static async play(url: string): Promise<WirePeer> {
    const client = await WirePeer.post(url)
    client.useUdp()
    await client.untilFrames(10)
    return client
  }

  get videoFrames(): number {
    return this.arrivals.filter((frame) => frame.kind === 'video').length
  }

  /** The longest time without a video frame since `from`. */
  longestGapSince(from: Micros): Micros {
    const times = this.arrivals.filter(({ kind, at }) => kind === 'video' && at >= from).map(({ at }) => at)
    return Math.max(...times.map((at, index) => at - (times[index - 1] ?? from)))
  }

  /** From now on everything goes by UDP. */
  useUdp(): void {
    this.#tcp?.destroy()
    this.#tcp = undefined
    this.#checkNow()
  }

  /** From now on everything goes by TCP (RFC 6544, RFC 4571). `port` takes another way than the announced one. */
  async useTcp(port?: number): Promise<void> {
    const { ip, tcp } = this.#candidates!
    const socket = connect(port ?? tcp, ip)
    socket.on('error', () => undefined)
    socket.on('data', (bytes) => {
      this.#reader.push(bytes)
      for (let packet = this.#reader.next(); packet !== undefined; packet = this.#reader.next()) {
        this.#handleDatagram(new Uint8Array(packet))
      }
    })
    await new Promise<void>((resolve, reject) => socket.once('connect', resolve).once('error', reject))
    this.#tcp = socket
    this.#checkNow()
  }

  /** Another local port, as after a change of network. */
  moveUdp(): void {
    this.#udp.close()
    this.#udp = this.#openUdp()
    this.#checkNow()
  }

  /** Restarts ICE by PATCH (RFC 9725 section 4.3.3). */
  async restartIce(): Promise<void> {
    const local = this.peer.restartIce()
    const body = `a=ice-ufrag:${local.usernameFragment}\r\na=ice-pwd:${local.password}\r\n`
    const headers = { 'Content-Type': 'application/trickle-ice-sdpfrag', 'If-Match': '*' }
    const response = await fetch(this.location, { method: 'PATCH', headers, body })
    if (response.status !== 200) throw new Error(`PATCH was answered with ${String(response.status)}`)
    this.etag = response.headers.get('etag')!
    this.peer.acceptRestart(nowMicros(), parseTrickleFragment(await response.text()).ice!)
    this.#driver.drain()
  }

  /** Sends bytes as they are from the socket that is in use. */
  sendRaw(bytes: Uint8Array): void {
    if (this.#tcp === undefined) {
      this.#udp.send(bytes, this.#candidates!.udp, this.#candidates!.ip)
      return
    }
    const framed = new Uint8Array(FRAME_HEADER_BYTES + bytes.length)
    writeFrame(bytes, framed, 0)
    this.#tcp.write(framed)
  }

  /** Whether the server still knows the session; asking changes nothing. */
  async isKnown(): Promise<boolean> {
    const headers = { 'Content-Type': 'application/trickle-ice-sdpfrag' }
    // Without If-Match a session answers 428, and what is no session 404.
    return (await fetch(this.location, { method: 'PATCH', headers })).status === 428
  }

  /** Protects and sends RTP packets. */
  sendRtp(packets: readonly Uint8Array[]): void {
    for (const packet of packets) this.peer.sendRtp(packet)
    this.#driver.drain()
  }

  /** Waits for so many more video frames. */
  async untilFrames(count: number, timeoutMs = 10_000): Promise<void> {
    const wanted = this.videoFrames + count
    const explain = (): string => `${String(this.videoFrames)} of ${String(wanted)}, ${JSON.stringify(this.received)}`
    await until(`${String(count)} more frames`, () => this.videoFrames >= wanted, { timeoutMs, explain })
  }

  /** Ends the session. Idempotent. */
  async close(): Promise<void> {
    if (this.#driver.isClosed) return
    this.#driver.close()
    this.peer.close(nowMicros())
    this.#udp.close()
    this.#tcp?.destroy()
    await fetch(this.location, { method: 'DELETE' })
  }

  #openUdp(): UdpSocket {
    const socket = createSocket('udp4')
    socket.on('message', (bytes) => this.#handleDatagram(bytes))
    return socket
  }

  #checkNow(): void {
    this.peer.checkNow(nowMicros())
    this.#driver.drain()
  }

  #handleDatagram(bytes: Uint8Array): void {
    if (this.#driver.isClosed) return
    const kind = datagramKind(bytes)
    this.received[kind]++
    if (kind === 'stun') this.stun.push(new Uint8Array(bytes))
    this.#driver.handleInput(bytes)
  }

  #handleEvent(event: RtcPeerEvent): void {
    if (event.kind === 'frame') {
      const { config, keyframe } = event.frame
      this.arrivals.push({ kind: config.kind, codec: config.codec, keyframe, at: nowMicros() })
    } else if (event.kind !== 'connected') this.closedAt ??= nowMicros()
  }
}

function candidatesOf(answer: string): Candidates {
  const portOf = (protocol: string): RegExpExecArray => {
    const found = new RegExp(`^a=candidate:\\S+ 1 ${protocol} \\d+ (\\S+) (\\d+) typ host`, 'im').exec(answer)
    if (found === null) throw new Error(`The answer has no ${protocol} candidate:\n${answer}`)
    return found
  }
  return { ip: portOf('udp')[1]!, udp: Number(portOf('udp')[2]), tcp: Number(portOf('tcp')[2]) }
}
