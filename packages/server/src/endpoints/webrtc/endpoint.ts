import type { FastifyInstance, FastifyRequest } from 'fastify'
import type { OpenProtocol, ProtocolEnvironment, Readiness } from '../protocol.js'
import type { RtcGateway } from './gateway.js'
import { iceServerLinks, iceServers, type IceServer, type TurnOptions } from './ice-servers.js'
import { loadEngine } from './load-engine.js'
import { observeRtc } from './observe.js'
import { openRtc } from './open.js'
import { RoomMediaGateway } from './rooms/room-media-gateway.js'
import { RtcSessions } from './sessions.js'
import { WhepEndpoint } from './whep.js'
import { WhipEndpoint } from './whip.js'

export interface WebRtcEndpointOptions {
  readonly host: string
  /** UDP, and TCP on the same number; 0 takes a free one. */
  readonly port: number
  /** IP, NAME or IP:PORT to announce; empty: the machine's own addresses. */
  readonly announce: readonly string[]
  readonly turn: TurnOptions
}

/** WebRTC in all its forms. Without the native package it is off and everything else runs. */
export class WebRtcEndpoint implements OpenProtocol {
  readonly readiness: Readiness
  readonly #environment: ProtocolEnvironment
  readonly #turn: TurnOptions
  readonly #gateway: RtcGateway | undefined

  private constructor(environment: ProtocolEnvironment, turn: TurnOptions, gateway: RtcGateway | string) {
    this.#environment = environment
    this.#turn = turn
    this.#gateway = typeof gateway === 'string' ? undefined : gateway
    this.readiness = typeof gateway === 'string' ? { on: false, why: gateway } : { on: true }
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
    const gateway = await openRtc({ ...where, engine: loaded.engine, clock, listeners, bridgeOf })
    observeRtc(metrics, gateway)
    return new WebRtcEndpoint(environment, turn, gateway)
  }

  /** What rooms move the media of browsers with; undefined without WebRTC. */
  roomMedia(): RoomMediaGateway | undefined {
    return this.#gateway && new RoomMediaGateway({ gateway: this.#gateway, environment: this.#environment })
  }

  /** For `RTCConfiguration.iceServers`. */
  iceServers(): IceServer[] {
    return iceServers(this.#turn, Date.now())
  }

  playAddresses({ http }: { readonly http: string }, name: string): Readonly<Record<string, string>> {
    return { whep: `${http}/whep/${name}` }
  }

  /** Adds WHIP and WHEP. */
  async register(web: FastifyInstance): Promise<void> {
    if (this.#gateway === undefined) return
    const { audit, clientAddress } = this.#environment
    const shared = {
      ...{ audit, environment: this.#environment, gateway: this.#gateway, sessions: new RtcSessions() },
      clientAddress: (request: FastifyRequest) => clientAddress(request.raw),
      links: (isKnown: boolean) => iceServerLinks(this.#turn, Date.now(), isKnown),
    }
    await new WhepEndpoint(shared).register(web)
    await new WhipEndpoint(shared).register(web)
  }

  close(): void {
    this.#gateway?.close()
  }
}
