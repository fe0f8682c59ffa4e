import {
  buildMetadataBody,
  byteLengthOfConfigBody,
  byteLengthOfFrameBody,
  flvTimestampMs,
  isVideoFrame,
  writeConfigBody,
  writeFrameBody,
  type AudioConfig,
  type CodecConfig,
  type MediaFrame,
  type VideoConfig,
} from '@crossroom/media'
import { byteLengthOfMessageChunks, ChunkStreamId, MessageType, writeMessageChunks } from '@crossroom/rtmp'

import type { PushConnection } from '../net/connection.js'

/** Writes frames to a server as LiteAV does: metadata, a header at each change of codec config, then bodies of tags. */
export class FlvSender {
  readonly #connection: PushConnection
  readonly #interleaved: boolean
  #video: VideoConfig | undefined
  #audio: AudioConfig | undefined
  /** Sound that waits to be put between the chunks of the next picture. */
  #waiting: { readonly timestampMs: number; readonly body: Uint8Array } | undefined

  constructor(connection: PushConnection, options: { readonly interleavedAudio: boolean }) {
    this.#connection = connection
    this.#interleaved = options.interleavedAudio
  }

  send(frame: MediaFrame): void {
    const timestampMs = flvTimestampMs(frame.dts)
    if (isVideoFrame(frame)) {
      if (frame.config !== this.#video) this.#announce((this.#video = frame.config), timestampMs)
    } else if (frame.config !== this.#audio) {
      this.#announce((this.#audio = frame.config as AudioConfig), timestampMs)
    }
    const body = new Uint8Array(byteLengthOfFrameBody(frame))
    writeFrameBody(frame, body, 0)
    if (this.#interleaved) this.#sendInterleaved(frame, timestampMs, body)
    else this.#connection.send(typeOf(frame.config), timestampMs, body)
  }

  #announce(config: CodecConfig, timestampMs: number): void {
    this.#flushSound()
    const metadata = buildMetadataBody({ video: this.#video, audio: this.#audio, encoder: 'LiteAV (simulated)' })
    this.#connection.send(MessageType.dataAmf0, timestampMs, metadata)
    const body = new Uint8Array(byteLengthOfConfigBody(config))
    writeConfigBody(config, body, 0)
    this.#connection.send(typeOf(config), timestampMs, body)
  }

  #sendInterleaved(frame: MediaFrame, timestampMs: number, body: Uint8Array): void {
    const { size } = this.#connection.chunks
    if (!isVideoFrame(frame)) {
      this.#flushSound()
      this.#waiting = { timestampMs, body }
      return
    }
    const sound = this.#waiting
    if (sound === undefined || body.length <= size) {
      this.#flushSound()
      this.#connection.send(MessageType.video, timestampMs, body)
      return
    }
    this.#waiting = undefined
    const video = this.#chunksOf(ChunkStreamId.video, MessageType.video, timestampMs, body)
    const audio = this.#chunksOf(ChunkStreamId.audio, MessageType.audio, sound.timestampMs, sound.body)
    // Behind the first chunk: the header of type 0 (12 bytes, 4 more past 2^24 ms) and one chunk of the body.
    const cut = video.length - byteLengthOfRest(body.length, size, timestampMs)
    this.#connection.sendBytes(video.subarray(0, cut))
    this.#connection.sendBytes(audio)
    this.#connection.sendBytes(video.subarray(cut))
  }

  #flushSound(): void {
    const sound = this.#waiting
    this.#waiting = undefined
    if (sound !== undefined) this.#connection.send(MessageType.audio, sound.timestampMs, sound.body)
  }

  #chunksOf(chunkStreamId: number, messageType: number, timestampMs: number, body: Uint8Array): Uint8Array {
    const { size, streamId } = this.#connection.chunks
    const length = byteLengthOfMessageChunks({ payloadLength: body.length, chunkSize: size, timestampMs })
    const bytes = new Uint8Array(length)
    writeMessageChunks({ chunkStreamId, timestampMs, messageType, messageStreamId: streamId }, body, size, bytes, 0)
    return bytes
  }
}

/** Bytes of all chunks of a message but the first. */
function byteLengthOfRest(payloadLength: number, chunkSize: number, timestampMs: number): number {
  const whole = byteLengthOfMessageChunks({ payloadLength, chunkSize, timestampMs })
  return whole - byteLengthOfMessageChunks({ payloadLength: chunkSize, chunkSize, timestampMs })
}

function typeOf({ kind }: CodecConfig): 8 | 9 {
  return kind === 'video' ? 9 : 8
}
