import type { ErrorCode } from '@crossroom/protocol'

/** A request about a call that is refused. */
export class CallError extends Error {
  readonly code: ErrorCode

  constructor(code: ErrorCode, sentence: string) {
    super(sentence)
    this.code = code
  }
}
