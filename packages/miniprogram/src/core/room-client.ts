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
  type SessionMethod,
  type SessionState,
  type User,
} from '@crossroom/protocol'

import type { Platform, Socket } from './platform.js'
import { version } from './version.js'

const MICROS_PER_MS = 1000

/** Who enters which room, and how. */
export type EnterWish = Omit<EnterParams, 'protocol' | 'client'>

/** Why a session is over, or why it never began. */
export interface RoomEnd {
  readonly reason: EndReason
  /** An ErrorCode, or one that a newer server has; absent when the user left. */
  readonly code?: string
  /** For people. */
  readonly sentence: string
  /** Whether the room had been entered. */
  readonly entered: boolean
}

/** A request that failed; `message` is a sentence for people. */
export class RoomError extends Error {
  /** An ErrorCode, or one that a newer server has. */
  readonly code: string

  constructor(code: string, sentence: string) {
    super(sentence)
    this.name = 'RoomError'
    this.code = code
  }
}

/** The facts of a code, undefined for one that this version does not know. */
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

/** One stay in one room: drives the session machine with the platform's socket, clock and timers. */
export class RoomClient {
  readonly #options: RoomClientOptions
  readonly #session: RoomSession
  readonly #waiting = new Map<string, Waiting>()
  #entering: Waiting | undefined
  #entered = false
  #socket: Socket | undefined
  #cancelTimer: (() => void) | undefined

  constructor(options: RoomClientOptions) {
    const { platform } = options
    this.#options = options
    this.#session = new RoomSession({
      random: () => platform.random(),
      client: { kind: 'miniprogram', version },
    })
  }

  /** Resolves in the room; rejects with RoomError. Call it once. */
  enter(wish: EnterWish): Promise<EnterResult> {
    return new Promise((resolve, reject) => {
      this.#entering = { resolve: resolve, reject }
      this.#session.enter(this.#now(), wish)
      this.#drain()
    })
  }

  leave(): void {
    this.#session.leave(this.#now())
    this.#drain()
  }

  /** Rejects with RoomError. */
  request<Method extends SessionMethod>(method: Method, params: ParamsOf<Method>): Promise<ResultOf<Method>> {
    return new Promise((resolve, reject) => {
      const id = this.#session.request(this.#now(), method, params)
      this.#waiting.set(id, { resolve: resolve, reject })
      this.#drain()
    })
  }

  networkChanged(): void {
    this.#session.networkChanged(this.#now())
    this.#drain()
  }

  #now(): number {
    return Math.round(this.#options.platform.now() * MICROS_PER_MS)
  }

  #drain(): void {
    for (let output = this.#session.pollOutput(); output; output = this.#session.pollOutput()) {
      if (output.kind === 'connect') this.#connect()
      else if (output.kind === 'send') this.#socket?.send(output.text)
      else this.#disconnect(output.code, output.reason)
    }
    for (let event = this.#session.pollEvent(); event; event = this.#session.pollEvent()) this.#handleEvent(event)
    this.#armTimer()
  }

  #connect(): void {
    const isCurrent = (): boolean => this.#socket === socket
    const socket: Socket = this.#options.platform.connect(this.#options.signalUrl, {
      open: () => isCurrent() && this.#input({ kind: 'open' }),
      text: (text) => isCurrent() && this.#input({ kind: 'text', text }),
      closed: (code, reason) => {
        if (!isCurrent()) return
        this.#socket = undefined
        this.#input({ kind: 'closed', code, reason })
      },
    })
    this.#socket = socket
  }

  #input(input: Parameters<RoomSession['handleInput']>[1]): void {
    this.#session.handleInput(this.#now(), input)
    this.#drain()
  }

  #disconnect(code: number, reason: string): void {
    const socket = this.#socket
    this.#socket = undefined
    socket?.close(code, reason)
  }

  #armTimer(): void {
    this.#cancelTimer?.()
    this.#cancelTimer = undefined
    const at = this.#session.pollTimeout()
    if (at === undefined) return
    const ms = Math.max(0, Math.ceil((at - this.#now()) / MICROS_PER_MS))
    this.#cancelTimer = this.#options.platform.after(ms, () => {
      this.#cancelTimer = undefined
      this.#session.handleTimeout(this.#now())
      this.#drain()
    })
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
