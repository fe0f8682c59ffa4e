import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Duplex } from 'node:stream'
import type { SecureContextOptions } from 'node:tls'
import type { FastifyInstance } from 'fastify'
import type { StreamProtocol } from '../auth/index.js'
import type { Config, OptionShape, OptionsOf, PortUse } from '../config/index.js'
import type { PlayerNeeds } from '../hub/index.js'
import type { Listeners, Origins, PageRules, SocketWatch } from '../net/index.js'
import type { Audit } from '../observe/index.js'
import type { EndpointEnvironment } from './environment.js'

/** The description of one protocol. Code outside its folder iterates over the list in `index.ts`. */
export interface Protocol {
  readonly name: string
  /** How a stream is published by it, in metrics, logs, hooks and REST. */
  readonly publishes: readonly StreamProtocol[]
  /** How a stream is played by it, and what its kinds of players take. */
  readonly plays: readonly { readonly by: StreamProtocol; readonly needs: readonly PlayerNeeds[] }[]
  /** First path segments of its routes: no plain stream may have them as its app. */
  readonly reserves: readonly string[]
  /** Its options: flags, variables, lines of the file and `--help`. */
  readonly options: OptionShape
  configure(config: never): ConfiguredProtocol
}

/** The same as its folder writes it: it is configured with the options that it declares, and with the server's. */
export interface ProtocolWith<Options extends OptionShape> extends Protocol {
  readonly options: Options
  configure(config: Config & OptionsOf<Options>): ConfiguredProtocol
}

/** A protocol with its configuration. Nothing is open. */
export interface ConfiguredProtocol {
  /** Those it listens on itself; what goes by the common HTTP ports has none. No two may be the same. */
  readonly ports: readonly PortUse[]
  /** What addresses begin with that are handed out, where the operator says it. */
  readonly publicUrl?: string | undefined
  /** The name or address, or `IP:PORT`, by which others reach this machine, where the operator says it. */
  readonly announced?: string | undefined
  /** `rtmp://HOST:PORT`: where encoders publish. */
  encoderOrigin?(host: string, ports: Ports): string
  /** Lines of the banner. */
  banner?(at: BannerAddresses, ports: Ports): readonly BannerLine[]
  /** Options that differ where several processes are one server, for the process at this place, from 0. */
  ofProcess?(place: number): Readonly<Record<string, unknown>>
  /** What would stop its streams. */
  examine?(): Promise<readonly Finding[]>
  open(environment: ProtocolEnvironment): Promise<OpenProtocol>
}

/** A protocol that is open. Requests of the common HTTP ports come to it as long as it takes them. */
export interface OpenProtocol {
  /** Whether it works, where something may be missing on this machine; `/readyz` tells it under the protocol's name. */
  readonly readiness?: Readiness
  /** True when the request is its own, and is taken care of. */
  handleRequest?(request: IncomingMessage, response: ServerResponse): boolean
  /** The same for an upgrade to WebSocket. */
  handleUpgrade?(request: IncomingMessage, socket: Duplex, head: Buffer): boolean
  /** Whether a request for this path publishes a plain stream: where anyone may, foreign web pages may not. */
  isPublish?(path: string): boolean
  /** Adds its routes to the common HTTP ports. */
  register?(web: FastifyInstance): Promise<void>
  /** Accepts connections on its own ports from now on: rooms and gates exist. Rejects when a port is not available. */
  listen?(): Promise<void>
  /** Where players find the stream of that name, by the name of the address in REST and rooms. */
  playAddresses?(origins: Origins, name: string): Readonly<Record<string, string>>
  /** The server goes down: starts nothing new. Comes before `close` in any case. Idempotent. */
  drain?(): void
  /** Ends everything except listener sockets and viewers. Idempotent. */
  close?(): void
}

/** What a protocol is opened with. */
export interface ProtocolEnvironment extends EndpointEnvironment {
  readonly listeners: Listeners
  /** The certificate, where TLS is served. */
  readonly tls: SecureContextOptions | undefined
  /** Whose pages may use the common HTTP ports. */
  readonly pages: PageRules
  /** Every socket that the process opens itself. */
  readonly sockets: SocketWatch
  /** The client, if a trusted proxy names it. */
  readonly clientAddress: (request: IncomingMessage) => string
  readonly audit: Audit
  /** Undefined where there is no cluster. */
  readonly nodes: OtherNodes | undefined
}

/** The other nodes of the cluster, for what a client says to the wrong one. */
export interface OtherNodes {
  /** Of this node: letters and digits, four of them, that name it in addresses. */
  readonly tag: string
  /** Whether that node is there, as far as this one knows. */
  has(tag: string): boolean
  /** Rejects when it does not answer within 2 s. */
  ask(tag: string, verb: string, body: object): Promise<Readonly<Record<string, unknown>>>
  /** What this node answers; what it throws reaches the other as no answer. */
  on(verb: string, answer: (body: Readonly<Record<string, unknown>>) => object): void
}

export type Readiness = { readonly on: true } | { readonly on: false; readonly why: string }

/** Port numbers by the names of the `listening` line. */
export type Ports = Readonly<Record<string, number | undefined>>

export interface BannerAddresses {
  /** `http://HOST:PORT`, for players. */
  readonly http: string
  /** The address by which others reach this machine. */
  readonly host: string
}

/** `publish` and `play` stand before rooms and REST, all others behind. */
export type BannerLine = readonly [label: string, text: string]

/** What one check of the doctor found, in words. `fail`: something will not work; `warn`: something may not. */
export interface Finding {
  readonly check: string
  readonly state: 'ok' | 'warn' | 'fail'
  readonly message: string
}
