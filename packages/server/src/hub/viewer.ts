import type { CodecConfig, Micros } from '@crossroom/media'
import type { Batch, PackedFrame } from './batch.js'
import { configOf, withConfig } from './batch.js'
import type { Clock } from './clock.js'
import { FrameQueue, type FrameQueueLimits } from './frame-queue.js'
import type { EndReason, Tracks } from './sink.js'
import type { StartsAt } from './start.js'

export interface ViewerLimits extends FrameQueueLimits {
  /** A viewer that reads nothing for this long while data waits is disconnected. */
  readonly noDrainMicros: Micros
}

/**
 * Maximum size of one write: progress of the transport is visible in steps of this, so that a viewer that reads a long
 * burst slowly differs from one that reads nothing.
 */
const SLICE_BYTES = 32 * 1024

/** The byte stream to one viewer: a TCP socket, a WebSocket. */
export interface ByteTransport {
  /** Sends or buffers; false asks to wait for `Viewer.handleDrain` before more is written. */
  write(bytes: Uint8Array): boolean
  /** Bytes accepted and not yet taken by the kernel. */
  readonly buffered: number
  /** Ends the connection; `reason` is for a protocol that can say it. Idempotent. */
  close(reason: EndReason | 'stalled'): void
}

export interface ViewerInfo {
  readonly id: string
  /** `http-flv`, `ws-flv`, `rtmp`, …: for lists and metrics only. */
  readonly protocol: string
  readonly remoteAddress: string
}

/** Counters that the viewers of a protocol share; they are only added to. */
export interface ViewerTotals {
  bytesOut: number
  framesOut: number
  framesDropped: number
}

/** Writes the configuration that a viewer missed; `before` is what it has been sent. */
export type ConfigWriter = (config: CodecConfig, frame: PackedFrame, before: Tracks) => Uint8Array

/**
 * One viewer of a byte protocol. While the transport keeps up it gets whole batches, shared with all viewers; once the
 * transport is full, frames queue individually and old ones are dropped at keyframes.
 */
export class Viewer {
  readonly info: ViewerInfo
  readonly startedAt: Micros
  readonly #transport: ByteTransport
  readonly #clock: Clock
  readonly #limits: ViewerLimits
  readonly #totals: ViewerTotals
  readonly #queue: FrameQueue
  #writeConfig: ConfigWriter = () => new Uint8Array(0)
  /** The configurations this viewer has been sent. */
  #configs: Tracks = {}
  #blocked = false
  /** The rest of a long write. */
  #rest: Uint8Array | undefined
  #cancelStall: (() => void) | undefined
  #bufferedAtCheck = 0
  #paused = false
  #closed = false
  bytesSent = 0

  constructor(info: ViewerInfo, transport: ByteTransport, clock: Clock, limits: ViewerLimits, totals: ViewerTotals) {
    this.info = info
    this.#totals = totals
    this.#transport = transport
    this.#clock = clock
    this.#limits = limits
    this.#queue = new FrameQueue(limits)
    this.startedAt = clock.now()
  }

  get droppedFrames(): number {
    return this.#queue.droppedFrames
  }

  /** It has no picture to go on from and is not paused. */
  get waitsForKeyframe(): boolean {
    return this.#queue.waitsForKeyframe && !this.#paused
  }

  get queuedBytes(): number {
    return this.#queue.bytes + (this.#rest?.length ?? 0) + this.#transport.buffered
  }

  /**
   * The first bytes: container header, metadata and cached frames. `waitsFor`: where its video can start, if it has
   * video.
   */
  start(head: Uint8Array, cached: Batch | undefined, waitsFor: StartsAt | undefined, writeConfig: ConfigWriter): void {
    if (waitsFor !== undefined) this.#queue.startsAt = waitsFor
    this.#writeConfig = writeConfig
    this.#send(head)
    if (cached !== undefined && cached.frames.length > 0) {
      this.#configs = cached.configs
      this.#totals.framesOut += cached.frames.length
      this.#queue.startWith(cached.frames)
      this.#send(cached.bytes)
    } else if (waitsFor !== undefined) this.#queue.startAtKeyframe()
  }

  /** `before`: the configurations in force when the batch was packed. */
  deliver(batch: Batch, before: Tracks): void {
    if (this.#closed || this.#paused) return
    const inStep = this.#configs.video === before.video && this.#configs.audio === before.audio
    if (inStep && !this.#blocked && this.#queue.length === 0 && !this.#queue.isPicky) {
      this.#configs = batch.configs
      this.#totals.framesOut += batch.frames.length
      this.#send(batch.bytes)
      return
    }
    const dropped = this.#queue.droppedFrames
    for (const frame of batch.frames) this.#queue.push(frame)
    this.#totals.framesDropped += this.#queue.droppedFrames - dropped
    this.#drainQueue()
  }

  /** A paused viewer gets nothing; it goes on at the next keyframe. */
  setPaused(paused: boolean): void {
    if (this.#paused && !paused) this.#queue.startAtKeyframe()
    this.#paused = paused
  }

  /** The transport takes bytes again. */
  handleDrain(): void {
    this.#blocked = false
    this.#cancelStall?.()
    this.#cancelStall = undefined
    const rest = this.#rest
    this.#rest = undefined
    if (rest !== undefined) this.#write(rest)
    this.#drainQueue()
  }

  close(reason: EndReason | 'stalled'): void {
    if (this.#closed) return
    this.detach()
    this.#transport.close(reason)
  }

  /** The transport is gone: nothing more is written. */
  detach(): void {
    this.#closed = true
    this.#cancelStall?.()
    this.#cancelStall = undefined
  }

  #drainQueue(): void {
    while (!this.#blocked && !this.#closed) {
      const item = this.#queue.shift()
      if (item === undefined) return
      const config = item.frame.config
      if (configOf(this.#configs, config) !== config) {
        const bytes = this.#writeConfig(config, item, this.#configs)
        this.#configs = withConfig(this.#configs, config)
        if (bytes.length > 0) this.#send(bytes)
      }
      this.#totals.framesOut++
      this.#send(item.bytes)
    }
  }

  #send(bytes: Uint8Array): void {
    this.bytesSent += bytes.length
    this.#totals.bytesOut += bytes.length
    // Only `start` sends while blocked: the cached frames right behind the head.
    if (this.#rest !== undefined) this.#rest = joined(this.#rest, bytes)
    else if (this.#blocked) this.#rest = bytes
    else this.#write(bytes)
  }

  #write(bytes: Uint8Array): void {
    let offset = 0
    while (offset < bytes.length) {
      const end = Math.min(offset + SLICE_BYTES, bytes.length)
      const free = this.#transport.write(bytes.length <= SLICE_BYTES ? bytes : bytes.subarray(offset, end))
      offset = end
      if (free) continue
      this.#blocked = true
      if (offset < bytes.length) this.#rest = bytes.subarray(offset)
      this.#watchStall()
      return
    }
  }

  /** Disconnects a viewer whose transport accepts nothing; a slow one stays. */
  #watchStall(): void {
    this.#bufferedAtCheck = this.#transport.buffered
    this.#cancelStall = this.#clock.after(this.#limits.noDrainMicros, () => {
      this.#cancelStall = undefined
      if (!this.#blocked || this.#closed) return
      if (this.#transport.buffered >= this.#bufferedAtCheck) this.close('stalled')
      else this.#watchStall()
    })
  }
}

function joined(first: Uint8Array, second: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(first.length + second.length)
  bytes.set(first)
  bytes.set(second, first.length)
  return bytes
}
