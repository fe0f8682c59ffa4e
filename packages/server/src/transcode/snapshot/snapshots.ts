import type { Micros, VideoFrame } from '@crossroom/media'
import { snapshotLimits } from '../../config/index.js'
import type { Clock, Publication, Stream } from '../../hub/index.js'
import type { Channel } from '../channel.js'
import type { CodecProcess } from '../codec-process.js'
import type { SnapshotFormat } from '../ipc/snapshot-order.js'
import { findPicture, problemOf } from './keyframe.js'
import { SnapshotError } from './snapshot-error.js'

export interface SnapshotsOptions {
  /** The codec process for video. */
  readonly process: CodecProcess
  readonly clock: Clock
}

/** What is asked for. */
export interface SnapshotRequest {
  readonly format: SnapshotFormat
  /** Pixels as shown; absent, as many as the picture has. */
  readonly width?: number | undefined
}

/** A finished picture, with what it was made of. */
interface Kept {
  readonly bytes: Uint8Array
  readonly publication: Publication | undefined
  readonly keyframe: VideoFrame
  readonly at: Micros
}

interface Pending {
  readonly stream: Stream
  readonly picture: Promise<Uint8Array>
}

/** Figures since the server's start. */
export interface SnapshotCounters {
  /** Pictures that were decoded. */
  made: number
  /** Requests that were answered with a picture of another request. */
  shared: number
  failed: number
}

/**
 * Single pictures of streams as files. Requests for the same picture within a second share one, and a keyframe is decoded
 * once for all requests of one size. A few at a time are in the codec process, which has other work as well.
 */
export class Snapshots {
  readonly counters: SnapshotCounters = { made: 0, shared: 0, failed: 0 }
  readonly #options: SnapshotsOptions
  readonly #pending = new Map<string, Pending>()
  readonly #kept = new Map<string, Kept>()
  #keptBytes = 0
  #decoding = 0
  readonly #queue: (() => void)[] = []

  constructor(options: SnapshotsOptions) {
    this.#options = options
  }

  /** Rejects with SnapshotError. */
  async take(stream: Stream, request: SnapshotRequest): Promise<Uint8Array> {
    const problem = problemOf(stream)
    if (problem !== undefined) throw problem
    const name = `${stream.key.text} ${request.format} ${String(request.width)}`
    const shared = this.#sharedOf(name, stream)
    if (shared !== undefined) {
      this.counters.shared++
      return this.#whileShown(stream, await shared)
    }
    if (this.#pending.size >= snapshotLimits.waiting)
      throw new SnapshotError('SNAPSHOTS_BUSY', 'Too many pictures are requested at the same time.')
    const picture = this.#make(stream, request, name)
    this.#pending.set(name, { stream, picture })
    try {
      return this.#whileShown(stream, await picture)
    } catch (error) {
      this.counters.failed++
      throw error
    } finally {
      if (this.#pending.get(name)?.picture === picture) this.#pending.delete(name)
    }
  }

  #sharedOf(name: string, stream: Stream): Promise<Uint8Array> | Uint8Array | undefined {
    const pending = this.#pending.get(name)
    if (pending?.stream === stream) return pending.picture
    const kept = this.#kept.get(name)
    if (kept === undefined || kept.publication !== stream.publication) return undefined
    const isFresh = this.#options.clock.now() - kept.at < snapshotLimits.sharedMicros
    return isFresh || kept.keyframe === stream.cachedFrames[0] ? kept.bytes : undefined
  }

  /** A picture that was muted while it was made is not shown. */
  #whileShown(stream: Stream, bytes: Uint8Array): Uint8Array {
    const problem = problemOf(stream)
    if (problem?.code === 'VIDEO_WITHHELD') throw problem
    return bytes
  }

  async #make(stream: Stream, request: SnapshotRequest, name: string): Promise<Uint8Array> {
    const { clock } = this.#options
    const { publication } = stream
    const frames = await new Promise<readonly VideoFrame[]>((resolve, reject) => {
      findPicture(stream, clock, resolve, reject)
    })
    const bytes = await this.#inTurn(() => this.#decode(frames, request))
    this.counters.made++
    this.#keep(name, { bytes, publication, keyframe: frames[0]!, at: clock.now() })
    return bytes
  }

  async #inTurn<Result>(work: () => Promise<Result>): Promise<Result> {
    if (this.#decoding >= snapshotLimits.decoding) await new Promise<void>((resolve) => this.#queue.push(resolve))
    else this.#decoding++
    try {
      return await work()
    } finally {
      const next = this.#queue.shift()
      if (next === undefined) this.#decoding--
      else next()
    }
  }

  #decode(frames: readonly VideoFrame[], { format, width }: SnapshotRequest): Promise<Uint8Array> {
    const { process, clock } = this.#options
    const missing = new SnapshotError('NO_CODECS', 'No codec engine is available to decode the picture.')
    if (process.state === 'off') return Promise.reject(missing)
    return new Promise((resolve, reject) => {
      const end = (finish: () => void): void => {
        cancelTimer()
        channel.close()
        finish()
      }
      const late = new SnapshotError('NO_CODECS', 'The codec process did not answer in time.')
      const cancelTimer = clock.after(snapshotLimits.deadlineMicros, () => end(() => reject(late)))
      const order = { kind: 'snapshot', format, ...(width === undefined ? {} : { width }) } as const
      const channel: Channel = process.open(order, {
        handleReady: () => {
          if (!sendAll(channel, frames)) end(() => reject(late))
        },
        handleFrame: ({ units }) => end(() => resolve(units[0]!)),
        // The next process is not given a picture that may have ended this one.
        handleLost: () => end(() => reject(missing)),
        handleFailed: (reason) => end(() => reject(new SnapshotError('PICTURE_BROKEN', reason))),
      })
    })
  }

  #keep(name: string, kept: Kept): void {
    this.#drop(name)
    this.#kept.set(name, kept)
    this.#keptBytes += kept.bytes.length
    for (const oldest of this.#kept.keys()) {
      if (this.#keptBytes <= snapshotLimits.keptBytes) break
      this.#drop(oldest)
    }
  }

  #drop(name: string): void {
    this.#keptBytes -= this.#kept.get(name)?.bytes.length ?? 0
    this.#kept.delete(name)
  }
}

/** False when the process does not take them all. All but the last only lead to it. */
function sendAll(channel: Channel, frames: readonly VideoFrame[]): boolean {
  return frames.every((frame, index) => channel.send(frame, index < frames.length - 1))
}
