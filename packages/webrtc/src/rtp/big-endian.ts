// Network byte order by shifts: a DataView per packet would be an allocation, and these inline.
// Reads past the end give 0 for the missing bytes; callers check lengths first.

export function readUint16(bytes: Uint8Array, offset: number): number {
  return (bytes[offset]! << 8) | bytes[offset + 1]!
}

export function readUint24(bytes: Uint8Array, offset: number): number {
  return (bytes[offset]! << 16) | (bytes[offset + 1]! << 8) | bytes[offset + 2]!
}

export function readInt24(bytes: Uint8Array, offset: number): number {
  return (readUint24(bytes, offset) << 8) >> 8
}

export function readUint32(bytes: Uint8Array, offset: number): number {
  return ((bytes[offset]! << 24) | (bytes[offset + 1]! << 16) | (bytes[offset + 2]! << 8) | bytes[offset + 3]!) >>> 0
}

export function writeUint16(value: number, bytes: Uint8Array, offset: number): number {
  bytes[offset] = value >>> 8
  bytes[offset + 1] = value
  return offset + 2
}

export function writeUint24(value: number, bytes: Uint8Array, offset: number): number {
  bytes[offset] = value >>> 16
  bytes[offset + 1] = value >>> 8
  bytes[offset + 2] = value
  return offset + 3
}

export function writeUint32(value: number, bytes: Uint8Array, offset: number): number {
  bytes[offset] = value >>> 24
  bytes[offset + 1] = value >>> 16
  bytes[offset + 2] = value >>> 8
  bytes[offset + 3] = value
  return offset + 4
}
