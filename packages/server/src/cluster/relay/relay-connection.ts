import { controlMessage, Outbox, WireReader, wireLimits } from '@crossroom/media'
import type { Machine, Micros, Polled, WireMessage } from '@crossroom/media'
import { relayLimits } from '../../config/index.js'
import { RateLimiter } from '../../net/index.js'
import { ClockMap } from './clock-map.js'
import {
  challengeOf,
  isSame,
  parseChallenge,
  parseHello,
  parseProof,
  prove,
  provedWith,
  type Challenge,
  type Hello,
  type NodeName,
  type ProofKeys,
} from './greeting.js'
import { fieldsOf, parseTimes, RELAY_TYPE, timeMessage } from './messages.js'

/** Why a connection ended. `secret`, `version`, `name` and `refused` do not mend themselves. */
export type LaneEnd = 'secret' | 'version' | 'name' | 'refused' | 'garbage' | 'flood' | 'silent' | 'late' | 'closed'

export type RelayConnectionEvent =
  /** A node that knows the secret wants this connection: `accept` or `refuse` follows. */
  | { readonly type: 'hello'; readonly hello: Hello }
  | { readonly type: 'ready' }
  /** Valid while it is handled. */
  | { readonly type: 'message'; readonly message: WireMessage }
  | { readonly type: 'ended'; readonly end: LaneEnd; readonly sentence: string }

export interface RelayConnectionOptions {
  readonly self: NodeName
  readonly keys: ProofKeys
  /** 16 random bytes, hexadecimal. */
  readonly nonce: string
  /** Of the connection that this node dials; absent where it was dialled. */
  readonly dials?: {
    readonly peer: NodeName
    readonly lane: number
    readonly session: string
    /** Which of the keys it proves itself with: the next one is tried after a refusal. */
    readonly attempt: number
  }
}

/**
 * One connection between two nodes: the greeting, who is alive and how far, and what a message may cost. Both sides prove
 * that they know the cluster's secret; the proof holds for this connection alone.
 */
export class RelayConnection implements Machine<Uint8Array, Uint8Array, RelayConnectionEvent> {
  readonly clock = new ClockMap()
  readonly #options: RelayConnectionOptions
  readonly #outbox = new Outbox<Uint8Array, RelayConnectionEvent>()
  readonly #reader = new WireReader((message) => this.#handleMessage(message))
  readonly #control = new RateLimiter({
    perSecond: relayLimits.controlPerSecond,
    burst: relayLimits.controlBurst,
    overRateMicros: 0,
  })
  #challenge: Challenge | undefined
  #hello: Hello | undefined
  #key: string | undefined
  #state: 'greeting' | 'ready' | 'ended' = 'greeting'
  #now: Micros = 0
  /** When something is due: the end of the greeting, then the next look at the peer. */
  #dueAt: Micros
  #pingMicros: Micros
  #unanswered = 0

  constructor(options: RelayConnectionOptions, now: Micros) {
    this.#options = options
    this.#reader.maxBytes = relayLimits.greetingBytes
    this.#dueAt = now + relayLimits.greetingMicros
    this.#pingMicros = options.dials?.lane === 0 ? relayLimits.pingMicros : relayLimits.picturePingMicros
    if (options.dials !== undefined) return
    this.#challenge = challengeOf(options.self, options.nonce)
    this.#send(controlMessage(RELAY_TYPE.challenge, 0, this.#challenge))
  }

  get isReady(): boolean {
    return this.#state === 'ready'
  }

  /** Answers `hello`. */
  accept(): void {
    if (this.#state !== 'greeting' || this.#hello === undefined) return
    const proof = prove(this.#key!, 'answers', this.#challenge!, this.#hello)
    this.#send(controlMessage(RELAY_TYPE.welcome, 0, { proof }))
    if (this.#hello.lane === 0) this.#pingMicros = relayLimits.pingMicros
    this.#begin()
  }

  /** Ends the connection; the peer is told the sentence. */
  refuse(end: LaneEnd, sentence: string): void {
    if (this.#state === 'ended') return
    this.#send(controlMessage(RELAY_TYPE.refused, 0, { end, sentence }))
    this.#end(end, sentence)
  }

  /** A whole message. Frames need not come this way: they may be written behind what has been polled. */
  send(message: Uint8Array): void {
    if (this.#state === 'ready') this.#send(message)
  }

  /** The transport is gone. */
  handleClosed(): void {
    this.#end('closed', 'The connection was closed.')
  }

  handleInput(now: Micros, input: Uint8Array): void {
    this.#now = now
    this.#unanswered = 0
    this.#reader.push(input)
    if (this.#reader.broken) this.#end('garbage', 'A message with an impossible length arrived.')
  }

  poll(now: Micros): Polled<Uint8Array, RelayConnectionEvent> {
    this.#now = now
    if (now >= this.#dueAt) this.#handleDue()
    return this.#outbox.take() ?? this.#dueAt
  }

  /** Counts its own looks at the peer, not time: when this process stood still, the peer is not to blame. */
  #handleDue(): void {
    if (this.#state === 'greeting') return this.#end('late', 'The greeting was not finished in time.')
    if (this.#unanswered >= relayLimits.missedPings) return this.#end('silent', 'The node does not answer.')
    this.#unanswered++
    this.#dueAt = this.#now + this.#pingMicros
    if (this.#options.dials !== undefined) this.#send(timeMessage(RELAY_TYPE.ping, [this.#now]))
  }

  #handleMessage(message: WireMessage): void {
    if (this.#state === 'ended') return
    if (this.#state === 'greeting') return this.#greet(message)
    if (message.type === RELAY_TYPE.ping) return this.#handlePing(message)
    if (message.type === RELAY_TYPE.pong) return this.#handlePong(message)
    if (message.type === RELAY_TYPE.refused) return this.#handleRefused(message)
    if (message.type !== RELAY_TYPE.frame && !this.#mayControl(message)) return
    this.#outbox.tell({ type: 'message', message })
  }

  #mayControl({ body }: WireMessage): boolean {
    if (body.length > relayLimits.controlBytes) this.#end('garbage', 'A control message is too long.')
    else if (this.#control.take(this.#now, 1) > 0) this.#end('flood', 'Too many control messages arrived.')
    return this.#state === 'ready'
  }

  #greet(message: WireMessage): void {
    if (message.type === RELAY_TYPE.refused) this.#handleRefused(message)
    else if (this.#options.dials === undefined) this.#handleHello(message)
    else if (this.#hello === undefined) this.#handleChallenge(message, this.#options.dials)
    else this.#handleWelcome(message)
  }

  #handleChallenge(message: WireMessage, dials: NonNullable<RelayConnectionOptions['dials']>): void {
    const challenge = message.type === RELAY_TYPE.challenge ? parseChallenge(message) : undefined
    if (challenge === undefined) return this.#end('garbage', 'What answers there is no node of this version.')
    const { peer, lane, session, attempt } = dials
    if (challenge.tag !== peer.tag || challenge.instance !== peer.instance)
      return this.#end('name', `Another node answers at the address of ${peer.tag}: ${challenge.tag}.`)
    const { keys, nonce, self } = this.#options
    const known = keys()
    this.#key = known[attempt % known.length] ?? ''
    this.#challenge = challenge
    const hello = { ...challengeOf(self, nonce), lane, session }
    this.#hello = { ...hello, proof: prove(this.#key, 'dials', challenge, hello) }
    this.#send(controlMessage(RELAY_TYPE.hello, 0, this.#hello))
  }

  #handleHello(message: WireMessage): void {
    const hello = message.type === RELAY_TYPE.hello ? parseHello(message) : undefined
    if (hello === undefined || this.#hello !== undefined)
      return this.#end('garbage', 'What arrived is no greeting of a node.')
    this.#key = provedWith(this.#options.keys(), this.#challenge!, hello)
    if (this.#key === undefined)
      return this.refuse('secret', 'The nodes have different secrets: start all of them with the same --secret.')
    this.#hello = hello
    this.#outbox.tell({ type: 'hello', hello })
  }

  #handleWelcome(message: WireMessage): void {
    const proof = message.type === RELAY_TYPE.welcome ? parseProof(message) : undefined
    if (proof === undefined) return this.#end('garbage', 'The answer to the greeting is none.')
    if (!isSame(proof, prove(this.#key!, 'answers', this.#challenge!, this.#hello!)))
      return this.#end('secret', 'The node does not know the secret of this cluster.')
    this.#begin()
    // The first answer comes before anything else is asked.
    this.#send(timeMessage(RELAY_TYPE.ping, [this.#now]))
  }

  #begin(): void {
    this.#state = 'ready'
    this.#reader.maxBytes = wireLimits.messageBytes
    this.#dueAt = this.#now + this.#pingMicros
    this.#outbox.tell({ type: 'ready' })
  }

  #handlePing(message: WireMessage): void {
    const times = parseTimes(message, 1)
    if (times === undefined) return this.#end('garbage', 'A question of the time has none.')
    if (this.#mayControl(message)) this.#send(timeMessage(RELAY_TYPE.pong, [times[0]!, this.#now]))
  }

  #handlePong(message: WireMessage): void {
    const times = parseTimes(message, 2)
    if (times === undefined) return this.#end('garbage', 'An answer of the time has none.')
    if (this.#mayControl(message)) this.clock.measure(times[0]!, times[1]!, this.#now)
  }

  #handleRefused(message: WireMessage): void {
    const { end, sentence } = fieldsOf(message) ?? {}
    const isKnown = end === 'secret' || end === 'version' || end === 'name'
    const said = typeof sentence === 'string' ? sentence.slice(0, MAX_SENTENCE) : 'The node refused the connection.'
    this.#end(isKnown ? end : 'refused', said)
  }

  #end(end: LaneEnd, sentence: string): void {
    if (this.#state === 'ended') return
    this.#state = 'ended'
    this.#dueAt = Infinity
    this.#outbox.tell({ type: 'ended', end, sentence })
  }

  #send(message: Uint8Array): void {
    this.#outbox.send(message)
  }
}

/** Characters of a peer's sentence that are logged. */
const MAX_SENTENCE = 200
