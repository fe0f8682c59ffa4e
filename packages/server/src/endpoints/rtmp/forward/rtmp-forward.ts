import { createHmac, randomBytes } from 'node:crypto'
import type { Socket } from 'node:net'
import {
  Driver,
  buildMetadataBody,
  byteLengthOfConfigBody,
  byteLengthOfFrameBody,
  isEntryPoint,
  writeConfigBody,
  writeFrameBody,
  type CodecConfig,
  type MediaFrame,
  type Micros,
} from '@crossroom/media'
import { MessageType, parseRtmpUrl, RtmpClientSession, type RtmpClientEvent } from '@crossroom/rtmp'
import { forwardLimits } from '../../../config/index.js'
import {
  LeadingPictures,
  baseMsFor,
  viewerTimestampMs,
  type Clock,
  type FrameSink,
  type FrameSource,
  type Tracks,
} from '../../../hub/index.js'
import { inListenedTime, type OutgoingTarget } from '../../../net/index.js'
import { scriptTimestampMs } from '../../script-timestamp.js'

export interface ForwardTargetAddress extends OutgoingTarget {
  readonly url: string
}

/** Connects to a server; `ready` is called when bytes may be written. */
export type Connect = (target: OutgoingTarget, ready: () => void) => Socket

/** One connection that publishes a stream at another RTMP server, from its first keyframe to its end. */
export class RtmpForward implements FrameSink {
  readonly kind = 'forward'
  readonly #clock: Clock
  readonly #source: FrameSource
  readonly #socket: Socket
  readonly #session: RtmpClientSession
  readonly #driver: Driver<Uint8Array, Uint8Array, RtmpClientEvent>
  readonly #onClosed: (error: string | undefined) => void
  /** Ends the wait for the tracks, then the subscription. */
  #detach: (() => void) | undefined
  #configs: Tracks = {}
  #baseMs: number | undefined
  #skipsToKeyframe = true
  readonly #leading = new LeadingPictures()
  #closed = false
  publishing = false
  bytesOut = 0

  constructor(
    source: FrameSource,
    target: ForwardTargetAddress,
    clock: Clock,
    connect: Connect,
    connectTimeout: Micros,
    onClosed: (error: string | undefined) => void,
  ) {
    this.#clock = clock
    this.#source = source
    this.#onClosed = onClosed
    const url = parseRtmpUrl(target.url)
    if (url === undefined) throw new TypeError(`${target.url} is no RTMP address.`)
    this.#socket = connect(target, () => this.#driver.drain())
    this.#session = new RtmpClientSession({
      url,
      action: 'publish',
      randomBytes: (length) => randomBytes(length),
      hmacSha256: (key, data) => createHmac('sha256', key).update(data).digest(),
    })
    this.#driver = new Driver(this.#session, inListenedTime(clock), {
      output: (bytes) => {
        this.bytesOut += bytes.length
        this.#socket.write(bytes)
      },
      event: (event) => this.#handleEvent(event),
    })
    const cancelDeadline = clock.after(connectTimeout, () => {
      if (!this.publishing) this.close('The target did not accept the stream in time.')
    })
    this.#socket.on('data', (bytes: Buffer) => this.#driver.handleInput(bytes))
    this.#socket.on('error', (error) => this.close(error.message))
    this.#socket.once('close', () => {
      cancelDeadline()
      this.close('The target closed the connection.')
    })
  }

  handleFrame(frame: MediaFrame): void {
    const isVideo = frame.config.kind === 'video'
    if (this.#socket.writableLength > forwardLimits.targetWaitingBytes)
      this.#skipsToKeyframe = this.#source.tracks.video !== undefined
    if (this.#skipsToKeyframe) {
      if (this.#source.tracks.video !== undefined && !(isVideo && isEntryPoint(frame))) return
      this.#skipsToKeyframe = false
      this.#leading.begin(frame)
    } else if (isVideo && !isEntryPoint(frame) && this.#leading.includes(frame)) return
    this.#baseMs = baseMsFor(this.#baseMs, [frame])
    const timestampMs = viewerTimestampMs(frame.dts, this.#baseMs ?? 0)
    if (timestampMs < 0) return
    const last = isVideo ? this.#configs.video : this.#configs.audio
    if (frame.config !== last) this.#sendConfig(frame.config, timestampMs)
    const body = new Uint8Array(byteLengthOfFrameBody(frame))
    writeFrameBody(frame, body, 0)
    this.#session.sendMedia(isVideo ? MessageType.video : MessageType.audio, timestampMs, body)
    for (const script of frame.script ?? [])
      this.#session.sendMedia(MessageType.dataAmf0, scriptTimestampMs(script, timestampMs), script.body)
    this.#driver.drain()
  }

  handleInterrupted(): void {
    this.close(undefined)
  }

  handleEnd(): void {
    this.close(undefined)
  }

  /** Idempotent. `error` is a sentence, absent when the stream ended or the rule was stopped. */
  close(error: string | undefined): void {
    if (this.#closed) return
    this.#closed = true
    this.#detach?.()
    this.#session.close()
    this.#driver.drain()
    this.#driver.close()
    this.#socket.end()
    const cancel = this.#clock.after(1_000_000, () => this.#socket.destroy())
    this.#socket.once('close', cancel)
    this.#onClosed(error)
  }

  #sendConfig(config: CodecConfig, timestampMs: number): void {
    this.#configs = { ...this.#configs, [config.kind]: config }
    const length = byteLengthOfConfigBody(config)
    if (length === 0) return
    const body = new Uint8Array(length)
    writeConfigBody(config, body, 0)
    this.#session.sendMedia(config.kind === 'video' ? MessageType.video : MessageType.audio, timestampMs, body)
  }

  #begin(): void {
    if (this.#closed) return
    this.#session.sendMedia(MessageType.dataAmf0, 0, buildMetadataBody(this.#source.promised ?? this.#source.tracks))
    this.#detach = this.#source.subscribe(this, 'gop')
    this.#driver.drain()
  }

  #handleEvent(event: RtmpClientEvent): void {
    if (event.type === 'publishing') {
      this.publishing = true
      this.#detach = this.#source.whenTracksKnown(() => this.#begin())
    } else if (event.type === 'refused') this.close(`The target refused the stream: ${event.description}`)
    else if (event.type === 'closed') this.close(event.error?.message)
  }
}
