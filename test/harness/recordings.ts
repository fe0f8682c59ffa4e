import { rest, WITH_KEY } from './rest.js'
import type { TestServer } from './server.js'
import { until } from './until.js'

/** A file of a recording, as REST tells. */
export interface RecordedFile {
  readonly segment: number
  readonly stream: string
  readonly path: string
  readonly startedAt: number
  readonly durationMs?: number
  readonly bytes?: number
  readonly sha256?: string
  readonly recovered?: boolean
  readonly state: 'writing' | 'kept' | 'deleted'
  readonly uploaded: boolean
}

export interface ListedRecording {
  readonly id: string
  readonly stream?: string
  readonly room?: string
  readonly state: 'waiting' | 'recording' | 'ended'
  readonly files: readonly RecordedFile[]
}

type Answer = ListedRecording & { readonly error?: { readonly code: string; readonly message: string } }

export async function startRecording(server: TestServer, body: object): Promise<{ status: number; body: Answer }> {
  const response = await fetch(`${server.http}/api/v1/recordings`, {
    method: 'POST',
    headers: { ...WITH_KEY, 'content-type': 'application/json' },
    body: JSON.stringify(body),
  })
  return { status: response.status, body: (await response.json()) as Answer }
}

/** The status. */
export async function stopRecording(server: TestServer, id: string): Promise<number> {
  const response = await fetch(`${server.http}/api/v1/recordings/${id}/stop`, { method: 'POST', headers: WITH_KEY })
  return response.status
}

/** Resolves with the recording once it is as `is` says. */
export function untilRecording(
  server: TestServer,
  id: string,
  what: string,
  is: (recording: ListedRecording) => boolean,
  timeoutMs = 15_000,
): Promise<ListedRecording> {
  const look = async () => {
    const found = await rest<ListedRecording>(server, 'GET', `recordings/${id}`)
    return found !== undefined && is(found) && found
  }
  return until(what, look, { timeoutMs, explain: server.log })
}

/** Resolves once the recording has ended, and every file is finished. */
export function untilRecorded(server: TestServer, id: string): Promise<ListedRecording> {
  const isOver = ({ state, files }: ListedRecording) =>
    state === 'ended' && files.every((file) => file.state !== 'writing')
  return untilRecording(server, id, 'the recording to be finished', isOver)
}
