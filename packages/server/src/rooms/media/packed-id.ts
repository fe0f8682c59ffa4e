/** Bytes of a random id: 128 bits, written as 22 characters. */
const ID_BYTES = 16

/** Room and user ids, and others of `[A-Za-z0-9_-]`: six bits a character after one byte of length. At most 255 characters. */
export function packId(id: string): Buffer {
  const padded = Buffer.from(id.padEnd(Math.ceil(id.length / 4) * 4, 'A'), 'base64url')
  return Buffer.concat([Buffer.of(id.length), padded.subarray(0, Math.ceil((id.length * 6) / 8))])
}

/** Reads what `packId`, `newId` and plain numbers have written one after the other; everything is undefined beyond the end. */
export class PackedReader {
  readonly #bytes: Buffer
  #at = 0

  constructor(bytes: Buffer) {
    this.#bytes = bytes
  }

  get isAtEnd(): boolean {
    return this.#at === this.#bytes.length
  }

  id(): string | undefined {
    const length = this.number(1)
    if (length === undefined) return undefined
    const packed = this.take(Math.ceil((length * 6) / 8))
    if (packed === undefined) return undefined
    const whole = Buffer.concat([packed, Buffer.alloc((3 - (packed.length % 3)) % 3)])
    return whole.toString('base64url').slice(0, length)
  }

  /** A random id. */
  random(bytes = ID_BYTES): string | undefined {
    return this.take(bytes)?.toString('base64url')
  }

  /** Big-endian, of 1 to 6 bytes. */
  number(bytes: number): number | undefined {
    return this.take(bytes)?.readUIntBE(0, bytes)
  }

  rest(): Buffer {
    return this.#bytes.subarray(this.#at)
  }

  take(length: number): Buffer | undefined {
    if (this.#at + length > this.#bytes.length) return undefined
    this.#at += length
    return this.#bytes.subarray(this.#at - length, this.#at)
  }
}

/** The bytes of a random id; undefined for other text. */
export function packRandom(id: string, length = ID_BYTES): Buffer | undefined {
  const bytes = Buffer.from(id, 'base64url')
  return bytes.length === length && bytes.toString('base64url') === id ? bytes : undefined
}

export function packNumber(value: number, bytes: number): Buffer {
  const out = Buffer.alloc(bytes)
  out.writeUIntBE(value, 0, bytes)
  return out
}
