/** Writes bits from the most significant one on into the caller's array, which must be large enough. */
export class BitWriter {
  readonly #out: Uint8Array
  #position: number

  /** Begins at byte `offset` of `out`. */
  constructor(out: Uint8Array, offset = 0) {
    this.#out = out
    this.#position = offset * 8
  }

  /** Bytes begun so far, from the start of the array: the offset after the last one. */
  get byteOffset(): number {
    return (this.#position + 7) >>> 3
  }

  /** The lowest `count` bits of `value`, 0 to 32. */
  bits(value: number, count: number): void {
    for (let bit = count - 1; bit >= 0; bit--) {
      const index = this.#position >>> 3
      const shift = 7 - (this.#position & 7)
      const isSet = (value >>> bit) & 1
      this.#out[index] = shift === 7 ? isSet << 7 : this.#out[index]! | (isSet << shift)
      this.#position += 1
    }
  }

  /** ue(v) of ITU-T H.264 section 9.1, for values below 2^31. */
  unsignedExpGolomb(value: number): void {
    const code = value + 1
    const length = 32 - Math.clz32(code)
    this.bits(0, length - 1)
    this.bits(code, length)
  }

  /** se(v). */
  signedExpGolomb(value: number): void {
    this.unsignedExpGolomb(value > 0 ? 2 * value - 1 : -2 * value)
  }

  /** Fills the byte begun with zeros. */
  alignToByte(): void {
    while ((this.#position & 7) !== 0) this.bits(0, 1)
  }
}
