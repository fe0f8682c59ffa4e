import { randomBytes } from 'node:crypto'
import type { Socket } from 'node:net'
import { controlMessage, type Micros, type WireMessage } from '@crossroom/media'
import { relayLimits } from '../../config/index.js'
import type { Clock, StreamKey } from '../../hub/index.js'
import type { ClockMap } from './clock-map.js'
import type { NodeName, ProofKeys } from './greeting.js'
import { Lane } from './lane.js'
import {
  channelOf,
  MAX_WANTS,
  parseEnd,
  pictureLaneOf,
  RELAY_TYPE,
  wantOf,
  type EndCause,
  type TrackKind,
} from './messages.js'
import type { LaneEnd, RelayConnectionEvent } from './relay-connection.js'

/** Connects to the node. The socket is destroyed when TLS shows that it is another one. */
export type DialNode = () => Socket

/** What wants a stream of the node at the other end. */
export interface WantHandler {
  /** False for what no node sends: it ends the link. `kind`: of the connection that it came on. */
  handleMessage(message: WireMessage, kind: TrackKind, now: Micros): boolean
  handleEnd(cause: EndCause): void
  /** The link is gone, and the stream is wanted again as soon as it is back. */
  handleLinkLost(): void
}

export interface RelayLinkOptions {
  readonly self: NodeName
  readonly peer: NodeName
  readonly keys: ProofKeys
  readonly clock: Clock
  /** 0 to 1. */
  readonly random: () => number
  readonly dial: DialNode
  /** Told when the connection for sound opens or closes. */
  onChange(link: RelayLink): void
  /** Told once for each cause until the link is open again. */
  onFailed(end: LaneEnd, sentence: string): void
}

interface Wanted {
  readonly id: number
  readonly key: StreamKey
  readonly handler: WantHandler
}

/** One connection of the link, and its next attempt. */
interface Dialled {
  readonly number: number
  lane: Lane | undefined
  isReady: boolean
  attempts: number
  cancelRetry: (() => void) | undefined
}

/**
 * What this node pulls from another: one connection for control and sound, kept as long as the node is known, and for pictures
 * those that are needed. They are dialled again with a growing pause; what is wanted is wanted again.
 */
export class RelayLink {
  readonly peer: NodeName
  readonly #options: RelayLinkOptions
  readonly #lanes = new Map<number, Dialled>()
  readonly #wants = new Map<number, Wanted>()
  readonly #stray = { left: relayLimits.strayBurst as number, at: 0 as Micros }
  #session = newSession()
  #nextWant = 1
  #told: LaneEnd | undefined
  #isClosed = false
  #bytesIn = 0

  constructor(options: RelayLinkOptions) {
    this.#options = options
    this.peer = options.peer
    this.#dial(0)
  }

  /** The node does not answer, for liveness; true as well before the first connection. */
  get isClosed(): boolean {
    return this.#lanes.get(0)?.isReady !== true
  }

  /** The clock of the node, as measured on the connection for sound. */
  get clock(): ClockMap | undefined {
    return this.#lanes.get(0)?.lane?.connection.clock
  }

  get wants(): number {
    return this.#wants.size
  }

  get bytesIn(): number {
    return [...this.#lanes.values()].reduce((sum, { lane }) => sum + (lane?.bytesIn ?? 0), this.#bytesIn)
  }

  /** The answer is the number for `requestKeyframe` and `drop`. */
  want(key: StreamKey, handler: WantHandler): number {
    const id = this.#nextId()
    this.#wants.set(id, { id, key, handler })
    this.#dial(pictureLaneOf(key))
    if (!this.isClosed) this.#send(RELAY_TYPE.want, id, { key: key.text })
    return id
  }

  drop(id: number): void {
    if (this.#wants.delete(id) && !this.isClosed) this.#send(RELAY_TYPE.drop, id)
  }

  requestKeyframe(id: number): void {
    if (this.#wants.has(id) && !this.isClosed) this.#send(RELAY_TYPE.keyframe, id)
  }

  /** A time of the node's clock on ours. */
  toLocal(theirs: Micros): Micros {
    return this.clock?.toLocal(theirs) ?? theirs
  }

  /** The node is gone for good. Idempotent. */
  close(): void {
    if (this.#isClosed) return
    this.#isClosed = true
    this.#loseAll()
    for (const dialled of this.#lanes.values()) dialled.cancelRetry?.()
    for (const wanted of [...this.#wants.values()]) this.#handleEnd(wanted, 'elsewhere')
    this.#options.onChange(this)
  }

  #nextId(): number {
    do this.#nextWant = (this.#nextWant + 1) % MAX_WANTS
    while (this.#wants.has(this.#nextWant))
    return this.#nextWant
  }

  #send(type: number, id: number, content?: unknown): void {
    this.#lanes.get(0)?.lane?.write(controlMessage(type, channelOf(id, 0), content))
  }

  #dial(number: number): void {
    const known = this.#lanes.get(number)
    const dialled = known ?? { number, lane: undefined, isReady: false, attempts: 0, cancelRetry: undefined }
    this.#lanes.set(number, dialled)
    // Pictures without the connection for sound would be refused.
    if (this.#isClosed || dialled.lane !== undefined || (number > 0 && this.isClosed)) return
    dialled.cancelRetry?.()
    const { clock, dial, keys, peer, self } = this.#options
    const dials = { peer, lane: number, session: this.#session, attempt: dialled.attempts }
    const options = { self, keys, nonce: randomBytes(16).toString('hex'), dials }
    const socket = dial()
    const lane = new Lane(socket, options, clock, (event) => this.#handleEvent(event, dialled, lane))
    dialled.lane = lane
  }

  #handleEvent(event: RelayConnectionEvent, dialled: Dialled, lane: Lane): void {
    if (dialled.lane !== lane) return
    if (event.type === 'ready') this.#handleReady(dialled)
    else if (event.type === 'message') this.#handleMessage(event.message, dialled, lane)
    else if (event.type === 'ended') this.#handleLost(dialled, event.end, event.sentence)
  }

  #handleReady(dialled: Dialled): void {
    dialled.isReady = true
    dialled.attempts = 0
    if (dialled.number > 0) return
    this.#told = undefined
    for (const { id, key } of this.#wants.values()) this.#send(RELAY_TYPE.want, id, { key: key.text })
    for (const number of this.#lanes.keys()) if (number > 0) this.#dial(number)
    this.#options.onChange(this)
  }

  #handleMessage(message: WireMessage, { number }: Dialled, lane: Lane): void {
    const wanted = this.#wants.get(wantOf(message.channel))
    const now = this.#options.clock.now()
    if (wanted === undefined) {
      if (!this.#mayStray(now)) this.#refuse(lane, 'flood', 'Too many messages arrived that nobody asked for.')
    } else if (message.type === RELAY_TYPE.end) this.#handleEnd(wanted, parseEnd(message) ?? 'ended')
    else if (!wanted.handler.handleMessage(message, number === 0 ? 'audio' : 'video', now))
      this.#refuse(lane, 'garbage', 'A message arrived that no node sends.')
  }

  /** All connections: what one brings cannot be trusted, so neither can the others. */
  #refuse(lane: Lane, end: LaneEnd, sentence: string): void {
    lane.connection.refuse(end, sentence)
    lane.drain()
    const sound = this.#lanes.get(0)!
    sound.attempts = WORST
    sound.lane?.close()
    this.#handleLost(sound, end, sentence)
  }

  #handleEnd(wanted: Wanted, cause: EndCause): void {
    this.#wants.delete(wanted.id)
    wanted.handler.handleEnd(cause)
  }

  #mayStray(now: Micros): boolean {
    const { strayBurst, strayPerSecond } = relayLimits
    this.#stray.left =
      Math.min(strayBurst, this.#stray.left + ((now - this.#stray.at) * strayPerSecond) / 1_000_000) - 1
    this.#stray.at = now
    return this.#stray.left >= 0
  }

  #handleLost(dialled: Dialled, end: LaneEnd, sentence: string): void {
    this.#forgetLane(dialled)
    if (this.#isClosed) return
    if (dialled.number === 0) {
      this.#loseAll()
      if (this.#told !== end) this.#options.onFailed(end, sentence)
      this.#told = end
      this.#options.onChange(this)
    }
    this.#retry(dialled)
  }

  #loseAll(): void {
    this.#session = newSession()
    for (const dialled of this.#lanes.values()) {
      const { lane } = dialled
      this.#forgetLane(dialled)
      lane?.close()
    }
    for (const { handler } of [...this.#wants.values()]) handler.handleLinkLost()
  }

  #forgetLane(dialled: Dialled): void {
    this.#bytesIn += dialled.lane?.bytesIn ?? 0
    dialled.lane = undefined
    dialled.isReady = false
  }

  #retry(dialled: Dialled): void {
    const { retryFirstMicros, retryMaxMicros } = relayLimits
    const pause = Math.min(retryMaxMicros, retryFirstMicros * 2 ** Math.min(dialled.attempts, WORST))
    dialled.attempts++
    const { clock, random } = this.#options
    dialled.cancelRetry?.()
    dialled.cancelRetry = clock.after(pause * (0.5 + random() / 2), () => this.#dial(dialled.number))
  }
}

/** Attempts after which the pause is the longest. */
const WORST = 16

function newSession(): string {
  return randomBytes(12).toString('base64url')
}
