import { setTimeout as wait } from 'node:timers/promises'
import type { MediaFrame, Micros } from '@crossroom/media'
import type { FormatContext, Packet } from 'node-av/lib'
import type { Library } from '../../jobs/worker/library.js'
import type { FetchEnd, FetchOrder, RefusedTrack } from './orders.js'
import { Pace } from './pace.js'
import { RtspRelay } from './rtsp-relay.js'
import { openingOf } from './opening.js'
import { Tracks } from './tracks.js'

export interface FetchOutput {
  frame(frame: MediaFrame): void
  refused(track: RefusedTrack): void
  /** Called at most once, and not after `close`. */
  failed(end: FetchEnd): void
}

/** One source that FFmpeg reads: opened, read packet by packet, closed. */
export class Fetch {
  readonly #library: Library
  readonly #order: FetchOrder
  readonly #output: FetchOutput
  readonly #context: FormatContext
  readonly #pace: Pace | undefined
  readonly #packet: Packet
  #relay: RtspRelay | undefined
  #isClosed = false
  /** Of the packets of a file that begins anew. */
  #offset: Micros = 0
  #end: Micros = 0

  constructor(library: Library, order: FetchOrder, output: FetchOutput) {
    this.#library = library
    this.#order = order
    this.#output = output
    this.#context = new library.FormatContext()
    this.#context.allocContext()
    this.#packet = new library.Packet()
    this.#packet.alloc()
    this.#pace = order.kind === 'hls' || order.kind === 'file' ? new Pace() : undefined
    void this.#run()
  }

  /** Blocked calls of FFmpeg end at once. Idempotent. */
  close(): void {
    if (this.#isClosed) return
    this.#isClosed = true
    this.#context.interrupt()
    this.#relay?.close()
  }

  async #run(): Promise<void> {
    const end = await this.#fetch().catch((error: unknown): FetchEnd => ({ message: String(error) }))
    const wasClosed = this.#isClosed
    this.close()
    await this.#context.closeInput().catch(() => undefined)
    this.#packet.free()
    if (!wasClosed) this.#output.failed(end)
  }

  async #fetch(): Promise<FetchEnd> {
    if (this.#order.kind === 'rtsp') this.#relay = await RtspRelay.open(this.#order)
    const problem = await this.#open()
    if (problem !== undefined) return problem
    const relay = this.#order.kind === 'rtsp' && this.#order.transport === 'tcp' ? this.#relay : undefined
    const tracks = new Tracks({
      ...{ library: this.#library, context: this.#context, inPieces: this.#order.kind === 'rtsp' },
      // FFmpeg asks for the channels 2n and 2n + 1 for track n.
      ...(relay && { follow: (track, codec, sizes) => relay.follow(2 * track, codec, sizes) }),
      emit: (frame) => this.#emit(frame),
      refused: (track) => this.#output.refused(track),
    })
    const { refusal } = tracks
    return refusal === undefined ? this.#read(tracks) : { message: refusal, denied: true }
  }

  async #open(): Promise<FetchEnd | undefined> {
    const {
      library: { Dictionary, InputFormat, constants },
    } = { library: this.#library }
    const { url, format, options, isParsed } = openingOf(this.#order, this.#relay?.url)
    if (!isParsed) this.#context.setFlags(constants.AVFMT_FLAG_NOPARSE)
    const opened = await this.#context.openInput(
      ...([
        url,
        format === undefined ? null : InputFormat.findInputFormat(format),
        Dictionary.fromObject(options),
      ] as const),
    )
    if (opened < 0) return this.#failure(opened)
    const found = isParsed ? await this.#context.findStreamInfo() : 0
    return found < 0 ? this.#failure(found) : undefined
  }

  async #read(tracks: Tracks): Promise<FetchEnd> {
    const { AVERROR_EOF } = this.#library.constants
    const packet = this.#packet
    for (;;) {
      const got = await this.#context.readFrame(packet)
      if (this.#isClosed) return { message: '' }
      if (got === AVERROR_EOF && (await this.#beginAgain())) continue
      if (got < 0) {
        tracks.flush()
        return this.#failure(got)
      }
      if (this.#pace !== undefined) await this.#waitFor(this.#pace, packet)
      tracks.read(packet)
      packet.unref()
    }
  }

  /** A file is shown again and again. */
  async #beginAgain(): Promise<boolean> {
    if (this.#order.kind !== 'file' || this.#end <= this.#offset) return false
    const { AVSEEK_FLAG_BACKWARD, AV_NOPTS_VALUE } = this.#library.constants
    // In microseconds, AV_TIME_BASE.
    const { startTime } = this.#context
    const start = startTime === AV_NOPTS_VALUE ? 0n : startTime
    this.#offset = this.#end - Number(start)
    return (await this.#context.seekFrame(-1, start, AVSEEK_FLAG_BACKWARD)) >= 0
  }

  async #waitFor(pace: Pace, packet: Packet): Promise<void> {
    const { AV_NOPTS_VALUE } = this.#library.constants
    const { dts, duration, streamIndex } = packet
    const stream = this.#context.streams?.[streamIndex]
    if (dts === AV_NOPTS_VALUE || stream === undefined) return
    const unit = (1e6 * stream.timeBase.num) / stream.timeBase.den
    const time = Number(dts) * unit + this.#offset
    this.#end = Math.max(this.#end, Math.round(time + Number(duration) * unit))
    const rest = pace.wait(performance.now() * 1000, time)
    if (rest >= 1000) await wait(rest / 1000)
  }

  #emit(frame: MediaFrame): void {
    if (this.#isClosed) return
    const offset = this.#offset
    this.#output.frame(offset === 0 ? frame : { ...frame, pts: frame.pts + offset, dts: frame.dts + offset })
  }

  #failure(code: number): FetchEnd {
    const { redirect, error } = this.#relay ?? {}
    if (redirect !== undefined) return { message: 'The source redirects.', redirect }
    const { FFmpegError, constants } = this.#library
    if (code === constants.AVERROR_HTTP_UNAUTHORIZED || code === constants.AVERROR_HTTP_FORBIDDEN)
      return { message: 'The source refused the credentials.', denied: true }
    if (code === constants.AVERROR_HTTP_OTHER_4XX)
      return { message: 'The source leads to a host that may not be reached, or refuses the request.' }
    if (code === constants.AVERROR_HTTP_NOT_FOUND) return { message: 'The source has no such stream.' }
    if (code === constants.AVERROR_EOF) return { message: error ?? 'The source ended the stream.' }
    return { message: error ?? `The source could not be read: ${FFmpegError.strerror(code)}.` }
  }
}
