/** What a player asks for by an address of HLS. */
export interface HlsAddress {
  readonly app: string
  readonly stream: string
  /** `index.m3u8`, or the name of an init segment, a segment or a part. */
  readonly file: string
  readonly query: ReadonlyMap<string, string>
}

const HLS_PATH = /^\/hls\/([^/?]+)\/([^/?]+)\/([A-Za-z0-9_-][A-Za-z0-9._-]{0,63})(?:\?(.*))?$/

/** The playlist of every stream. */
export const PLAYLIST = 'index.m3u8'

/** Reads `/hls/APP/STREAM/FILE?…`; undefined for every other request target. */
export function parseHlsAddress(target: string, maxQueryFields: number): HlsAddress | undefined {
  const [, rawApp, rawStream, file, rawQuery] = HLS_PATH.exec(target) ?? []
  const [app, stream] = [decode(rawApp), decode(rawStream)]
  if (app === undefined || stream === undefined || file === undefined) return undefined
  const query = new Map<string, string>()
  for (const [name, value] of new URLSearchParams(rawQuery ?? '')) {
    if (query.size >= maxQueryFields) break
    if (!query.has(name)) query.set(name, value)
  }
  return { app, stream, file, query }
}

/** Where a reload that waits becomes ready: the whole segment, or one part of it. */
export interface Position {
  /** Media sequence number. */
  readonly segment: number
  readonly part: number | undefined
}

/** `_HLS_msn` and `_HLS_part` (RFC 8216bis section 6.2.5.1): undefined without them, `wrong` where they make no sense. */
export function parseReload(query: ReadonlyMap<string, string>): Position | 'wrong' | undefined {
  const [segment, part] = ['_HLS_msn', '_HLS_part'].map((name) => query.get(name))
  if (segment === undefined) return part === undefined ? undefined : 'wrong'
  const numbers = [segment, part].map((text) => (text === undefined ? undefined : decimalInteger(text)))
  if (numbers[0] === undefined || (part !== undefined && numbers[1] === undefined)) return 'wrong'
  return { segment: numbers[0], part: numbers[1] }
}

/** A decimal-integer of section 4.2 that is exact as a number. */
function decimalInteger(text: string): number | undefined {
  if (!/^\d{1,16}$/.test(text)) return undefined
  const value = Number(text)
  return Number.isSafeInteger(value) ? value : undefined
}

function decode(text: string | undefined): string | undefined {
  try {
    return text === undefined ? undefined : decodeURIComponent(text)
  } catch {
    return undefined
  }
}
