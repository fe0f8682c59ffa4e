/** Leading zeros an Exp-Golomb code may have: the value then fits 32 bits (ITU-T H.264 section 9.1). */
const MAX_LEADING_ZEROS = 31

/**
 * Reads bits from the most significant one on. A read past the end, or an Exp-Golomb code that is too long, yields 0 and
 * sets `failed` for good: parsers read a whole structure and ask once, and no loop may depend on a value of a failed reader.
 */
export class BitReader {
  readonly #bytes: Uint8Array
  readonly #end: number
  #position: number
  #failed = false

  /** Reads `bytes[start, end)`; both in bytes. */
  constructor(bytes: Uint8Array, start = 0, end = bytes.length) {
    this.#bytes = bytes
    this.#position = start * 8
    this.#end = end * 8
  }

  /** Something was read that is not there. */
  get failed(): boolean {
    return this.#failed
  }

  get bitsLeft(): number {
    return this.#end - this.#position
  }

  /** The next `count` bits, 0 to 32, as an unsigned number. */
  bits(count: number): number {
    if (this.#failed || count > this.#end - this.#position) return this.#fail()
    let value = 0
    let left = count
    while (left > 0) {
      const bitOffset = this.#position & 7
      const take = Math.min(8 - bitOffset, left)
      const byte = this.#bytes[this.#position >>> 3]!
      value = value * (1 << take) + ((byte >>> (8 - bitOffset - take)) & ((1 << take) - 1))
      this.#position += take
      left -= take
    }
    return value
  }

  flag(): boolean {
    return this.bits(1) === 1
  }

  skip(count: number): void {
    if (this.#failed || count > this.#end - this.#position) this.#fail()
    else this.#position += count
  }

  /** ue(v), 0 to 2^32-2. */
  unsignedExpGolomb(): number {
    let zeros = 0
    while (!this.#failed && this.bits(1) === 0) {
      zeros += 1
      if (zeros > MAX_LEADING_ZEROS) return this.#fail()
    }
    const suffix = this.bits(zeros)
    return this.#failed ? 0 : 2 ** zeros - 1 + suffix
  }

  /** se(v): 0, 1, -1, 2, -2, … */
  signedExpGolomb(): number {
    const code = this.unsignedExpGolomb()
    return code % 2 === 1 ? (code + 1) / 2 : -(code / 2) || 0
  }

  /** Moves to the next byte boundary; stays on one. */
  alignToByte(): void {
    this.#position = (this.#position + 7) & ~7
  }

  #fail(): number {
    this.#failed = true
    return 0
  }
}
