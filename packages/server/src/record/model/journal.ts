import { z } from 'zod'

/*
 * A recording is told by its journal, a file of JSON lines that only grows: what was begun, what was finished, who was
 * there. Whatever is killed in between, the lines that were written say what there is.
 */

export const recordingFormats = ['mp4', 'flv'] as const
export type RecordingFormat = (typeof recordingFormats)[number]

const at = z.number().describe('unix milliseconds')
const sha256 = z.string().regex(/^[0-9a-f]{64}$/)
const segment = z.int().min(1)

const begin = z.object({
  event: z.literal('begin'),
  at,
  id: z.string(),
  stream: z.string().optional(),
  room: z.string().optional(),
  userId: z.string().optional(),
  composite: z.boolean().optional(),
  format: z.enum(recordingFormats),
})
const open = z.object({ event: z.literal('open'), at, segment, stream: z.string(), path: z.string() })
const close = z.object({
  event: z.literal('close'),
  at,
  segment,
  durationMs: z.number(),
  bytes: z.number(),
  sha256,
  chain: sha256,
  recovered: z.boolean().optional(),
})
const empty = z.object({ event: z.literal('empty'), at, segment }).describe('nothing of it was written')
const member = z.object({
  event: z.literal('member'),
  at,
  userId: z.string(),
  name: z.string().optional(),
  is: z.enum(['here', 'gone']),
})
const end = z.object({ event: z.literal('end'), at, why: z.string().optional() })
const uploaded = z.object({ event: z.literal('uploaded'), at, segment })
const deleted = z.object({ event: z.literal('deleted'), at, segment })

export const journalEvent = z.discriminatedUnion('event', [begin, open, close, empty, member, end, uploaded, deleted])
export type JournalEvent = z.infer<typeof journalEvent>
export type BeginEvent = z.infer<typeof begin>

/** One file. */
export interface SegmentState {
  readonly segment: number
  readonly stream: string
  /** Inside the folder of recordings. */
  readonly path: string
  /** Unix milliseconds of its first frame. */
  readonly startedAt: number
  /** Absent while it is written. */
  closed?: {
    readonly durationMs: number
    readonly bytes: number
    readonly sha256: string
    readonly chain: string
    readonly recovered: boolean
  }
  uploaded: boolean
  deleted: boolean
}

/** Somebody in the room, from then to then. */
export interface Presence {
  readonly userId: string
  readonly name: string | undefined
  readonly from: number
  to: number | undefined
}

/** What a journal tells of its recording. */
export class RecordingState {
  readonly begin: BeginEvent
  readonly segments = new Map<number, SegmentState>()
  readonly presences: Presence[] = []
  /** In the order in which their chain was made. */
  readonly order: SegmentState[] = []
  endedAt: number | undefined
  why: string | undefined
  /** Of the segment that was finished last; of none, zeros. */
  chain = '0'.repeat(64)
  lastSegment = 0

  constructor(begin: BeginEvent) {
    this.begin = begin
  }

  get id(): string {
    return this.begin.id
  }

  apply(event: JournalEvent): void {
    switch (event.event) {
      case 'begin':
        return
      case 'open':
        return this.#open(event)
      case 'close':
        return this.#close(event)
      case 'empty':
        this.segments.delete(event.segment)
        return
      case 'member':
        return this.#member(event)
      case 'end':
        this.endedAt = event.at
        this.why = event.why
        for (const presence of this.presences) presence.to ??= event.at
        return
      case 'uploaded':
      case 'deleted': {
        const of = this.segments.get(event.segment)
        if (of !== undefined) of[event.event] = true
      }
    }
  }

  #open({ segment: number, stream, path, at: startedAt }: z.infer<typeof open>): void {
    this.lastSegment = Math.max(this.lastSegment, number)
    this.segments.set(number, { segment: number, stream, path, startedAt, uploaded: false, deleted: false })
  }

  #close(event: z.infer<typeof close>): void {
    const { durationMs, bytes, chain, recovered = false } = event
    const of = this.segments.get(event.segment)
    if (of === undefined || of.closed !== undefined) return
    of.closed = { durationMs, bytes, sha256: event.sha256, chain, recovered }
    this.order.push(of)
    this.chain = chain
  }

  #member({ userId, name, is, at: when }: z.infer<typeof member>): void {
    const present = this.presences.find((one) => one.userId === userId && one.to === undefined)
    if (is === 'gone') {
      if (present !== undefined) present.to = when
    } else if (present === undefined) this.presences.push({ userId, name, from: when, to: undefined })
  }
}

/** The recording of a whole journal; undefined when it does not begin as one. Lines that make no sense, as a torn last one, are passed over. */
export function readJournal(text: string): RecordingState | undefined {
  let state: RecordingState | undefined
  for (const line of text.split('\n')) {
    const event = parseLine(line)
    if (event === undefined) continue
    if (event.event === 'begin') state ??= new RecordingState(event)
    else state?.apply(event)
  }
  return state
}

function parseLine(line: string): JournalEvent | undefined {
  if (line === '') return undefined
  try {
    return journalEvent.safeParse(JSON.parse(line)).data
  } catch {
    return undefined
  }
}
