import { configToJson, controlMessage, frameMessage, type CodecConfig, type MediaFrame } from '@crossroom/media'
import type { Stream } from '../hub/index.js'
import { RECORD_MESSAGE, type BeginOrder, type StreamOrder, type TracksKnown } from './ipc.js'
import type { RecordProcess } from './record-process.js'

/** How a recording that runs is cut. */
export interface RecordingOptions extends BeginOrder {
  readonly segmentSeconds: number
  readonly segmentBytes: number
}

/** The numbers of channels are never used twice. */
let lastNumber = 0

/** A recording that runs: the streams of it that there are, and what the record process knows of them. */
export class Recording {
  readonly options: RecordingOptions
  readonly #process: RecordProcess
  readonly #streams = new Map<Stream, RecordedStream>()
  /** Members of its room, by user, for the record process to know when it is new. */
  readonly #present = new Map<string, string | undefined>()

  constructor(options: RecordingOptions, process: RecordProcess) {
    this.options = options
    this.#process = process
    this.#begin()
  }

  get streams(): number {
    return this.#streams.size
  }

  get framesLeftOut(): number {
    return [...this.#streams.values()].reduce((sum, { framesLeftOut }) => sum + framesLeftOut, 0)
  }

  has(stream: Stream): boolean {
    return this.#streams.has(stream)
  }

  add(stream: Stream): void {
    if (this.#streams.has(stream)) return
    const recorded = new RecordedStream(stream, this.options, this.#process, () => this.#streams.delete(stream))
    this.#streams.set(stream, recorded)
    recorded.start()
  }

  remove(stream: Stream): void {
    this.#streams.get(stream)?.stop()
    this.#streams.delete(stream)
  }

  /** There is a new process that knows nothing of it. */
  restart(): void {
    this.#begin()
    for (const [userId, name] of this.#present) this.#note(userId, name, 'here')
    for (const recorded of [...this.#streams.values()]) recorded.restart()
  }

  /** Somebody is in its room, or no more. */
  handleMember(userId: string, name: string | undefined, is: 'here' | 'gone'): void {
    if (is === 'here') this.#present.set(userId, name)
    else this.#present.delete(userId)
    this.#note(userId, name, is)
  }

  end(why: string | undefined): void {
    for (const recorded of this.#streams.values()) recorded.stop()
    this.#streams.clear()
    this.#process.send(controlMessage(RECORD_MESSAGE.end, 0, { recording: this.options.id, why }))
  }

  #begin(): void {
    // It is told when it is ready.
    if (!this.#process.isReady) return
    const { id, stream, room, userId, composite, format } = this.options
    const order: BeginOrder = { id, stream, room, userId, composite, format }
    this.#process.send(controlMessage(RECORD_MESSAGE.begin, 0, order))
  }

  #note(userId: string, name: string | undefined, is: 'here' | 'gone'): void {
    if (!this.#process.isReady) return
    const event = { event: 'member', at: Date.now(), userId, ...(name === undefined ? {} : { name }), is } as const
    this.#process.send(controlMessage(RECORD_MESSAGE.note, 0, { recording: this.options.id, event }))
  }
}

/** One stream of the hub, on its way to the record process. */
class RecordedStream {
  readonly #stream: Stream
  readonly #order: StreamOrder
  readonly #process: RecordProcess
  readonly #onEnd: () => void
  #channel = 0
  #sent: { audio?: CodecConfig; video?: CodecConfig } = {}
  /** Pictures were left out: until the next keyframe. */
  #isBroken = false
  #leave: (() => void)[] = []
  framesLeftOut = 0

  constructor(stream: Stream, options: RecordingOptions, process: RecordProcess, onEnd: () => void) {
    const { id, segmentSeconds, segmentBytes } = options
    this.#stream = stream
    this.#order = { recording: id, stream: stream.key.label, segmentSeconds, segmentBytes }
    this.#process = process
    this.#onEnd = onEnd
  }

  /** From the cached keyframe on: the record process keeps what is older than the order. */
  start(): void {
    this.#channel = ++lastNumber * 2
    this.#sent = {}
    this.#isBroken = false
    if (!this.#process.isReady) return
    this.#process.send(controlMessage(RECORD_MESSAGE.stream, this.#channel, this.#order))
    const sink = {
      kind: 'record',
      handleFrame: (frame: MediaFrame) => this.#handleFrame(frame),
      handleInterrupted: () => this.#control(RECORD_MESSAGE.cut),
      handleEnd: () => {
        this.stop()
        this.#onEnd()
      },
    }
    this.#leave.push(this.#stream.subscribe(sink, 'gop'))
    this.#leave.push(this.#stream.whenTracksKnown(() => this.#handleTracksKnown(), 'record'))
    if (this.#stream.isAskable && this.#stream.cachedFrames.length === 0) this.#stream.requestKeyframe()
  }

  restart(): void {
    this.#unsubscribe()
    this.start()
  }

  stop(): void {
    this.#unsubscribe()
    this.#control(RECORD_MESSAGE.close)
  }

  #unsubscribe(): void {
    const leave = this.#leave
    this.#leave = []
    for (const one of leave) one()
  }

  #control(type: number): void {
    this.#process.send(controlMessage(type, this.#channel))
  }

  /** The frame by which they became known comes after this. */
  #handleTracksKnown(): void {
    const { video, audio } = this.#stream.promised
    const kinds: TracksKnown = { video: video !== undefined, audio: audio !== undefined }
    this.#process.send(controlMessage(RECORD_MESSAGE.tracksKnown, this.#channel, kinds))
  }

  #handleFrame(frame: MediaFrame): void {
    const { config } = frame
    const isVideo = config.kind === 'video'
    if (this.#isBroken && isVideo && !frame.keyframe) return void this.framesLeftOut++
    const channel = this.#channel + (isVideo ? 0 : 1)
    if (this.#sent[config.kind] !== config) {
      this.#process.send(controlMessage(RECORD_MESSAGE.config, channel, configToJson(config)))
      this.#sent[config.kind] = config
    }
    const message = frameMessage(channel, frame)
    if (message !== undefined && this.#process.sendFrame(message)) {
      if (isVideo) this.#isBroken = false
      return
    }
    this.framesLeftOut++
    if (isVideo) this.#isBroken = true
  }
}
