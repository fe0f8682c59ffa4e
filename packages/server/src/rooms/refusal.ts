import type { Refusal, RefusalCode } from '../auth/index.js'

/** A refusal of the gate; the sentence repeats no secret. */
export function refusal(code: RefusalCode, sentence: string, httpStatus: number): Refusal {
  return { ok: false, code, sentence, httpStatus }
}
