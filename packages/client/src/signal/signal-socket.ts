import {
  RoomSession,
  type EndedEvent,
  type EnteredEvent,
  type EnterParams,
  type EnterResult,
  type NotificationEvent,
  type ParamsOf,
  type ResultOf,
  type SessionEvent,
  type SessionMethod,
  type StateEvent,
  type UsersEvent,
  type StreamSubscription,
} from '@crossroom/protocol'
import { CrossroomError } from '../errors.js'
import { VERSION } from '../version.js'
import { pageClock, SessionDriver } from './session-driver.js'

/** What the session tells, in the order it came about. */
export interface SignalEvents {
  state(event: StateEvent): void
  entered(event: EnteredEvent): void
  users(event: UsersEvent): void
  notification(event: NotificationEvent): void
  ended(event: EndedEvent): void
}

interface Waiting {
  resolve(result: unknown): void
  reject(error: CrossroomError): void
}

/** Gives a RoomSession what it has not: a WebSocket, a clock, timers, and promises for those who ask. */
export class SignalSocket {
  readonly #events: SignalEvents
  readonly #session: RoomSession
  readonly #driver: SessionDriver<SessionEvent>
  readonly #waiting = new Map<string, Waiting>()
  /** A balancer before several nodes may bring the members of a room together by it; every node is right. */
  #query = ''
  #entering: Waiting | undefined
  #leaving: Promise<void> | undefined
  #left: () => void = () => undefined

  /** `urls` are `ws(s)://HOST/signal`, of which any will do. */
  constructor(urls: readonly string[], events: SignalEvents) {
    this.#events = events
    this.#session = new RoomSession({ random: Math.random, client: { kind: 'browser', version: VERSION } })
    this.#driver = new SessionDriver({
      session: this.#session,
      address: (turn) => urls[turn % urls.length]! + this.#query,
      tell: (event) => this.#tell(event),
    })
  }

  /** Resolves in the room; rejects with the server's code and sentence, or `SERVER_UNREACHABLE`. */
  enter(params: Omit<EnterParams, 'protocol' | 'client'>): Promise<EnterResult> {
    return new Promise((resolve, reject) => {
      this.#entering = { resolve, reject }
      this.#query = `?room=${encodeURIComponent(params.roomId)}`
      this.#session.enter(pageClock.now(), params)
      this.#driver.drain()
    })
  }

  request<Method extends SessionMethod>(method: Method, params: ParamsOf<Method>): Promise<ResultOf<Method>> {
    return new Promise((resolve, reject) => {
      const id = this.#session.request(pageClock.now(), method, params)
      this.#waiting.set(id, { resolve, reject })
      this.#driver.drain()
    })
  }

  /** Remembered, and said again by itself after the session was lost. */
  subscribe(streams: readonly StreamSubscription[]): Promise<unknown> {
    return this.request('media.subscribe', { streams })
  }

  /** Resolves when the server knows, or soon after when it does not answer. */
  leave(): Promise<void> {
    const { state } = this.#session
    if (state === 'idle' || state === 'closed') return Promise.resolve()
    this.#leaving ??= new Promise((resolve) => (this.#left = resolve))
    this.#session.leave(pageClock.now())
    this.#driver.drain()
    return this.#leaving
  }

  /** The machine changed networks, or the page is visible again: sent messages may be lost. */
  networkChanged(): void {
    this.#session.networkChanged(pageClock.now())
    this.#driver.drain()
  }

  /** Looks at the clock: the timers of a hidden page are late. */
  wake(): void {
    this.#driver.drain()
  }

  #tell(event: SessionEvent): void {
    switch (event.kind) {
      case 'state':
        return this.#events.state(event)
      case 'entered':
        this.#events.entered(event)
        this.#entering?.resolve(event.result)
        this.#entering = undefined
        return
      case 'users':
        return this.#events.users(event)
      case 'notification':
        return this.#events.notification(event)
      case 'response':
        return this.#take(event.id)?.resolve(event.result)
      case 'failure':
        return this.#take(event.id)?.reject(new CrossroomError(event.code, event.sentence))
      case 'ended':
        return this.#end(event)
    }
  }

  #end(event: EndedEvent): void {
    const error = new CrossroomError(event.code ?? 'LEFT_ROOM', event.code === undefined ? undefined : event.sentence)
    for (const waiting of this.#waiting.values()) waiting.reject(error)
    this.#waiting.clear()
    const entering = this.#entering
    this.#entering = undefined
    this.#left()
    this.#leaving = undefined
    // Before the first entry only the promise reports the failure.
    if (entering === undefined) this.#events.ended(event)
    else entering.reject(event.reason === 'unreachable' ? new CrossroomError('SERVER_UNREACHABLE') : error)
  }

  #take(id: string): Waiting | undefined {
    const waiting = this.#waiting.get(id)
    this.#waiting.delete(id)
    return waiting
  }
}
