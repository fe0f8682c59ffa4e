import { hkdfSync } from 'node:crypto'

/**
 * Uses of the secret besides UserSigs and privateMapKeys, whose format uses it directly. A key of one purpose is
 * useless for another, and does not reveal the secret (RFC 5869).
 */
export type KeyPurpose =
  'stream-token' | 'hook' | 'tx-secret' | 'room-address' | 'resume-token' | 'node-request' | 'node-relay' | 'secret-id'

const KEY_BYTES = 32
/** There are two secrets at a time, and few purposes. */
const REMEMBERED = 32
const remembered = new Map<string, string>()

/** The key of one purpose, as 64 hexadecimal digits. */
export function deriveKey(secret: string, purpose: KeyPurpose): string {
  const name = `${purpose}\n${secret}`
  const found = remembered.get(name)
  if (found !== undefined) return found
  const key = Buffer.from(hkdfSync('sha256', secret, '', `crossroom ${purpose} 1`, KEY_BYTES)).toString('hex')
  if (remembered.size >= REMEMBERED) remembered.clear()
  remembered.set(name, key)
  return key
}
