import type { Micros } from '@crossroom/media'
import type { SessionState, StateEvent } from './session-events.js'
import type { SessionLimits } from './session-limits.js'

/**
 * `connecting` waits for the socket, `entering` for the answer to room.enter or room.resume, `waiting` for the time of the
 * next attempt, `leaving` for the answer to room.leave.
 */
type PhaseName = 'idle' | 'connecting' | 'entering' | 'live' | 'waiting' | 'leaving' | 'closed'

/** Where a session stands between the command to enter and its end, until when, and what its user is told of that. */
export class SessionPhase {
  readonly #limits: SessionLimits
  #name: PhaseName = 'idle'
  /** When the phase has lasted too long, or the wait is over. */
  #deadline: Micros = Infinity
  /** When the first entry must have succeeded; `Infinity` after it. */
  #enterBy: Micros = Infinity
  #hasEntered = false
  #connectAt: Micros = 0
  #liveAt: Micros = 0
  #told: StateEvent = { kind: 'state', state: 'idle', attempt: 0 }

  constructor(limits: SessionLimits) {
    this.#limits = limits
  }

  get name(): PhaseName {
    return this.#name
  }

  get state(): SessionState {
    if (this.#name === 'idle' || this.#name === 'closed') return this.#name
    if (this.#name === 'live' || this.#name === 'leaving') return 'connected'
    return this.#hasEntered ? 'reconnecting' : 'connecting'
  }

  /** There is a session, and nobody has ended it. */
  get isActive(): boolean {
    return this.#name !== 'idle' && this.#name !== 'closed' && this.#name !== 'leaving'
  }

  get hasSocket(): boolean {
    return this.#name !== 'idle' && this.#name !== 'waiting' && this.#name !== 'closed'
  }

  /** Whether the room was entered, now or before the connection was lost. */
  get hasEntered(): boolean {
    return this.#hasEntered
  }

  /** The earlier of both deadlines. */
  get wakeAt(): Micros {
    return Math.min(this.#deadline, this.#enterBy)
  }

  /** The phase has lasted too long, or the wait is over. */
  isOverdue(now: Micros): boolean {
    return now >= this.#deadline
  }

  /** At that time it is too late to enter for the first time. */
  isTooLate(at: Micros): boolean {
    return at >= this.#enterBy
  }

  /** A connection that has lasted so long was a good one. */
  isStable(now: Micros): boolean {
    return this.#name === 'live' && now - this.#liveAt >= this.#limits.stableMicros
  }

  /** The last attempt is long enough ago for another network to be worth a new one. */
  mayReconnect(now: Micros): boolean {
    return now >= this.#reconnectAt
  }

  begin(now: Micros): void {
    this.#hasEntered = false
    this.#enterBy = now + this.#limits.enterMicros
  }

  /** @param patience of this attempt. */
  connecting(now: Micros, patience: Micros): void {
    this.#connectAt = now
    this.#set('connecting', now + patience)
  }

  entering(now: Micros): void {
    this.#set('entering', now + this.#limits.requestMicros)
  }

  live(now: Micros): void {
    this.#hasEntered = true
    this.#enterBy = Infinity
    this.#liveAt = now
    this.#set('live', Infinity)
  }

  waiting(until: Micros): void {
    this.#set('waiting', until)
  }

  /** The wait ends as soon as an attempt is worthwhile. */
  hurry(now: Micros): void {
    this.#deadline = Math.min(this.#deadline, Math.max(now, this.#reconnectAt))
  }

  leaving(now: Micros): void {
    this.#enterBy = Infinity
    this.#set('leaving', now + this.#limits.leaveMicros)
  }

  closed(): void {
    this.#enterBy = Infinity
    this.#set('closed', Infinity)
  }

  /** What is to be told; undefined while nothing has changed. */
  takeChange(attempt: number): StateEvent | undefined {
    const { state } = this
    if (state === this.#told.state && attempt === this.#told.attempt) return undefined
    return (this.#told = { kind: 'state', state, attempt })
  }

  get #reconnectAt(): Micros {
    return this.#connectAt + this.#limits.networkChangeMicros
  }

  #set(name: PhaseName, deadline: Micros): void {
    this.#name = name
    this.#deadline = deadline
  }
}
