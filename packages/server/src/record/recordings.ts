import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { controlMessage } from '@crossroom/media'
import { recordLimits } from '../config/index.js'
import { WantedStream, type Clock, type Stream, type StreamHub, type StreamKey } from '../hub/index.js'
import { newJobId, type JobStore } from '../jobs/index.js'
import type { Log } from '../observe/index.js'
import { RECORD_MESSAGE, type Told, type Trouble, type UploadSettings } from './ipc.js'
import type { RetentionRules } from './model/retention.js'
import { RecordingState, type RecordingFormat, type SegmentState } from './model/journal.js'
import { Recording } from './recording.js'
import { RecordProcess } from './record-process.js'
import type { RecordRule, RecordSpec, StoredRecording } from './spec.js'

export interface RecordingsOptions {
  readonly clock: Clock
  readonly hub: StreamHub
  readonly log: Log
  /** Wall clock in milliseconds. */
  nowMs(): number
  readonly store: JobStore<StoredRecording>
  /** Absolute. */
  readonly folder: string
  readonly template: string
  /** Of the key that signs manifests. */
  readonly keyFile: string
  readonly retention: RetentionRules
  readonly upload: UploadSettings | undefined
  readonly format: RecordingFormat
  readonly segmentSeconds: number
  /** 0: no such limit. */
  readonly segmentMegabytes: number
  readonly rules: readonly RecordRule[]
  /** The role of a member, and who else is in the room; undefined for somebody who is not. */
  roleOf(roomId: string, userId: string): string | undefined
  membersOf(roomId: string): readonly { readonly userId: string; readonly name: string | undefined }[]
  /** Of the composite of a room; undefined while there is none. */
  compositeOf(roomId: string): Promise<StreamKey | undefined>
  /** A recording of the room, or of a member of it, began or ended. */
  roomChanged(roomId: string): void
  /** A room that is recorded until it is over: from now on it is awaited. */
  awaitRoom(roomId: string): void
  /** Something happened that hooks are told. */
  tell(event: RecordEvent): void
}

/** What hooks are told. */
export interface RecordEvent {
  readonly event: 'record_start' | 'record_segment' | 'record_stop' | 'record_trouble'
  readonly [field: string]: unknown
}

/** Who started a recording; `owner`: of the room; `hook`: the one that let its publisher in. */
export type RecordSource = 'rest' | 'rule' | 'owner' | 'hook'

/** One recording, as REST shows it. */
export interface RecordingInfo {
  readonly id: string
  readonly stream?: string | undefined
  readonly room?: string | undefined
  readonly userId?: string | undefined
  readonly composite?: boolean | undefined
  readonly format: RecordingFormat
  readonly state: 'waiting' | 'recording' | 'ended'
  readonly source: RecordSource
  /** Unix milliseconds. */
  readonly startedAt: number
  readonly endedAt?: number
  readonly why?: string
  readonly segments: number
  readonly bytes: number
  readonly durationMs: number
}

/** One file, as REST shows it. */
export interface SegmentInfo {
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

/** A recording cannot be made or stopped; the sentence says why. */
export class RecordRefused extends Error {
  readonly code: 'TOO_MANY_RECORDINGS' | 'BUSY' | 'NOT_RECORDING'

  constructor(code: RecordRefused['code'], message: string) {
    super(message)
    this.code = code
  }
}

const MEGABYTE = 1_000_000

interface Running {
  readonly recording: Recording
  /** A composite runs for those who ask for it. */
  readonly wanted: WantedStream | undefined
  readonly source: RecordSource
}

/**
 * All recordings of a server: those of rules, which begin and end with their streams, and those made by REST, which go on until
 * they are stopped, whatever happens to the server. What is on disk the record process tells.
 */
export class Recordings {
  readonly #options: RecordingsOptions
  readonly #process: RecordProcess
  readonly #running = new Map<string, Running>()
  /** By id: what the record process told. */
  readonly #known = new Map<string, RecordingState>()
  readonly #troubles = new Map<string, string>()
  #stopObserving: () => void = () => undefined

  constructor(options: RecordingsOptions) {
    const { clock, log, folder, template, keyFile, retention, upload } = options
    this.#options = options
    this.#process = new RecordProcess({
      ...{ clock, log, settings: { folder, template, keyFile, retention, upload } },
      handlers: {
        handleReady: () => this.#handleReady(),
        handleTold: (told) => this.#handleTold(told),
        handleTrouble: (trouble) => this.#handleTrouble(trouble),
        handleLost: () => undefined,
      },
    })
  }

  /** Starts the record process, those that were kept, and observes streams. */
  open(): void {
    const { hub, store, rules, folder } = this.#options
    // Who records nothing has no such process.
    if (rules.length > 0 || existsSync(folder)) this.#process.start()
    for (const stored of store.load()) this.#resume(stored)
    this.#stopObserving = hub.observe({
      published: (stream) => this.#handlePublished(stream),
      unpublished: (stream) => this.#handleUnpublished(stream),
      closed: (stream) => this.#handleClosed(stream),
    })
  }

  /** Why recordings are not written at this time; undefined while all is well. */
  get trouble(): string | undefined {
    return [...this.#troubles.values()][0]
  }

  get pid(): number | undefined {
    return this.#process.pid
  }

  get running(): number {
    return this.#running.size
  }

  get framesLeftOut(): number {
    return [...this.#running.values()].reduce((sum, { recording }) => sum + recording.framesLeftOut, 0)
  }

  list(): RecordingInfo[] {
    const ids = new Set([...this.#known.keys(), ...this.#running.keys()])
    return [...ids].map((id) => this.#describe(id))
  }

  get(id: string): (RecordingInfo & { readonly files: SegmentInfo[] }) | undefined {
    if (!this.#known.has(id) && !this.#running.has(id)) return undefined
    return { ...this.#describe(id), files: [...(this.#known.get(id)?.segments.values() ?? [])].map(describeSegment) }
  }

  /** Where a file is on disk; undefined when there is none. */
  fileOf(id: string, segment: number): { readonly path: string; readonly name: string } | undefined {
    const found = this.#known.get(id)?.segments.get(segment)
    if (found === undefined || found.deleted) return undefined
    return { path: join(this.#options.folder, found.path), name: found.path.replaceAll('/', '_') }
  }

  /** The recording that has this stream or room. */
  of(name: { readonly stream?: string | undefined; readonly room?: string | undefined }): string | undefined {
    for (const [id, { recording }] of this.#running) {
      const { stream, room } = recording.options
      if (name.stream !== undefined ? stream === name.stream : room === name.room && isWhole(recording.options))
        return id
    }
    return undefined
  }

  /** Recordings of the room, or of members of it, that run. */
  ofRoom(roomId: string): { readonly id: string; readonly source: RecordSource; readonly isWhole: boolean }[] {
    return [...this.#running]
      .filter(([, { recording }]) => recording.options.room === roomId)
      .map(([id, { recording, source }]) => ({ id, source, isWhole: isWhole(recording.options) }))
  }

  /**
   * Resolves when the recording is kept and started.
   * @throws RecordRefused, or StateError when it cannot be kept
   */
  async start(spec: RecordSpec, source: 'rest' | 'owner' = 'rest'): Promise<RecordingInfo> {
    for (const [id, { recording }] of this.#running) {
      const { stream, room, userId, composite } = recording.options
      const isSame = stream === spec.stream && room === spec.room && userId === spec.userId
      if (isSame && composite === spec.composite)
        throw new RecordRefused('BUSY', `The recording ${id} has this already; stop it first.`)
    }
    this.#checkPlaces()
    const byOwner = source === 'owner' ? true : undefined
    const stored = { ...spec, id: newJobId(), createdAt: this.#options.nowMs(), byOwner }
    this.#run(stored.id, stored, source)
    try {
      await this.#options.store.save(stored)
    } catch (error) {
      this.#end(stored.id, 'could not be kept')
      throw error
    }
    return this.#describe(stored.id)
  }

  /**
   * Ends a recording; its files stay. False when there is none of this id.
   * @throws RecordRefused when it has ended
   */
  async stop(id: string): Promise<boolean> {
    if (!this.#running.has(id)) {
      if (!this.#known.has(id)) return false
      throw new RecordRefused('NOT_RECORDING', 'This recording has ended already.')
    }
    this.#end(id, 'stopped')
    await this.#options.store.remove(id)
    return true
  }

  /** Ends a recording and deletes its files. False when there is none of this id. */
  async forget(id: string): Promise<boolean> {
    if (!this.#known.has(id) && !this.#running.has(id)) return false
    if (this.#running.has(id)) await this.stop(id)
    this.#process.send(controlMessage(RECORD_MESSAGE.forget, 0, { recording: id }))
    this.#known.delete(id)
    return true
  }

  /** Somebody entered a room, or left it. */
  handleMember(roomId: string, userId: string, name: string | undefined, is: 'here' | 'gone'): void {
    for (const { recording } of this.#running.values())
      if (recording.options.room === roomId) recording.handleMember(userId, name, is)
  }

  /** Finishes all files. Idempotent. */
  async close(): Promise<void> {
    this.#stopObserving()
    for (const { wanted } of this.#running.values()) wanted?.stop()
    await this.#process.close()
  }

  #resume(stored: StoredRecording): void {
    const { id, room, byOwner } = stored
    this.#run(id, stored, byOwner === true ? 'owner' : 'rest')
    if (byOwner === true && room !== undefined) this.#options.awaitRoom(room)
  }

  #checkPlaces(): void {
    const { running } = recordLimits
    if (this.#running.size >= running)
      throw new RecordRefused('TOO_MANY_RECORDINGS', `There are ${String(running)} recordings already; stop one first.`)
  }

  #run(id: string, spec: RecordSpec, source: Running['source']): void {
    const { clock, hub, format, segmentSeconds, segmentMegabytes } = this.#options
    const { stream, room, userId, composite } = spec
    this.#process.start()
    const recording = new Recording(
      {
        ...{ id, stream, room, userId, composite, format: spec.format ?? format },
        segmentSeconds: spec.segmentSeconds ?? segmentSeconds,
        segmentBytes: this.#segmentBytes(spec.segmentMegabytes ?? segmentMegabytes),
      },
      this.#process,
    )
    const keyOf = (): Promise<StreamKey | undefined> => this.#options.compositeOf(room!)
    const wanted = composite === true ? new WantedStream({ hub, clock, kind: 'record', keyOf }) : undefined
    this.#running.set(id, { recording, wanted, source })
    if (room !== undefined)
      for (const { userId: member, name } of this.#options.membersOf(room)) recording.handleMember(member, name, 'here')
    for (const one of hub.list()) if (one.publication !== undefined && this.#belongs(one, recording)) recording.add(one)
    if (recording.streams === 0) wanted?.start()
    this.#options.tell({ event: 'record_start', id, stream, room, userId, composite })
    if (room !== undefined) this.#options.roomChanged(room)
  }

  #segmentBytes(megabytes: number): number {
    const { uploadBytes } = recordLimits
    if (this.#options.upload === undefined) return megabytes * MEGABYTE
    return megabytes === 0 ? uploadBytes : Math.min(megabytes * MEGABYTE, uploadBytes)
  }

  #end(id: string, why: string | undefined): void {
    const running = this.#running.get(id)
    if (running === undefined) return
    this.#running.delete(id)
    running.wanted?.stop()
    running.recording.end(why)
    const { stream, room, userId, composite } = running.recording.options
    this.#options.tell({ event: 'record_stop', id, stream, room, userId, composite, why })
    if (room !== undefined) this.#options.roomChanged(room)
  }

  #belongs({ key, publication }: Stream, { options }: Recording): boolean {
    if (key.layer !== 'best' || publication?.info.isCopy === true) return false
    if (key.space === 'plain') return options.stream === key.name
    const { of } = key
    if (of === undefined || options.room !== of.roomId || of.streamType === 'mix') return false
    if ((of.streamType === 'composite') !== (options.composite === true)) return false
    return options.userId === undefined || options.userId === of.userId
  }

  #handlePublished(stream: Stream): void {
    let isRecorded = false
    for (const { recording, wanted } of this.#running.values()) {
      if (!this.#belongs(stream, recording) || recording.streams >= recordLimits.streams) continue
      recording.add(stream)
      wanted?.stop()
      isRecorded = true
    }
    if (isRecorded) return
    if (this.#running.size >= recordLimits.running) return
    const { key, publication } = stream
    const id = newJobId()
    const rule = this.#options.rules.find((one) => this.#matches(one, stream))
    if (rule === undefined) {
      if (publication?.info.isRecorded === true) this.#run(id, { stream: key.name }, 'hook')
      return
    }
    const { format } = rule
    if (key.space === 'plain') this.#run(id, { stream: key.name, format }, 'rule')
    else if (rule.role === undefined) this.#run(id, { room: key.of?.roomId, format }, 'rule')
    else this.#run(id, { room: key.of?.roomId, userId: key.of?.userId, format }, 'rule')
  }

  #matches({ space, app, stream: name, role }: RecordRule, { key, publication }: Stream): boolean {
    if (key.space !== space || key.layer !== 'best' || publication?.info.isCopy === true) return false
    if (space === 'plain') {
      const [ofApp, ofStream] = key.name.split('/')
      return (app === '*' || app === ofApp) && (name === '*' || name === ofStream)
    }
    const { of } = key
    if (of?.userId === undefined || of.streamType === 'mix' || (app !== '*' && app !== of.roomId)) return false
    return role === undefined || this.#options.roleOf(of.roomId, of.userId) === role
  }

  /** A recording of a rule or a hook ends with the last of its streams, once the time of grace is over and the stream with it. */
  #handleUnpublished(stream: Stream): void {
    const { clock } = this.#options
    const running = [...this.#running].filter(
      ([, { source, recording }]) => endsWithStreams(source) && recording.has(stream),
    )
    for (const [id, { recording }] of running)
      clock.after(recordLimits.graceMicros, () => {
        if (this.#running.get(id)?.recording !== recording) return
        const isLive = this.#options.hub.list().some((one) => recording.has(one) && one.publication !== undefined)
        if (!isLive) this.#end(id, 'ended')
      })
  }

  #handleClosed(stream: Stream): void {
    for (const { recording, wanted } of this.#running.values())
      if (wanted !== undefined && this.#belongs(stream, recording)) {
        // A stream that ends forgets who waits for it.
        wanted.stop()
        wanted.start()
      }
  }

  #handleReady(): void {
    for (const { recording } of this.#running.values()) recording.restart()
    // Those of rules that an earlier server began.
    for (const [id, state] of this.#known)
      if (state.endedAt === undefined && !this.#running.has(id))
        this.#process.send(controlMessage(RECORD_MESSAGE.end, 0, { recording: id, why: 'interrupted' }))
  }

  #handleTold({ recording: id, event }: Told): void {
    if (event.event === 'begin') this.#known.set(id, new RecordingState(event))
    const state = this.#known.get(id)
    state?.apply(event)
    if (event.event !== 'close' || state === undefined || !this.#process.isReady) return
    const segment = state.segments.get(event.segment)
    const { stream, room, userId, composite } = state.begin
    this.#options.tell({
      ...{ event: 'record_segment', id, stream, room, userId, composite },
      ...(segment === undefined ? {} : describeSegment(segment)),
    })
  }

  #handleTrouble({ part, why }: Trouble): void {
    const sentence = why === undefined ? undefined : sentenceOf(part, why)
    if (sentence === undefined) this.#troubles.delete(part)
    else this.#troubles.set(part, sentence)
    this.#options.log[sentence === undefined ? 'info' : 'error'](
      { part, why },
      sentence ?? 'Recordings are written again',
    )
    this.#options.tell({ event: 'record_trouble', part, isOver: sentence === undefined, why: sentence })
  }

  #describe(id: string): RecordingInfo {
    const running = this.#running.get(id)
    const known = this.#known.get(id)
    const { stream, room, userId, composite, format } = running?.recording.options ?? known!.begin
    const closed = known?.order.map((segment) => segment.closed!) ?? []
    const isEnded = running === undefined
    return {
      ...{ id, stream, room, userId, composite, format },
      state: isEnded ? 'ended' : running.recording.streams > 0 ? 'recording' : 'waiting',
      source: running?.source ?? 'rest',
      startedAt: known?.begin.at ?? this.#options.nowMs(),
      ...(isEnded && known?.endedAt !== undefined ? { endedAt: known.endedAt } : {}),
      ...(known?.why === undefined ? {} : { why: known.why }),
      segments: known?.segments.size ?? 0,
      bytes: closed.reduce((sum, { bytes }) => sum + bytes, 0),
      durationMs: closed.reduce((sum, { durationMs }) => sum + durationMs, 0),
    }
  }
}

const endsWithStreams = (source: RecordSource): boolean => source === 'rule' || source === 'hook'

/** Of a room: all that its members send. */
const isWhole = ({ userId, composite }: RecordSpec): boolean => userId === undefined && composite !== true

function describeSegment({ segment, stream, path, startedAt, closed, uploaded, deleted }: SegmentState): SegmentInfo {
  return {
    ...{ segment, stream, path, startedAt, uploaded },
    ...(closed === undefined
      ? {}
      : { durationMs: closed.durationMs, bytes: closed.bytes, sha256: closed.sha256, recovered: closed.recovered }),
    state: deleted ? 'deleted' : closed === undefined ? 'writing' : 'kept',
  }
}

const DISK_SENTENCES: Readonly<Record<string, string>> = {
  ENOSPC: 'The disk of the recordings is full.',
  EDISKSLOW: 'The disk of the recordings is too slow: frames are left out.',
}

function sentenceOf(part: Trouble['part'], why: string): string {
  if (part === 'store') return `Recordings cannot be uploaded (${why}); they are kept here.`
  return DISK_SENTENCES[why] ?? `Recordings cannot be written (${why}); see --record-dir.`
}
