import { Driver } from '@crossroom/media'
import {
  errorCodes,
  isErrorCode,
  RoomSession,
  type EndReason,
  type EnterParams,
  type EnterResult,
  type EntryKind,
  type ErrorFacts,
  type Notification,
  type ParamsOf,
  type ResultOf,
  type SessionEvent,
  type SessionInput,
  type SessionMethod,
  type SessionOutput,
  type SessionState,
  type User,
} from '@crossroom/protocol'

import type { Platform, Socket } from './platform.js'
import { version } from './version.js'

const MICROS_PER_MS = 1000

/** The user, the room and the credentials. */
export type EnterOptions = Omit<EnterParams, 'protocol' | 'client'>

/** Why a session is over, or why it never began. */
export interface RoomEnd {
  readonly reason: EndReason
  /** An ErrorCode, or a code of a newer server; absent when the user left. */
  readonly code?: string
  /** For people. */
  readonly sentence: string
  /** Whether the room had been entered. */
  readonly entered: boolean
}

/** A request that failed; `message` is a sentence for people. */
export class RoomError extends Error {
  /** An ErrorCode, or a code of a newer server. */
  readonly code: string

  constructor(code: string, sentence: string) {
    super(sentence)
    this.name = 'RoomError'
    this.code = code
  }
}

/** The facts of a code, undefined for an unknown one. */
export function factsOf(code: string | undefined): ErrorFacts | undefined {
  return code !== undefined && isErrorCode(code) ? errorCodes[code] : undefined
}

export interface RoomClientHandlers {
  entered(result: EnterResult, how: EntryKind): void
  /** Owner, anchors and devices without this member, after every change. */
  users(users: readonly User[], audienceCount: number): void
  notification(notification: Notification): void
  connection(state: SessionState): void
  /** Nothing comes after it. */
  ended(end: RoomEnd): void
}

export interface RoomClientOptions {
  readonly platform: Platform
  /** `wss://HOST[:PORT]/signal`. */
  readonly signalUrl: string
  readonly handlers: RoomClientHandlers
}

interface Waiting {
  resolve(result: unknown): void
  reject(error: RoomError): void
}

/** One stay in one room: the session machine on the platform's socket, clock and timers. */
export class RoomClient {
  readonly #options: RoomClientOptions
  readonly #session: RoomSession
  readonly #driver: Driver<SessionInput, SessionOutput, SessionEvent>
  readonly #waiting = new Map<string, Waiting>()
  #entering: Waiting | undefined
  #entered = false
  #socket: Socket | undefined
  /** With the room, by which a balancer before several nodes may bring its members together; every node is right. */
  #url = ''

  constructor(options: RoomClientOptions) {
    const { platform } = options
    this.#options = options
    this.#session = new RoomSession({
      random: () => platform.random(),
      client: { kind: 'miniprogram', version },
    })
    const clock = {
      now: () => this.#now(),
      after: (delay: number, wakeUp: () => void) =>
        platform.after(Math.max(0, Math.ceil(delay / MICROS_PER_MS)), wakeUp),
    }
    this.#driver = new Driver(this.#session, clock, {
      output: (output) => this.#act(output),
      event: (event) => this.#handleEvent(event),
    })
  }

  /** Resolves in the room; rejects with RoomError. Call it once. */
  enter(entry: EnterOptions): Promise<EnterResult> {
    return new Promise((resolve, reject) => {
      this.#entering = { resolve: resolve, reject }
      this.#url = `${this.#options.signalUrl}?room=${encodeURIComponent(entry.roomId)}`
      this.#session.enter(this.#now(), entry)
      this.#driver.drain()
    })
  }

  leave(): void {
    this.#session.leave(this.#now())
    this.#driver.drain()
  }

  /** Rejects with RoomError. */
  request<Method extends SessionMethod>(method: Method, params: ParamsOf<Method>): Promise<ResultOf<Method>> {
    return new Promise((resolve, reject) => {
      const id = this.#session.request(this.#now(), method, params)
      this.#waiting.set(id, { resolve: resolve, reject })
      this.#driver.drain()
    })
  }

  networkChanged(): void {
    this.#session.networkChanged(this.#now())
    this.#driver.drain()
  }

  #now(): number {
    return Math.round(this.#options.platform.now() * MICROS_PER_MS)
  }

  #act(output: SessionOutput): void {
    if (output.kind === 'connect') this.#connect()
    else if (output.kind === 'send') this.#socket?.send(output.text)
    else this.#disconnect(output.code, output.reason)
  }

  #connect(): void {
    const isCurrent = (): boolean => this.#socket === socket
    const socket: Socket = this.#options.platform.connect(this.#url, {
      open: () => isCurrent() && this.#driver.handleInput({ kind: 'open' }),
      text: (text) => isCurrent() && this.#driver.handleInput({ kind: 'text', text }),
      closed: (code, reason) => {
        if (!isCurrent()) return
        this.#socket = undefined
        this.#driver.handleInput({ kind: 'closed', code, reason })
      },
    })
    this.#socket = socket
  }

  #disconnect(code: number, reason: string): void {
    const socket = this.#socket
    this.#socket = undefined
    socket?.close(code, reason)
  }

  #handleEvent(event: SessionEvent): void {
    const { handlers } = this.#options
    switch (event.kind) {
      case 'entered':
        this.#entered = true
        handlers.entered(event.result, event.how)
        this.#entering?.resolve(event.result)
        this.#entering = undefined
        break
      case 'users':
        handlers.users(event.users, event.audienceCount)
        break
      case 'response':
        this.#take(event.id)?.resolve(event.result)
        break
      case 'failure':
        this.#take(event.id)?.reject(new RoomError(event.code, event.sentence))
        break
      case 'notification':
        handlers.notification(event)
        break
      case 'state':
        handlers.connection(event.state)
        break
      case 'ended':
        this.#ended(event)
        break
    }
  }

  #ended(event: Extract<SessionEvent, { kind: 'ended' }>): void {
    const { reason, code, sentence } = event
    this.#options.handlers.ended({ reason, ...(code ? { code } : {}), sentence, entered: this.#entered })
    this.#entering?.reject(new RoomError(code ?? 'NOT_ENTERED', sentence))
    this.#entering = undefined
  }

  #take(id: string): Waiting | undefined {
    const waiting = this.#waiting.get(id)
    this.#waiting.delete(id)
    return waiting
  }
}
