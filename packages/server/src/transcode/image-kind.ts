export type ImageKind = 'png' | 'jpeg' | 'webp'

/** By the first bytes of the file. */
export function imageKindOf(file: Uint8Array): ImageKind | undefined {
  const has = (offset: number, ...bytes: number[]): boolean =>
    bytes.every((byte, index) => file[offset + index] === byte)
  if (has(0, 0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a)) return 'png'
  if (has(0, 0xff, 0xd8, 0xff)) return 'jpeg'
  if (has(0, 0x52, 0x49, 0x46, 0x46) && has(8, 0x57, 0x45, 0x42, 0x50)) return 'webp'
  return undefined
}
