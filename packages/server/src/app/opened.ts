import {
  RtmpEndpoint,
  WebRtcEndpoint,
  type OpenProtocol,
  type ProtocolEnvironment,
  type Readiness,
} from '../endpoints/index.js'
import type { AddressOptions, HttpHandlers } from '../net/index.js'
import type { Core } from './core.js'

/** What a client finds in place of an address that no protocol serves. */
const NOWHERE = { rtmp: '', flv: '', wsFlv: '', whep: '' } as const

/** Every protocol of the configuration, open. */
export class Opened {
  readonly #all: OpenProtocol[] = []
  readonly #readiness: Record<string, Readiness> = {}
  readonly #core: Core

  constructor(core: Core) {
    this.#core = core
    for (const { publishes, plays } of core.config.protocols)
      for (const label of [...publishes, ...plays.map(({ by }) => by)]) core.metrics.addProtocol(label)
  }

  /** Rejects when one cannot be opened; those that are open already are closed by `close`. */
  async open(environment: ProtocolEnvironment): Promise<void> {
    for (const configured of this.#core.config.protocols) {
      const protocol = await configured.open(environment)
      this.#all.push(protocol)
      if (protocol.readiness !== undefined) this.#readiness[configured.name] = protocol.readiness
    }
  }

  /** What rooms and REST need of two of them: media of browsers, and encoders and forwards. */
  get webRtc(): WebRtcEndpoint | undefined {
    return this.#all.find((protocol) => protocol instanceof WebRtcEndpoint)
  }

  get rtmp(): RtmpEndpoint | undefined {
    return this.#all.find((protocol) => protocol instanceof RtmpEndpoint)
  }

  /** Protocols whose players are given FLV as it came. */
  get flvProtocols(): ReadonlySet<string> {
    const plays = this.#core.config.protocols.flatMap((protocol) => protocol.plays)
    return new Set(plays.filter(({ needs }) => needs.some(({ ofFlv }) => ofFlv !== undefined)).map(({ by }) => by))
  }

  /** What addresses begin with that are handed out on the public port. */
  get addresses(): AddressOptions {
    const { rtmp } = this
    return {
      publicUrl: this.#core.config.publicUrl,
      encoders: (reached) => rtmp?.originsFor(reached) ?? { rtmp: '' },
      play: (origins, name) => {
        const played = this.#all.flatMap((protocol) => Object.entries(protocol.playAddresses?.(origins, name) ?? {}))
        return { ...NOWHERE, ...Object.fromEntries(played) }
      },
    }
  }

  /** For `/readyz`, by name. */
  get readiness(): Readonly<Record<string, Readiness>> {
    return this.#readiness
  }

  async register(web: Parameters<NonNullable<OpenProtocol['register']>>[0]): Promise<void> {
    for (const protocol of this.#all) await protocol.register?.(web)
  }

  async listen(): Promise<void> {
    for (const protocol of this.#all) await protocol.listen?.()
  }

  /** Whether a request for this path publishes a plain stream. */
  isPublish(path: string): boolean {
    return this.#all.some((protocol) => protocol.isPublish?.(path) === true)
  }

  handleRequest(...[request, response]: Parameters<HttpHandlers['onRequest']>): boolean {
    return this.#all.some((protocol) => protocol.handleRequest?.(request, response) === true)
  }

  handleUpgrade(...[request, socket, head]: Parameters<HttpHandlers['onUpgrade']>): boolean {
    return this.#all.some((protocol) => protocol.handleUpgrade?.(request, socket, head) === true)
  }

  drain(): void {
    for (const protocol of this.#all) protocol.drain?.()
  }

  /** Idempotent. */
  close(): void {
    for (const protocol of this.#all) protocol.close?.()
  }
}
