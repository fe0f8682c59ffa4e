import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import {
  configFromJson,
  controlMessage,
  parseControl,
  parseFrameMessage,
  type CodecConfig,
  type WireMessage,
} from '@crossroom/media'
import {
  RECORD_MESSAGE,
  type BeginOrder,
  type EndOrder,
  type Settings,
  type StreamOrder,
  type Told,
  type Trouble,
  type TracksKnown,
} from '../ipc.js'
import type { JournalEvent } from '../model/journal.js'
import { chainOf } from '../model/manifest.js'
import { JournalFile, readJournals, takeFolder } from './journal-file.js'
import { Keeper } from './keeper.js'
import { recoverFile } from './recover.js'
import { StreamWriter, type WriterServices } from './stream-writer.js'

interface OpenRecording {
  readonly journal: JournalFile
  readonly writers: Set<StreamWriter>
  /** Of streams that are over. */
  closing: Promise<unknown>
}

interface OpenStream {
  readonly recording: OpenRecording
  readonly writer: StreamWriter
  readonly configs: (CodecConfig | undefined)[]
}

/** The record process: it alone writes into the folder of recordings. */
export class Recorder {
  readonly #send: (message: Uint8Array) => void
  readonly #unixMs: WriterServices['unixMs']
  readonly #recordings = new Map<string, OpenRecording>()
  readonly #streams = new Map<number, OpenStream>()
  /** Recordings that are not written at this time. */
  readonly #closed = new Map<string, JournalFile>()
  #settings: Settings | undefined
  #keeper: Keeper | undefined
  #queue: Promise<void> = Promise.resolve()
  readonly #problems = new Map<Trouble['part'], string>()

  constructor(send: (message: Uint8Array) => void, unixMs: WriterServices['unixMs']) {
    this.#send = send
    this.#unixMs = unixMs
  }

  readonly handleMessage = (message: WireMessage): void => {
    switch (message.type) {
      case RECORD_MESSAGE.settings:
        return this.#start(parseControl(message) as Settings)
      case RECORD_MESSAGE.begin:
        return this.#begin(parseControl(message) as BeginOrder)
      case RECORD_MESSAGE.stream:
        return this.#openStream(message.channel >> 1, parseControl(message) as StreamOrder)
      case RECORD_MESSAGE.note: {
        const { recording, event } = parseControl(message) as Told
        this.#recordings.get(recording)?.journal.add(event)
        return
      }
      case RECORD_MESSAGE.end:
        return void this.#end(parseControl(message) as EndOrder)
      case RECORD_MESSAGE.forget:
        return void this.#forget(parseControl(message) as EndOrder)
      default:
        return this.#handleStream(message)
    }
  }

  /** Twice a second. */
  tick(): void {
    for (const { writer } of this.#streams.values()) writer.tick()
  }

  /** Deletes what is too old or too much. */
  sweep(): void {
    void this.#keeper?.sweep()
  }

  /** The server is gone: what came is kept. Recordings do not end by this; a server that comes back goes on with them. */
  async close(): Promise<void> {
    const writers = [...this.#recordings.values()].flatMap(({ writers: own }) => [...own])
    await Promise.allSettled(writers.map((writer) => writer.close()))
    await Promise.allSettled(
      [...this.#recordings.values()].map(({ journal, closing }) => closing.then(() => journal.close())),
    )
  }

  #start(settings: Settings): void {
    this.#settings = settings
    this.#queue = this.#queue
      .then(() => this.#recover(settings))
      .catch((error: unknown) => {
        this.#handleDisk((error as NodeJS.ErrnoException).code ?? 'EUNKNOWN')
        this.#send(controlMessage(RECORD_MESSAGE.ready, 0))
      })
  }

  async #recover(settings: Settings): Promise<void> {
    const { folder } = settings
    await takeFolder(folder)
    const keeper = new Keeper(
      settings,
      () => [...[...this.#recordings.values()].map(({ journal }) => journal), ...this.#closed.values()],
      (part, problem) => this.#handleTrouble(part, problem),
    )
    this.#keeper = keeper
    for (const state of await readJournals(folder)) {
      const journal = new JournalFile(folder, state, this.#teller(state.id))
      for (const event of eventsOf(journal)) this.#tell(state.id, event)
      this.#closed.set(state.id, journal)
      const unfinished = [...state.segments.values()].filter(({ closed, deleted }) => closed === undefined && !deleted)
      for (const segment of unfinished) {
        const found = await recoverFile(join(folder, segment.path), state.begin.format)
        const at = Date.now()
        if (found === undefined) journal.add({ event: 'empty', at, segment: segment.segment })
        else
          journal.add({
            event: 'close',
            at,
            segment: segment.segment,
            ...found,
            chain: chainOf(state.chain, found.sha256),
            recovered: true,
          })
      }
      if (unfinished.length > 0) {
        await journal.close()
        await keeper.writeManifest(journal)
      }
      for (const segment of state.segments.keys()) keeper.upload(journal, segment)
    }
    this.#send(controlMessage(RECORD_MESSAGE.ready, 0))
  }

  #begin({ id, stream, room, userId, composite, format }: BeginOrder): void {
    if (this.#settings === undefined || this.#recordings.has(id)) return
    const kept = this.#closed.get(id)
    this.#closed.delete(id)
    const event = {
      event: 'begin',
      at: Date.now(),
      id,
      format,
      ...defined({ stream, room, userId, composite }),
    } as const
    const journal = kept ?? JournalFile.begin(this.#settings.folder, event, this.#teller(id))
    journal.flush().catch((error: unknown) => this.#handleDisk((error as NodeJS.ErrnoException).code))
    this.#recordings.set(id, { journal, writers: new Set(), closing: Promise.resolve() })
  }

  #openStream(number: number, order: StreamOrder): void {
    const recording = this.#recordings.get(order.recording)
    if (recording === undefined || this.#settings === undefined) return
    const services: WriterServices = {
      ...this.#settings,
      unixMs: this.#unixMs,
      handleDisk: (problem) => this.#handleDisk(problem),
      handleClosed: (segment) => this.#keeper?.handleClosed(recording.journal, segment),
    }
    const writer = new StreamWriter(order, recording.journal, services)
    recording.writers.add(writer)
    this.#streams.set(number, { recording, writer, configs: [] })
  }

  #handleStream(message: WireMessage): void {
    const stream = this.#streams.get(message.channel >> 1)
    if (stream === undefined) return
    const { writer, configs, recording } = stream
    const kind = message.channel & 1
    switch (message.type) {
      case RECORD_MESSAGE.config:
        configs[kind] = configFromJson(parseControl(message))
        return
      case RECORD_MESSAGE.frame: {
        const config = configs[kind]
        const frame = config && parseFrameMessage(message, config)
        if (frame !== undefined) writer.handleFrame(frame)
        return
      }
      case RECORD_MESSAGE.tracksKnown:
        return writer.handleTracksKnown(parseControl(message) as TracksKnown)
      case RECORD_MESSAGE.cut:
        return writer.cut()
      case RECORD_MESSAGE.close: {
        this.#streams.delete(message.channel >> 1)
        const closed = writer.close().then(() => recording.writers.delete(writer))
        recording.closing = Promise.allSettled([recording.closing, closed])
      }
    }
  }

  async #end({ recording: id, why }: EndOrder): Promise<void> {
    const recording = this.#recordings.get(id)
    if (recording === undefined) {
      const kept = this.#closed.get(id)
      if (kept === undefined || kept.state.endedAt !== undefined) return
      kept.add({ event: 'end', at: Date.now(), ...defined({ why }) })
      await kept.close()
      await this.#keeper?.handleEnded(kept)
      return
    }
    this.#recordings.delete(id)
    await Promise.allSettled([...recording.writers].map((writer) => writer.close()))
    await recording.closing
    recording.journal.add({ event: 'end', at: Date.now(), ...defined({ why }) })
    this.#closed.set(id, recording.journal)
    await recording.journal.close()
    await this.#keeper?.handleEnded(recording.journal)
  }

  async #forget(order: EndOrder): Promise<void> {
    if (this.#recordings.has(order.recording)) await this.#end(order)
    const journal = this.#closed.get(order.recording)
    if (journal === undefined || this.#settings === undefined) return
    this.#closed.delete(order.recording)
    for (const { path } of journal.state.segments.values()) await rm(join(this.#settings.folder, path), { force: true })
    await journal.remove()
    await this.#keeper?.removeManifest(order.recording)
  }

  #handleDisk(problem: string | undefined): void {
    this.#handleTrouble('disk', problem)
  }

  #handleTrouble(part: Trouble['part'], why: string | undefined): void {
    if (why === this.#problems.get(part)) return
    if (why === undefined) this.#problems.delete(part)
    else this.#problems.set(part, why)
    this.#send(controlMessage(RECORD_MESSAGE.trouble, 0, { part, why }))
  }

  #teller(id: string): (event: JournalEvent) => void {
    return (event) => this.#tell(id, event)
  }

  #tell(recording: string, event: JournalEvent): void {
    this.#send(controlMessage(RECORD_MESSAGE.told, 0, { recording, event }))
  }
}

/** What is told of a recording of which only the present state is known. */
function* eventsOf({ state }: JournalFile): Generator<JournalEvent> {
  yield state.begin
  for (const { segment, stream, path, startedAt } of state.segments.values())
    yield { event: 'open', at: startedAt, segment, stream, path }
  for (const { segment, startedAt, closed } of state.order)
    if (closed !== undefined) yield { event: 'close', at: startedAt, segment, ...closed }
  for (const { segment, uploaded, deleted, startedAt: at } of state.segments.values()) {
    if (uploaded) yield { event: 'uploaded', at, segment }
    if (deleted) yield { event: 'deleted', at, segment }
  }
  for (const { userId, name, from, to } of state.presences) {
    yield { event: 'member', at: from, userId, ...(name === undefined ? {} : { name }), is: 'here' }
    if (to !== undefined) yield { event: 'member', at: to, userId, is: 'gone' }
  }
  if (state.endedAt !== undefined) yield { event: 'end', at: state.endedAt, ...defined({ why: state.why }) }
}

function defined<T extends object>(fields: T): { [Name in keyof T]?: Exclude<T[Name], undefined> } {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as never
}
