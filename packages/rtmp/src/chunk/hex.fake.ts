/** The bytes that hexadecimal digits say; spaces are for the reader. */
export function bytesOfHex(hex: string): Uint8Array {
  return Uint8Array.from(hex.replaceAll(' ', '').match(/../g) ?? [], (pair) => Number.parseInt(pair, 16))
}
