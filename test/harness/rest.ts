import { TEST_API_KEY, type TestServer } from './server.js'
import { until } from './until.js'

/** A publisher or viewer as REST describes it. */
export interface ListedConnection {
  readonly id: string
  readonly role: 'publisher' | 'viewer'
  readonly protocol: string
  readonly stream: string
  readonly bytes: number
  readonly droppedFrames: number
}

/** A stream as REST describes it. */
export interface ListedStream {
  readonly name: string
  readonly state: 'idle' | 'live' | 'grace'
  readonly framesIn: number
  readonly video?: { readonly codec: string; readonly width: number; readonly height: number }
  readonly audio?: { readonly codec: string; readonly sampleRate: number; readonly channels: number }
}

/** What opens REST and `/metrics` of a server that a test started. */
export const WITH_KEY = { authorization: `Bearer ${TEST_API_KEY}` } as const

/** Calls `/api/v1/…`; the answer's body, or undefined when the status is not 2xx. */
export async function rest<T>(server: TestServer, method: string, path: string, body?: object): Promise<T | undefined> {
  const response = await fetch(`${server.http}/api/v1/${path}`, {
    method,
    headers: { ...WITH_KEY, ...(body === undefined ? {} : { 'Content-Type': 'application/json' }) },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  })
  const text = await response.text()
  if (!response.ok) return undefined
  return (text === '' ? {} : JSON.parse(text)) as T
}

/** Ends every pull, so that a test that failed leaves none to its next try. */
export async function endPulls(server: TestServer): Promise<void> {
  const { pulls } = (await rest<{ pulls: { id: string }[] }>(server, 'GET', 'pulls'))!
  for (const { id } of pulls) await rest(server, 'DELETE', `pulls/${id}`)
}

/** Publishers and viewers of a stream. */
export async function connectionsOf(server: TestServer, stream: string): Promise<ListedConnection[]> {
  const answer = await rest<{ connections: ListedConnection[] }>(server, 'GET', `connections?stream=${stream}`)
  return answer?.connections ?? []
}

/** Resolves when so many viewers are being served. */
export async function untilViewers(server: TestServer, stream: string, count: number): Promise<void> {
  await until(
    `${String(count)} viewers of ${stream}`,
    async () => (await connectionsOf(server, stream)).filter((one) => one.role === 'viewer').length >= count,
    { timeoutMs: 15_000, explain: server.log },
  )
}

/** Resolves with the stream when it is in that state and has got so many frames. */
export function untilStream(
  server: TestServer,
  name: string,
  state: ListedStream['state'],
  frames = 0,
): Promise<ListedStream> {
  return until(
    `${name} to be ${state} with ${String(frames)} frames`,
    async () => {
      const stream = await rest<ListedStream>(server, 'GET', `streams/${name}`)
      return stream?.state === state && stream.framesIn >= frames && stream
    },
    { timeoutMs: 15_000, explain: server.log },
  )
}

/** Ends a stream for its publisher and viewers. */
export async function endStream(server: TestServer, name: string): Promise<void> {
  await rest(server, 'DELETE', `streams/${name}`)
}
