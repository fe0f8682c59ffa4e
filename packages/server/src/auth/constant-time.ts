import { createHash, timingSafeEqual } from 'node:crypto'

/** Compares two texts in a time independent of where they differ and of the secret's length. */
export function equalSecrets(given: string, secret: string): boolean {
  const digest = (text: string): Buffer => createHash('sha256').update(text, 'utf8').digest()
  return timingSafeEqual(digest(given), digest(secret))
}
