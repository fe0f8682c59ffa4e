import type { ErrorCode } from '@crossroom/protocol'

/** A request that is answered with an error of the protocol; without a sentence with that of its code. */
export class Refused extends Error {
  readonly code: ErrorCode
  readonly retryAfterMs: number | undefined

  constructor(code: ErrorCode, sentence?: string, retryAfterMs?: number) {
    super(sentence)
    this.code = code
    this.retryAfterMs = retryAfterMs
  }
}
