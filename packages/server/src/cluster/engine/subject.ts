import { engineLimits } from '../../config/index.js'

const WORD = /^[A-Za-z0-9_=-]+$/
/** Of a key or subject, wildcards and dots included. */
const MAX_SUBJECT = 256

/** True for words joined by dots. */
export function isSubject(text: string): boolean {
  return text.length <= MAX_SUBJECT && text.split('.').every((word) => WORD.test(word))
}

/** Whether a subject falls under a pattern, which may end in `*` (one word) or `>` (all that follow, at least one). */
export function matches(pattern: string, subject: string): boolean {
  const [wanted, words] = [pattern.split('.'), subject.split('.')]
  for (const [index, word] of wanted.entries()) {
    if (word === '>') return words.length > index
    if (words[index] === undefined || (word !== '*' && word !== words[index])) return false
  }
  return words.length === wanted.length
}

/** Any text as one word: names of streams and users have dots and other characters. The inverse is `readWord`. */
export function asWord(text: string): string {
  return text === '' ? '=' : Buffer.from(text, 'utf8').toString('base64url')
}

export function readWord(word: string): string {
  return word === '=' ? '' : Buffer.from(word, 'base64url').toString('utf8')
}

/** Throws for what is no key or subject: a fault of ours. */
export function checkSubject(text: string): void {
  if (!isSubject(text)) throw new TypeError(`Not a key or subject: ${text.slice(0, 80)}`)
}

/** Throws for a value or message that no engine takes: a fault of ours. */
export function checkValue({ length }: Uint8Array): void {
  const { valueBytes } = engineLimits
  if (length > valueBytes)
    throw new TypeError(`${String(length)} bytes are more than the engine takes (${String(valueBytes)})`)
}
