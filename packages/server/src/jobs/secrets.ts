import { REDACTED } from '../observe/index.js'

/** Shorter parts of an address are no secrets, and would take half of a sentence along. */
const MIN_SECRET_CHARS = 4

/**
 * A peer may repeat secrets when it says no, in whatever spelling: none of them stays in the sentence. Short ones do, except
 * a `password`.
 */
export function redacted(sentence: string, secrets: readonly string[], password = ''): string {
  const spellings = secrets
    .flatMap((secret) => [secret, decoded(secret), encodeURIComponent(decoded(secret))])
    .filter((secret) => secret.length >= MIN_SECRET_CHARS || (secret === password && secret !== ''))
  return spellings.sort((a, b) => b.length - a.length).reduce((text, part) => text.replaceAll(part, REDACTED), sentence)
}

/** A query as a whole, its fields, and their values. */
export function secretsOfQuery(query: string): string[] {
  const fields = query.split('&').flatMap((field) => [field.replace(/^[^=]*=/, ''), field])
  return [query, ...fields]
}

/** Undoes percent-encoding, where it is one. */
export function decoded(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}
