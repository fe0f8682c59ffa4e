/** A JSON object from another node; undefined for anything else. */
export function readJson(value: Uint8Array): Record<string, unknown> | undefined {
  try {
    const read: unknown = JSON.parse(Buffer.from(value).toString('utf8'))
    return typeof read === 'object' && read !== null && !Array.isArray(read)
      ? (read as Record<string, unknown>)
      : undefined
  } catch {
    return undefined
  }
}
