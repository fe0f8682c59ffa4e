import { Driver, type DriverClock } from '@crossroom/media'
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
  type SessionInput,
  type SessionMethod,
  type SessionOutput,
  type StateEvent,
  type UsersEvent,
  type StreamSubscription,
} from '@crossroom/protocol'
import { CrossroomError } from '../errors.js'
import { VERSION } from '../version.js'

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

/** Browsers forget a timer that waits longer than a signed 32-bit count of milliseconds. */
const LONGEST_TIMER_MS = 2 ** 31 - 1

/** The page's steady clock and its timers. */
const pageClock: DriverClock = {
  now: () => Math.round(performance.now() * 1000),
  after: (delay, callback) => {
    const timer = setTimeout(callback, Math.min(Math.max(0, Math.ceil(delay / 1000)), LONGEST_TIMER_MS))
    return () => clearTimeout(timer)
  },
}

/** Gives a RoomSession what it has not: a WebSocket, a clock, timers, and promises for those who ask. */
export class SignalSocket {
  readonly #url: string
  readonly #events: SignalEvents
  readonly #session: RoomSession
  readonly #driver: Driver<SessionInput, SessionOutput, SessionEvent>
  readonly #waiting = new Map<string, Waiting>()
  #socket: WebSocket | undefined
  #entering: Waiting | undefined
  #leaving: Promise<void> | undefined
  #left: () => void = () => undefined

  /** `url` is `ws(s)://HOST/signal`. */
  constructor(url: string, events: SignalEvents) {
    this.#url = url
    this.#events = events
    this.#session = new RoomSession({ random: Math.random, client: { kind: 'browser', version: VERSION } })
    this.#driver = new Driver(this.#session, pageClock, {
      output: (output) => this.#act(output),
      event: (event) => this.#tell(event),
    })
  }

  /** Resolves in the room; rejects with the server's code and sentence, or `SERVER_UNREACHABLE`. */
  enter(params: Omit<EnterParams, 'protocol' | 'client'>): Promise<EnterResult> {
    return new Promise((resolve, reject) => {
      this.#entering = { resolve, reject }
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

  #input(socket: WebSocket, input: SessionInput): void {
    if (socket !== this.#socket) return
    if (input.kind === 'closed') this.#socket = undefined
    this.#driver.handleInput(input)
  }

  #act(output: SessionOutput): void {
    switch (output.kind) {
      case 'connect':
        return this.#connect()
      case 'send':
        return this.#socket?.send(output.text)
      case 'disconnect': {
        const socket = this.#socket
        this.#socket = undefined
        return socket?.close(output.code, output.reason)
      }
    }
  }

  #connect(): void {
    const socket = new WebSocket(this.#url)
    this.#socket = socket
    socket.onopen = () => this.#input(socket, { kind: 'open' })
    socket.onmessage = ({ data }: MessageEvent<unknown>) => {
      if (typeof data === 'string') this.#input(socket, { kind: 'text', text: data })
    }
    socket.onclose = ({ code, reason }) => this.#input(socket, { kind: 'closed', code, reason })
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
