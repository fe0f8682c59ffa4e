const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/'
const VALUES = new Map([...ALPHABET].map((character, value) => [character.charCodeAt(0), value]))

/** Base64 with padding (RFC 4648 section 4). For small things: codec configurations in JSON. */
export function toBase64(bytes: Uint8Array): string {
  let text = ''
  for (let offset = 0; offset < bytes.length; offset += 3) {
    const rest = bytes.length - offset
    const group = (bytes[offset]! << 16) | ((bytes[offset + 1] ?? 0) << 8) | (bytes[offset + 2] ?? 0)
    text += ALPHABET[group >> 18]! + ALPHABET[(group >> 12) & 63]!
    text += (rest > 1 ? ALPHABET[(group >> 6) & 63]! : '=') + (rest > 2 ? ALPHABET[group & 63]! : '=')
  }
  return text
}

/** Undefined for text that `toBase64` does not write. */
export function fromBase64(text: string): Uint8Array | undefined {
  if (text.length % 4 !== 0) return undefined
  const padding = text.endsWith('==') ? 2 : text.endsWith('=') ? 1 : 0
  const bytes = new Uint8Array((text.length / 4) * 3 - padding)
  let group = 0
  for (let index = 0; index < text.length - padding; index++) {
    const value = VALUES.get(text.charCodeAt(index))
    if (value === undefined) return undefined
    group = (group << 6) | value
    if (index % 4 === 0) continue
    const bits = 6 - 2 * (index % 4)
    bytes[Math.floor(index / 4) * 3 + (index % 4) - 1] = (group >> bits) & 0xff
  }
  return bytes
}
