import type { FrameSource } from '../hub/index.js'
import type { PushAddress } from './address.js'

/** One attempt to push a stream. */
export interface Sender {
  readonly bytesOut: number
  /** Frames that were left out because the target did not take them. */
  readonly droppedFrames: number
  /** Takes leave of the target; nothing is called afterwards. Idempotent. */
  close(): void
}

/** Why an attempt ended. `denied`: the target knows us and says no, so asking again soon does not help. */
export interface SendFailure {
  readonly message: string
  readonly denied?: boolean
}

export interface SenderHandlers {
  /** The target accepted the stream, and gets it from now on. */
  sending(): void
  /** The stream is over, or its publisher is gone. Like `failed` called at most once, and either of them. */
  over(): void
  failed(failure: SendFailure): void
}

export interface SendOptions {
  readonly source: FrameSource
  readonly address: PushAddress
  readonly bearer: string | undefined
  /** It may go where `--forward-private` allows. */
  readonly isForward: boolean
}

/** Begins to push. Never throws, and calls no handler before it returned. */
export type OpenSender = (options: SendOptions, handlers: SenderHandlers) => Sender
