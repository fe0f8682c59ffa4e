import { createCipheriv, createHmac, timingSafeEqual } from 'node:crypto'
import { deriveKey, type KeyPurpose } from './derived-key.js'
import type { Ring } from './ring.js'

/** Of the code that is both proof and initial value: no two different texts share it, and nobody can make one. */
const CODE_BYTES = 12
const COUNTER = Buffer.alloc(4)

/**
 * Bytes that only the holders of a secret can make or read, as text of `[A-Za-z0-9_-]`. The same bytes under the same secret are
 * the same text (as in RFC 5297: the code over the plain bytes is the initial value), so that nodes that know the same write
 * the same address without asking each other. The first secret of the ring seals, and each opens.
 */
export class Seal {
  readonly #secrets: () => Ring
  readonly #purpose: KeyPurpose

  constructor(secrets: () => Ring, purpose: KeyPurpose) {
    this.#secrets = secrets
    this.#purpose = purpose
  }

  seal(plain: Uint8Array): string {
    const [secret = ''] = this.#secrets()
    const keys = this.#keysOf(secret)
    const code = codeOf(keys.code, plain)
    return Buffer.concat([code, crypt(keys.cipher, code, plain)]).toString('base64url')
  }

  /** Undefined for everything that `seal` did not make under one of the secrets. */
  open(text: string): Buffer | undefined {
    const bytes = Buffer.from(text, 'base64url')
    // One text per content: other letters that decode alike are not it.
    if (bytes.length < CODE_BYTES || bytes.toString('base64url') !== text) return undefined
    const code = bytes.subarray(0, CODE_BYTES)
    const secrets = this.#secrets()
    for (const secret of secrets.length === 0 ? [''] : secrets) {
      const keys = this.#keysOf(secret)
      const plain = crypt(keys.cipher, code, bytes.subarray(CODE_BYTES))
      if (timingSafeEqual(codeOf(keys.code, plain), code)) return plain
    }
    return undefined
  }

  #keysOf(secret: string): { readonly code: Buffer; readonly cipher: Buffer } {
    const code = Buffer.from(deriveKey(secret, this.#purpose), 'hex')
    return { code, cipher: createHmac('sha256', code).update('cipher').digest() }
  }
}

function codeOf(key: Buffer, plain: Uint8Array): Buffer {
  return createHmac('sha256', key).update(plain).digest().subarray(0, CODE_BYTES)
}

/** Its own inverse. */
function crypt(key: Buffer, code: Buffer, bytes: Uint8Array): Buffer {
  return createCipheriv('aes-256-ctr', key, Buffer.concat([code, COUNTER])).update(bytes)
}
