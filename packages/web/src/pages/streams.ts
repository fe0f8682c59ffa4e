/** A stream as the list shows it; a part of `GET /api/v1/streams`. */
export interface ListedStream {
  readonly name: string
  readonly live: boolean
  readonly viewers: number
  readonly video?: { readonly codec: string; readonly width: number; readonly height: number }
  readonly audio?: { readonly codec: string }
  /** Where others play it, by protocol. */
  readonly play: Readonly<Record<string, string>>
}

/**
 * The list, or why there is none: `key` the server wants its API key, `local` it answers on its own machine only,
 * `elsewhere` the API is on another port, `unreachable` no answer.
 */
export type StreamList =
  | { readonly kind: 'streams'; readonly streams: readonly ListedStream[] }
  | { readonly kind: 'hidden'; readonly why: 'key' | 'local' | 'elsewhere' | 'unreachable' }

/** `APP/STREAM` as the server takes it. */
const STREAM_NAME = /^[A-Za-z0-9_-][A-Za-z0-9._-]{0,127}\/[A-Za-z0-9_-][A-Za-z0-9._-]{0,127}$/

/** Tidies what a person typed or an address carries: `/live/a.flv` is `live/a`. Undefined when it is no stream name. */
export function streamNameOf(text: string): string | undefined {
  const name = text
    .trim()
    .replace(/^\/+/, '')
    .replace(/\.flv$/, '')
  return STREAM_NAME.test(name) ? name : undefined
}

export const STREAMS_PATH = '/api/v1/streams'

/** Asks the server for its streams. Never rejects. */
export async function fetchStreams(apiKey: string | undefined): Promise<StreamList> {
  try {
    const headers = apiKey === undefined ? {} : { Authorization: `Bearer ${apiKey}` }
    const response = await fetch(STREAMS_PATH, { headers, cache: 'no-store', signal: AbortSignal.timeout(5000) })
    if (response.status === 401 || response.status === 429) return { kind: 'hidden', why: 'key' }
    if (response.status === 403) return { kind: 'hidden', why: 'local' }
    if (response.status === 404) return { kind: 'hidden', why: 'elsewhere' }
    if (!response.ok) return { kind: 'hidden', why: 'unreachable' }
    return { kind: 'streams', streams: readStreams(await response.json()) }
  } catch {
    return { kind: 'hidden', why: 'unreachable' }
  }
}

/** Reads the answer; what does not look like a stream is left out. Live ones first, then by name. */
export function readStreams(answer: unknown): ListedStream[] {
  const list = isRecord(answer) && Array.isArray(answer['streams']) ? (answer['streams'] as unknown[]) : []
  return list
    .flatMap(readStream)
    .sort((a, b) => Number(b.live) - Number(a.live) || a.name.localeCompare(b.name, 'en', { numeric: true }))
}

function readStream(item: unknown): ListedStream[] {
  if (!isRecord(item) || typeof item['name'] !== 'string') return []
  const { name, roomId, state, viewers, video, audio, play } = item
  // What members of rooms send, and lower layers, are played by other addresses than their names.
  if (roomId !== undefined || streamNameOf(name) !== name) return []
  const addresses = isRecord(play) ? Object.entries(play).filter((entry) => typeof entry[1] === 'string') : []
  return [
    {
      name,
      live: state === 'live',
      viewers: numberOf(viewers),
      ...(isRecord(video)
        ? {
            video: {
              codec: stringOf(video['codec']),
              width: numberOf(video['width']),
              height: numberOf(video['height']),
            },
          }
        : {}),
      ...(isRecord(audio) ? { audio: { codec: stringOf(audio['codec']) } } : {}),
      play: Object.fromEntries(addresses) as Record<string, string>,
    },
  ]
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null
}

function numberOf(value: unknown): number {
  return typeof value === 'number' ? value : 0
}

function stringOf(value: unknown): string {
  return typeof value === 'string' ? value : ''
}
