import { isPhrase, say } from '../../i18n/say.js'

/** A failure of the SDK or the server, in the language of the page where there are words for its code. */
export function sentenceOf(error: unknown): string {
  const code = codeOf(error)
  if (code !== undefined && isPhrase(code)) return say(code)
  return error instanceof Error ? error.message : String(error)
}

/** The stable code of a failure; undefined when it has none. */
export function codeOf(error: unknown): string | undefined {
  if (!(error instanceof Error) || !('code' in error)) return undefined
  return typeof error.code === 'string' ? error.code : undefined
}
