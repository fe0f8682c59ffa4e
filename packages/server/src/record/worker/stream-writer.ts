import type { FileHandle } from 'node:fs/promises'
import type { MediaFrame, Micros } from '@crossroom/media'
import { recordLimits } from '../../config/limits.js'
import type { StreamOrder, TracksKnown } from '../ipc.js'
import { chainOf } from '../model/manifest.js'
import { pathOf } from '../model/path-template.js'
import { ENDINGS } from './container.js'
import type { JournalFile } from './journal-file.js'
import { createFile, hashFile, writeAll } from './segment-file.js'
import { Segmenter } from './segmenter.js'

/** What a stream writer needs of its process. */
export interface WriterServices {
  readonly folder: string
  readonly template: string
  /** Unix milliseconds of a time of the server's clock. */
  unixMs(time: Micros): number
  /** The disk refused, with its code; or it works again. */
  handleDisk(problem: string | undefined): void
  /** A file is finished. */
  handleClosed(segment: number): void
}

/** One file while it is written. */
interface OpenSegment {
  readonly number: number
  readonly path: string
  readonly startedAt: number
  file: FileHandle | undefined
  written: number
}

/** One stream of a recording: frames in, files and lines of the journal out, in order, as fast as the disk takes them. */
export class StreamWriter {
  readonly #order: StreamOrder
  readonly #journal: JournalFile
  readonly #services: WriterServices
  readonly #segmenter: Segmenter
  #work: Promise<void> = Promise.resolve()
  #current: OpenSegment | undefined
  #waitingBytes = 0
  /** Frames are left out: too much waits for the disk, or it refused. */
  #isBlocked = false
  #retryAt = 0
  #lastFrameAt = 0
  framesLeftOut = 0

  constructor(order: StreamOrder, journal: JournalFile, services: WriterServices) {
    this.#order = order
    this.#journal = journal
    this.#services = services
    const { segmentSeconds, segmentBytes } = order
    const { format } = journal.state.begin
    this.#segmenter = new Segmenter(
      { format, segmentSeconds, segmentBytes },
      {
        begin: (first) => this.#begin(first),
        write: (bytes) => this.#write(bytes),
        end: (duration) => this.#end(duration),
      },
    )
  }

  handleFrame(frame: MediaFrame): void {
    if (this.#isBlocked && !this.#isFree()) {
      this.framesLeftOut++
      return
    }
    this.#lastFrameAt = performance.now()
    this.#segmenter.handleFrame(frame)
    if (this.#waitingBytes > recordLimits.diskWaitingBytes) this.#block('EDISKSLOW')
  }

  handleTracksKnown(known: TracksKnown): void {
    this.#segmenter.handleTracksKnown(known)
  }

  cut(): void {
    this.#segmenter.cut()
  }

  /** Called twice a second: what the last frames hold back is written when none follow. */
  tick(): void {
    if (performance.now() - this.#lastFrameAt > recordLimits.flushMicros / 1000) this.#segmenter.flush()
  }

  /** Resolves when everything is in its file, and the file is finished. */
  async close(): Promise<void> {
    this.#segmenter.cut()
    await this.#work
  }

  #isFree(): boolean {
    if (this.#waitingBytes > recordLimits.diskWaitingBytes / 2 || performance.now() < this.#retryAt) return false
    this.#isBlocked = false
    return true
  }

  #block(code: string): void {
    if (this.#isBlocked) return
    this.#isBlocked = true
    this.#services.handleDisk(code)
    this.#segmenter.cut()
  }

  #next(act: () => Promise<void>): void {
    this.#work = this.#work.then(act).catch((error: unknown) => {
      this.#retryAt = performance.now() + recordLimits.diskRetryMicros / 1000
      this.#block((error as NodeJS.ErrnoException).code ?? 'EUNKNOWN')
    })
  }

  #begin(first: MediaFrame): void {
    const startedAt = Math.round(this.#services.unixMs(first.receivedAt))
    const number = ++this.#journal.state.lastSegment
    const { stream } = this.#order
    const { template, folder } = this.#services
    const wanted = pathOf(template, { stream, atMs: startedAt }) ?? `${this.#journal.state.id}/${String(number)}`
    this.#next(async () => {
      this.#current = undefined
      const { file, path } = await createFile(folder, wanted, ENDINGS[this.#journal.state.begin.format])
      this.#current = { number, path, startedAt, file, written: 0 }
      this.#journal.add({ event: 'open', at: startedAt, segment: number, stream, path })
      await this.#journal.flush()
    })
  }

  #write(bytes: Uint8Array): void {
    this.#waitingBytes += bytes.length
    this.#next(async () => {
      this.#waitingBytes -= bytes.length
      const current = this.#current
      if (current?.file === undefined) return
      await writeAll(current.file, [bytes], current.written)
      current.written += bytes.length
      this.#services.handleDisk(undefined)
    })
  }

  #end(duration: Micros): void {
    this.#next(async () => {
      const current = this.#current
      this.#current = undefined
      if (current?.file === undefined) return
      const { file, number, written } = current
      try {
        // What a write that failed has left behind.
        await file.truncate(written)
        await file.datasync()
        const finished = await hashFile(file)
        const { chain } = this.#journal.state
        const durationMs = Math.round(duration / 1000)
        this.#journal.add({
          ...{ event: 'close', at: Date.now(), segment: number, durationMs, ...finished },
          chain: chainOf(chain, finished.sha256),
        })
        this.#services.handleClosed(number)
      } finally {
        await file.close()
      }
    })
  }
}
