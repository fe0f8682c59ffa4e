import type { WebSocket } from 'ws'
import {
  writeError,
  writeResult,
  type ErrorCode,
  type NotificationMethod,
  type NotificationParams,
  type RequestId,
} from '@crossroom/protocol'
import { CallError } from '../calls/index.js'
import { signalingLimits } from '../config/index.js'
import type { Audit, Log } from '../observe/index.js'
import { RoomError } from '../rooms/index.js'
import type { SignalingCounters } from './counters.js'
import type { Outbox } from './outbox.js'
import { Refused } from './refused.js'

/** The part of a WebSocket that a session uses. */
export type SignalingSocket = Pick<WebSocket, 'bufferedAmount' | 'close' | 'pong' | 'send' | 'terminate'>

export interface OutputDeps {
  readonly outbox: Outbox
  readonly counters: SignalingCounters
  readonly log: Log
  readonly audit: Audit
}

const SEND_TEXT = { binary: false, compress: false } as const

/** The output of one socket: answers, errors, and notifications, which wait until an entry is answered. */
export class SessionOutput {
  readonly #socket: SignalingSocket
  readonly #deps: OutputDeps
  /** IP address without a port. */
  readonly #remoteAddress: string
  /** Notifications that wait. */
  #held: Buffer[] | undefined
  #heldBytes = 0
  #isClosed = false

  constructor(socket: SignalingSocket, deps: OutputDeps, remoteAddress: string) {
    this.#socket = socket
    this.#deps = deps
    this.#remoteAddress = remoteAddress
  }

  notify<Method extends NotificationMethod>(method: Method, params: NotificationParams<Method>): void {
    const bytes = this.#deps.outbox.write(method, params)
    // The last word waits for nothing.
    if (this.#held === undefined || method === 'room.closed') this.#send(bytes)
    else this.#hold(this.#held, bytes)
  }

  answer(id: RequestId, result: object): void {
    this.#send(Buffer.from(writeResult(id, result)))
  }

  fail(id: RequestId, error: unknown): void {
    if (error instanceof CallError) {
      this.refuse(id, error.code, error.message)
    } else if (error instanceof Refused) {
      this.refuse(id, error.code, error.message === '' ? undefined : error.message, error.retryAfterMs)
    } else if (error instanceof RoomError) {
      const { code } = error
      if (code === 'RESUME_FAILED') this.#deps.audit.refused({ what: 'resume', from: this.#remoteAddress, code })
      this.refuse(id, code, error.message)
    } else {
      this.#deps.log.error({ error }, 'A signaling request failed')
      this.refuse(id, 'INTERNAL')
    }
  }

  refuse(id: RequestId | null, code: ErrorCode, sentence?: string, retryAfterMs?: number): void {
    this.#deps.counters.refused(code)
    this.#send(Buffer.from(writeError(id, code, sentence, retryAfterMs)))
  }

  pong(data: Buffer): void {
    this.#socket.pong(data)
    this.#boundBuffer()
  }

  /** An entry is pending: notifications follow its answer. */
  hold(): void {
    this.#held = []
  }

  /** The entry was answered. */
  release(): void {
    const held = this.#held ?? []
    this.forget()
    for (const bytes of held) this.#send(bytes)
  }

  /** The entry failed. */
  forget(): void {
    this.#held = undefined
    this.#heldBytes = 0
  }

  /** Nothing more goes out. */
  close(): void {
    this.#isClosed = true
  }

  #hold(held: Buffer[], bytes: Buffer): void {
    held.push(bytes)
    this.#heldBytes += bytes.length
    if (this.#heldBytes > signalingLimits.bufferedBytes) this.#socket.terminate()
  }

  #send(bytes: Buffer): void {
    if (this.#isClosed) return
    this.#deps.counters.messagesOut++
    this.#socket.send(bytes, SEND_TEXT)
    this.#boundBuffer()
  }

  /** A client that does not read is disconnected. */
  #boundBuffer(): void {
    if (this.#socket.bufferedAmount > signalingLimits.bufferedBytes) this.#socket.terminate()
  }
}
