import type { Micros, VideoFrame } from '@crossroom/media'
import { nowMicros, PeerSocket } from './peer-socket.js'
import { RtcPeer, type RtcPeerEvent, type RtcPeerOptions } from './rtc-peer.js'

/** What a client needs from below: one engine for any number of clients. */
export type WhepEngine = Pick<RtcPeerOptions, 'hmacSha1' | 'dtls' | 'createInbound' | 'createOutbound'>

export interface WhepClientOptions extends WhepEngine, Pick<RtcPeerOptions, 'kinds' | 'rtx' | 'receive'> {
  /** `http://HOST:PORT/whep/APP/STREAM` */
  readonly url: string
  /** Bearer token. */
  readonly token?: string
  readonly onEvent?: (event: RtcPeerEvent) => void
}

/** When what happened, in microseconds after the POST was sent. */
export interface WhepTimes {
  answered?: Micros
  connected?: Micros
  /** The first whole keyframe; only with `receive: 'frames'`. */
  firstKeyframe?: Micros
}

/** A player by WHEP over real sockets: HTTP for the session, UDP for the media. */
export class WhepClient {
  readonly times: WhepTimes = {}
  readonly peer: RtcPeer
  readonly #options: WhepClientOptions
  readonly #socket: PeerSocket
  readonly #startedAt = nowMicros()
  #session: URL | undefined
  #isClosed = false

  private constructor(options: WhepClientOptions) {
    this.#options = options
    const { hmacSha1, dtls, createInbound, createOutbound, kinds, rtx, receive } = options
    this.peer = new RtcPeer({
      ...{
        now: this.#startedAt,
        random: Math.random,
        hmacSha1,
        dtls,
        createInbound,
        createOutbound,
        direction: 'recvonly',
      },
      ...(kinds !== undefined && { kinds }),
      ...(rtx !== undefined && { rtx }),
      ...(receive !== undefined && { receive }),
    })
    this.#socket = new PeerSocket(this.peer, (event) => this.#handleEvent(event))
  }

  /** Posts the offer and begins to connect. Throws with status and body when the server refuses. */
  static async start(options: WhepClientOptions): Promise<WhepClient> {
    const client = new WhepClient(options)
    try {
      await client.#post()
    } catch (error) {
      await client.close()
      throw error
    }
    return client
  }

  /** Ends the session at the server and closes the socket. Idempotent. */
  async close(): Promise<void> {
    if (this.#isClosed) return
    this.#isClosed = true
    this.#socket.close()
    if (this.#session !== undefined) await fetch(this.#session, { method: 'DELETE', headers: this.#headers() })
  }

  async #post(): Promise<void> {
    const headers = { ...this.#headers(), 'content-type': 'application/sdp' }
    const response = await fetch(this.#options.url, { method: 'POST', headers, body: this.peer.offer() })
    const body = await response.text()
    if (response.status !== 201) throw new Error(`${response.status}: ${body}`)
    this.times.answered = nowMicros() - this.#startedAt
    this.#session = new URL(response.headers.get('location') ?? '', this.#options.url)
    this.peer.acceptAnswer(nowMicros(), body)
    this.#socket.connect(body)
  }

  #headers(): Record<string, string> {
    return this.#options.token === undefined ? {} : { authorization: `Bearer ${this.#options.token}` }
  }

  #handleEvent(event: RtcPeerEvent): void {
    const elapsed = nowMicros() - this.#startedAt
    if (event.kind === 'connected') this.times.connected ??= elapsed
    if (event.kind === 'frame' && isKeyframe(event.frame)) this.times.firstKeyframe ??= elapsed
    this.#options.onEvent?.(event)
  }
}

function isKeyframe(frame: {
  readonly config: { readonly kind: string }
  readonly keyframe: boolean
}): frame is VideoFrame {
  return frame.config.kind === 'video' && frame.keyframe
}
