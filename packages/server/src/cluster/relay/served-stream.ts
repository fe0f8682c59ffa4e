import { controlMessage, type MediaFrame } from '@crossroom/media'
import type { EndReason, FrameSink, Publication, Stream } from '../../hub/index.js'
import { channelOf, RELAY_TYPE, type Begin, type EndCause, type TrackKind } from './messages.js'
import { ServedTrack, type TrackLane } from './served-track.js'

export interface ServedStreamOptions {
  /** The number that the peer gave its want. */
  readonly want: number
  readonly stream: Stream
  /** Names the life of the stream: see `Begin`. */
  readonly life: string
  /** Counted on by all lives of the want on this link. */
  readonly epoch: number
  readonly sound: TrackLane
  readonly picture: TrackLane
  /** Nothing more will be sent. */
  onEnded(cause: EndCause): void
}

/** One stream of this node as a peer gets it: cached frames, then everything as it comes, on two connections. */
export class ServedStream implements FrameSink {
  readonly kind = 'relay'
  readonly #options: ServedStreamOptions
  readonly #audio: ServedTrack
  readonly #video: ServedTrack
  #epoch: number
  #publication: Publication | undefined
  /** Ends the wait for the tracks, then the subscription. */
  #detach: () => void = () => undefined
  #isEnded = false

  constructor(options: ServedStreamOptions) {
    this.#options = options
    this.#epoch = options.epoch
    const channel = (): number => channelOf(options.want, this.#epoch)
    this.#audio = new ServedTrack('audio', options.sound, channel)
    this.#video = new ServedTrack('video', options.picture, channel)
  }

  get epoch(): number {
    return this.#epoch
  }

  get stream(): Stream {
    return this.#options.stream
  }

  get framesOut(): number {
    return this.#audio.framesOut + this.#video.framesOut
  }

  get droppedFrames(): number {
    return this.#audio.droppedFrames + this.#video.droppedFrames
  }

  get queuedBytes(): number {
    return this.#audio.queuedBytes + this.#video.queuedBytes
  }

  /** Begins once a publisher is there and its tracks are known. */
  start(): void {
    const { stream } = this.#options
    let isDone = false
    const cancel = stream.whenTracksKnown(() => {
      isDone = true
      if (this.#isEnded || !stream.hasFrames) return
      if (stream.publication?.info.isCopy === true) return this.end('elsewhere')
      this.#begin()
      this.#detach = stream.subscribe(this, 'gop')
      this.#audio.live()
      this.#video.live()
    }, this.kind)
    if (!isDone) this.#detach = cancel
  }

  requestKeyframe(): void {
    this.stream.requestKeyframe()
  }

  handleFrame(frame: MediaFrame): void {
    if (this.stream.publication !== this.#publication) return this.#restart()
    const track = frame.config.kind === 'audio' ? this.#audio : this.#video
    track.push(frame)
    if (track.waitsForKeyframe && track === this.#video && this.stream.isAskable) this.stream.requestKeyframe()
  }

  handleInterrupted(): void {
    this.#options.sound.write(controlMessage(RELAY_TYPE.interrupted, channelOf(this.#options.want, this.#epoch)))
  }

  handleVideoWithheld(): void {
    this.#video.tell(RELAY_TYPE.withheld)
  }

  handleEnd(reason: EndReason): void {
    this.end(reason)
  }

  /** Tells the peer. Idempotent. */
  end(cause: EndCause): void {
    if (this.#isEnded) return
    this.#options.sound.write(controlMessage(RELAY_TYPE.end, channelOf(this.#options.want, this.#epoch), { cause }))
    this.close()
    this.#options.onEnded(cause)
  }

  /** Without a word: the peer does not want it any more, or its connection is gone. Idempotent. */
  close(): void {
    this.#isEnded = true
    this.#audio.close()
    this.#video.close()
    this.#detach()
  }

  /** Another publisher: as at the start, for its tracks may be others. */
  #restart(): void {
    const leave = this.#detach
    this.start()
    leave()
  }

  #begin(): void {
    const { life, sound, stream, want } = this.#options
    const publication = stream.publication
    this.#publication = publication
    this.#epoch++
    this.#audio.restart()
    this.#video.restart()
    const { audio, video } = stream.tracks
    const tracks: TrackKind[] = [
      ...(audio === undefined ? [] : (['audio'] as const)),
      ...(video === undefined ? [] : (['video'] as const)),
    ]
    const begin: Begin = {
      ...{ stream: life, publisher: publication?.info.id ?? 'none', tracks },
      askable: stream.isAskable,
      serverTime: publication?.info.hasServerTime === true,
    }
    sound.write(controlMessage(RELAY_TYPE.begin, channelOf(want, this.#epoch), begin))
  }
}
