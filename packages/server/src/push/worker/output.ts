import { configFromJson, type CodecConfig, type MediaFrame, type Micros } from '@crossroom/media'
import type { FormatContext, Packet } from 'node-av/lib'
import { pushLimits } from '../../config/limits.js'
import type { Library } from '../../jobs/worker/library.js'
import { packetBytes, setParameters } from './codecs.js'
import type { RelayOrder, SendEnd, SendOrder, SendTotals } from './orders.js'
import { UdpRelay } from './udp-relay.js'
import { Waiting } from './waiting.js'

export interface OutputHandlers {
  /** The target accepted the stream. */
  opened(): void
  /** Called at most once, and not after `close`. */
  failed(end: SendEnd): void
}

/** How often the time of a write is looked at. */
const WATCH_MS = 500
const MICROSECONDS = { num: 1, den: 1_000_000 }

/** One target that FFmpeg writes to: opened, written packet by packet, closed. */
export class Output {
  readonly #library: Library
  readonly #order: SendOrder
  readonly #handlers: OutputHandlers
  readonly #context: FormatContext
  readonly #packet: Packet
  readonly #waiting = new Waiting(pushLimits.waitingBytes)
  /** Number of the track by kind. */
  readonly #tracks = new Map<CodecConfig['kind'], { readonly index: number; readonly described: string }>()
  readonly #watch: NodeJS.Timeout
  /** When the call that FFmpeg is in began, in milliseconds. */
  #busySince: number | undefined
  #base: Micros | undefined
  readonly #lastDts = new Map<CodecConfig['kind'], Micros>()
  #isClosed = false
  /** Why it is given up, as a sentence. */
  #stalled: string | undefined
  #relay: UdpRelay | undefined
  #bytes = 0

  constructor(library: Library, order: SendOrder, handlers: OutputHandlers) {
    this.#library = library
    this.#order = order
    this.#handlers = handlers
    this.#context = new library.FormatContext()
    this.#packet = new library.Packet()
    this.#packet.alloc()
    this.#watch = setInterval(() => this.#look(), WATCH_MS)
    void this.#run()
  }

  get totals(): SendTotals {
    return { bytes: this.#bytes, droppedFrames: this.#waiting.droppedFrames }
  }

  /** Opens the way for media of WHIP; the port that FFmpeg sends to. */
  async relay(target: RelayOrder): Promise<number | undefined> {
    const relay = await UdpRelay.open(target).catch(() => undefined)
    this.#relay?.close()
    this.#relay = relay
    if (!this.#isClosed) return relay?.port
    this.#relay?.close()
    this.#relay = undefined
    return undefined
  }

  push(frame: MediaFrame): void {
    if (!this.#isClosed && this.#tracks.has(frame.config.kind)) this.#waiting.push(frame)
  }

  /** Blocked calls of FFmpeg end at once. Idempotent. */
  close(): void {
    if (this.#isClosed) return
    this.#isClosed = true
    clearInterval(this.#watch)
    this.#waiting.close()
    this.#context.interrupt()
  }

  async #run(): Promise<void> {
    const end = await this.#send().catch((error: unknown): SendEnd => ({ message: String(error) }))
    const wasClosed = this.#isClosed
    this.close()
    await this.#context.closeOutput().catch(() => undefined)
    this.#context.freeContext()
    this.#relay?.close()
    this.#relay = undefined
    this.#packet.free()
    if (!wasClosed) this.#handlers.failed(end)
  }

  async #send(): Promise<SendEnd> {
    const { kind, url } = this.#order
    const format = kind === 'srt' ? 'mpegts' : kind
    const made = this.#context.allocOutputContext2(null, format, url)
    if (made < 0) return this.#failure(made)
    for (const json of [this.#order.video, this.#order.audio]) this.#addTrack(json)
    const opened = await this.#open()
    if (opened < 0) return this.#failure(opened)
    this.#handlers.opened()
    for (;;) {
      const frame = await this.#waiting.next()
      if (this.#stalled !== undefined) return { message: this.#stalled }
      if (frame === undefined || this.#isClosed) return { message: '' }
      const { kind: track } = frame.config
      if (this.#tracks.get(track)!.described !== described(frame.config))
        return { message: 'The stream changed its codec configuration; it is announced anew.' }
      const written = await this.#write(frame)
      if (written < 0) return this.#failure(written)
    }
  }

  #addTrack(json: unknown): void {
    const config = configFromJson(json)
    if (config === undefined) return
    const stream = this.#context.newStream(null)
    setParameters(this.#library, stream.codecpar, config)
    stream.timeBase = new this.#library.Rational(MICROSECONDS.num, MICROSECONDS.den)
    this.#tracks.set(config.kind, { index: stream.index, described: described(config) })
  }

  async #open(): Promise<number> {
    const { Dictionary } = this.#library
    if (this.#order.kind === 'srt') {
      const opened = await this.#timed(() => this.#context.openOutput())
      if (opened < 0) return opened
    }
    const options: Record<string, string> =
      this.#order.kind === 'srt'
        ? { flush_packets: '1', muxdelay: '0', muxpreload: '0' }
        : this.#order.kind === 'rtsp'
          ? { rtsp_transport: 'tcp' }
          : {}
    return this.#timed(() => this.#context.writeHeader(Dictionary.fromObject(options)))
  }

  async #write(frame: MediaFrame): Promise<number> {
    const { kind } = frame.config
    const { index } = this.#tracks.get(kind)!
    this.#base ??= frame.dts
    // A frame before the beginning, or before one that is sent: a muxer takes none.
    const dts = frame.dts - this.#base
    if (dts < 0 || dts <= (this.#lastDts.get(kind) ?? -1)) return 0
    this.#lastDts.set(kind, dts)
    const packet = this.#packet
    const data = packetBytes(frame)
    packet.data = data
    packet.streamIndex = index
    packet.dts = BigInt(dts)
    packet.pts = BigInt(Math.max(frame.pts - this.#base, dts))
    packet.isKeyframe = frame.keyframe
    packet.rescaleTs(MICROSECONDS, this.#context.streams[index]!.timeBase)
    const written = await this.#timed(() => this.#context.writeFrame(packet))
    packet.unref()
    if (written >= 0) this.#bytes += data.length
    return written
  }

  async #timed(act: () => Promise<number>): Promise<number> {
    this.#busySince = performance.now()
    try {
      return await act()
    } finally {
      this.#busySince = undefined
    }
  }

  /** FFmpeg waits for a target as long as it takes, and does not notice that nobody is there whom it sends datagrams to. */
  #look(): void {
    const now = performance.now()
    const { stallMs } = this.#order
    const limit = `${String(stallMs)} ms`
    if (now - (this.#busySince ?? now) >= stallMs) this.#stalled = `The target took nothing for ${limit}.`
    else if (now - (this.#relay?.heardAt ?? now) >= stallMs) this.#stalled = `The target was silent for ${limit}.`
    else return
    this.#waiting.close()
    this.#context.interrupt()
  }

  #failure(code: number): SendEnd {
    const { FFmpegError, constants } = this.#library
    if (this.#stalled !== undefined) return { message: this.#stalled }
    if (code === constants.AVERROR_HTTP_UNAUTHORIZED || code === constants.AVERROR_HTTP_FORBIDDEN)
      return { message: 'The target refused the credentials.', denied: true }
    if (code === constants.AVERROR_HTTP_NOT_FOUND) return { message: 'The target has no such path.' }
    if (code === constants.AVERROR_EOF) return { message: 'The target closed the connection.' }
    return { message: `The stream could not be sent: ${FFmpegError.strerror(code)}.` }
  }
}

/** What a target was told of the codec. */
function described({ codec, description }: CodecConfig): string {
  return codec + Buffer.from(description).toString('base64')
}
