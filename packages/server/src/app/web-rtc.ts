import type { FastifyInstance, FastifyRequest } from 'fastify'
import {
  iceServerLinks,
  iceServers,
  observeRtc,
  openRtc,
  RoomMediaGateway,
  RtcSessions,
  WhepEndpoint,
  WhipEndpoint,
  type IceServer,
  type RtcGateway,
  type TurnOptions,
} from '../endpoints/webrtc/index.js'
import { loadEngine } from '../engine.js'
import type { MediaGateway } from '../rooms/index.js'
import type { Core } from './core.js'

/** WebRTC in all its forms. Without the native package it is off and everything else runs. */
export class WebRtc {
  /** Why there is no WebRTC; undefined when there is. */
  readonly whyOff: string | undefined
  readonly #core: Core
  readonly #gateway: RtcGateway | undefined

  private constructor(core: Core, gateway: RtcGateway | undefined, whyOff: string | undefined) {
    this.#core = core
    this.#gateway = gateway
    this.whyOff = whyOff
  }

  /** Rejects when the port cannot be had. */
  static async open(core: Core): Promise<WebRtc> {
    const { clock, config, listeners, log, metrics } = core
    const loaded = await loadEngine()
    if ('why' in loaded) {
      log.warn(loaded, 'WebRTC is off')
      return new WebRtc(core, undefined, loaded.why)
    }
    const { host, rtcPort: port, rtcAddress: announce } = config
    const gateway = await openRtc({
      ...{ engine: loaded.engine, host, port, announce, clock, listeners },
      bridgeOf: core.environment.bridgeOf,
    })
    observeRtc(metrics, gateway)
    return new WebRtc(core, gateway, undefined)
  }

  /** What rooms move the media of browsers with; undefined without WebRTC. Here the compiler checks that it fits. */
  mediaGateway(): MediaGateway | undefined {
    const { environment } = this.#core
    return this.#gateway && new RoomMediaGateway({ gateway: this.#gateway, environment })
  }

  /** For `RTCConfiguration.iceServers`. */
  iceServers(): IceServer[] {
    return iceServers(this.#turn, Date.now())
  }

  /** Adds WHIP and WHEP to a web server. */
  async register(web: FastifyInstance): Promise<void> {
    if (this.#gateway === undefined) return
    const { audit, environment, clientAddress } = this.#core
    const shared = {
      ...{ audit, environment, gateway: this.#gateway, sessions: new RtcSessions() },
      clientAddress: (request: FastifyRequest) => clientAddress(request.raw),
      links: (isKnown: boolean) => iceServerLinks(this.#turn, Date.now(), isKnown),
    }
    await new WhepEndpoint(shared).register(web)
    await new WhipEndpoint(shared).register(web)
  }

  close(): void {
    this.#gateway?.close()
  }

  get #turn(): TurnOptions {
    const { turnUrl: urls, turnSecret: secret } = this.#core.config
    return { urls, secret }
  }
}
