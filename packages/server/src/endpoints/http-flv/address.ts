/** What a player asks for by the address of an FLV stream. */
export interface FlvAddress {
  readonly app: string
  readonly stream: string
  readonly query: ReadonlyMap<string, string>
}

const FLV_PATH = /^\/([^/?]+)\/([^/?]+)\.flv(?:\?(.*))?$/

/** Reads `/APP/STREAM.flv?…`; undefined for every other request target, so that it can go to the next handler. */
export function parseFlvAddress(target: string, maxQueryFields: number): FlvAddress | undefined {
  const match = FLV_PATH.exec(target)
  if (match === null) return undefined
  const app = decode(match[1]!)
  const stream = decode(match[2]!)
  if (app === undefined || stream === undefined) return undefined
  const query = new Map<string, string>()
  for (const [name, value] of new URLSearchParams(match[3] ?? '')) {
    if (query.size >= maxQueryFields) break
    if (!query.has(name)) query.set(name, value)
  }
  return { app, stream, query }
}

function decode(text: string): string | undefined {
  try {
    return decodeURIComponent(text)
  } catch {
    return undefined
  }
}
