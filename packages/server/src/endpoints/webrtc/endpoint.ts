import type { FastifyInstance } from 'fastify'
import type { OpenProtocol, ProtocolEnvironment, Readiness } from '../protocol.js'
import {
  answerSession,
  iceServerLinks,
  iceServers,
  PassedRequests,
  registerSessionRoutes,
  RtcSessions,
  WhepSession,
  WhipSession,
  type IceServer,
  type TurnOptions,
} from './http/index.js'
import { loadEngine, observeRtc, openRtc, type RtcGateway } from './port/index.js'
import { RoomMediaGateway } from './rooms/index.js'
import { RtpFanouts } from './send/index.js'

export interface WebRtcEndpointOptions {
  readonly host: string
  /** UDP, and TCP on the same number; 0 takes a free one. */
  readonly port: number
  /** IP, NAME or IP:PORT to announce; empty: the machine's own addresses. */
  readonly announce: readonly string[]
  readonly turn: TurnOptions
}

/** The media port, and the media for browsers, packed once for all of them. */
interface Media {
  readonly gateway: RtcGateway
  readonly fanouts: RtpFanouts
}

/** WebRTC in all its forms. Without the native package it is off and everything else runs. */
export class WebRtcEndpoint implements OpenProtocol {
  readonly readiness: Readiness
  readonly #environment: ProtocolEnvironment
  readonly #turn: TurnOptions
  readonly #media: Media | undefined

  private constructor(environment: ProtocolEnvironment, turn: TurnOptions, media: Media | string) {
    this.#environment = environment
    this.#turn = turn
    this.#media = typeof media === 'string' ? undefined : media
    this.readiness = typeof media === 'string' ? { on: false, why: media } : { on: true }
  }

  /** Rejects when the port cannot be had. */
  static async open(environment: ProtocolEnvironment, options: WebRtcEndpointOptions): Promise<WebRtcEndpoint> {
    const { bridgeOf, clock, listeners, log, metrics } = environment
    const { turn, ...where } = options
    const loaded = await loadEngine()
    if ('why' in loaded) {
      log.warn(loaded, 'WebRTC is off')
      return new WebRtcEndpoint(environment, turn, loaded.why)
    }
    const gateway = await openRtc({ ...where, engine: loaded.engine, clock, listeners })
    observeRtc(metrics, gateway)
    const fanouts = new RtpFanouts(gateway.egress, () => clock.now(), bridgeOf)
    return new WebRtcEndpoint(environment, turn, { gateway, fanouts })
  }

  /** What rooms move the media of browsers with; undefined without WebRTC. */
  roomMedia(): RoomMediaGateway | undefined {
    return this.#media && new RoomMediaGateway({ ...this.#media, environment: this.#environment })
  }

  /** For `RTCConfiguration.iceServers`. */
  iceServers(): IceServer[] {
    return iceServers(this.#turn, Date.now())
  }

  playAddresses({ http }: { readonly http: string }, name: string): Readonly<Record<string, string>> {
    return { whep: `${http}/whep/${name}` }
  }

  /** By WHIP; rooms require a signature. */
  isPublish(path: string): boolean {
    return /^\/whip\/(?!r\/|push\/)/.test(path)
  }

  /** Adds WHIP and WHEP. */
  async register(web: FastifyInstance): Promise<void> {
    if (this.#media === undefined) return
    const sessions = new RtcSessions()
    const context = { environment: this.#environment, ...this.#media, sessions }
    const links = (isKnown: boolean): string[] => iceServerLinks(this.#turn, Date.now(), isKnown)
    const own = { environment: this.#environment, sessions }
    const passed = new PassedRequests(this.#environment.nodes, (request) => answerSession(own, request))
    const shared = { ...own, passed, links }
    await registerSessionRoutes(web, 'whep', { ...shared, newSession: (post) => new WhepSession(context, post) })
    await registerSessionRoutes(web, 'whip', { ...shared, newSession: (post) => new WhipSession(context, post) })
  }

  close(): void {
    this.#media?.gateway.close()
  }
}
