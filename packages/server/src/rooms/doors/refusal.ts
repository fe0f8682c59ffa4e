import type { Refusal, RefusalCode } from '../../auth/index.js'

/** A refusal of the gate; the sentence and `loggedName` repeat no secret. */
export function refusal(code: RefusalCode, sentence: string, httpStatus: number, loggedName?: string): Refusal {
  return { ok: false, code, sentence, httpStatus, loggedName }
}
