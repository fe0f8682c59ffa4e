/** Big-endian integers, the byte order of every format here. The caller checks bounds; a read past the end yields garbage, not a throw. */

export function readUint16(bytes: Uint8Array, offset: number): number {
  return (bytes[offset]! << 8) | bytes[offset + 1]!
}

export function readUint24(bytes: Uint8Array, offset: number): number {
  return (bytes[offset]! << 16) | (bytes[offset + 1]! << 8) | bytes[offset + 2]!
}

/** Two's complement, 24 bits: the composition time of FLV. */
export function readInt24(bytes: Uint8Array, offset: number): number {
  return (readUint24(bytes, offset) << 8) >> 8
}

export function readUint32(bytes: Uint8Array, offset: number): number {
  return ((bytes[offset]! << 24) | (bytes[offset + 1]! << 16) | (bytes[offset + 2]! << 8) | bytes[offset + 3]!) >>> 0
}

export function writeUint16(value: number, out: Uint8Array, offset: number): number {
  out[offset] = value >>> 8
  out[offset + 1] = value
  return offset + 2
}

/** Also writes signed 24-bit values: the upper bits fall off. */
export function writeUint24(value: number, out: Uint8Array, offset: number): number {
  out[offset] = value >>> 16
  out[offset + 1] = value >>> 8
  out[offset + 2] = value
  return offset + 3
}

export function writeUint32(value: number, out: Uint8Array, offset: number): number {
  out[offset] = value >>> 24
  out[offset + 1] = value >>> 16
  out[offset + 2] = value >>> 8
  out[offset + 3] = value
  return offset + 4
}
