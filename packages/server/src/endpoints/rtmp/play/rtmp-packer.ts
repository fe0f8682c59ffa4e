import {
  buildMetadataBody,
  byteLengthOfConfigBody,
  byteLengthOfFrameBody,
  writeConfigBody,
  writeFrameBody,
  type CodecConfig,
  type MediaFrame,
} from '@crossroom/media'
import { byteLengthOfMessageChunks, ChunkStreamId, MessageType, writeMessageChunks } from '@crossroom/rtmp'
import type { Packer, Tracks } from '../../../hub/index.js'
import { scriptTimestampMs } from '../../script-timestamp.js'
import { turnedMetadata } from '../../turned-metadata.js'

/**
 * Writes frames as RTMP messages in chunks. Every message begins with a full (type 0) header, so the bytes depend on
 * nothing that was sent before and serve every viewer of a cohort.
 */
export class RtmpPacker implements Packer {
  readonly #messageStreamId: number
  readonly #chunkSize: number
  /** A message body before it is cut into chunks; used within one call only. */
  #body = new Uint8Array(64 * 1024)

  constructor(messageStreamId: number, chunkSize: number) {
    this.#messageStreamId = messageStreamId
    this.#chunkSize = chunkSize
  }

  start(tracks: Tracks): Uint8Array {
    const metadata = buildMetadataBody(tracks)
    const bytes = new Uint8Array(this.#lengthOf(metadata.length, 0))
    this.#writeScript(0, metadata, bytes, 0)
    return bytes
  }

  byteLengthOfConfig(config: CodecConfig, timestampMs: number, before: Tracks): number {
    const length = byteLengthOfConfigBody(config)
    const metadata = turnedMetadata(config, before)
    const metadataLength = metadata === undefined ? 0 : this.#lengthOf(metadata.length, timestampMs)
    return (length === 0 ? 0 : this.#lengthOf(length, timestampMs)) + metadataLength
  }

  writeConfig(config: CodecConfig, timestampMs: number, out: Uint8Array, offset: number, before: Tracks): number {
    const length = byteLengthOfConfigBody(config)
    const metadata = turnedMetadata(config, before)
    const next = metadata === undefined ? offset : this.#writeScript(timestampMs, metadata, out, offset)
    if (length === 0) return next
    const body = this.#bodyOf(length)
    writeConfigBody(config, body, 0)
    return this.#writeMedia(config, timestampMs, body, out, next)
  }

  byteLengthOfFrame(frame: MediaFrame, timestampMs: number): number {
    let length = this.#lengthOf(byteLengthOfFrameBody(frame), timestampMs)
    for (const script of frame.script ?? [])
      length += this.#lengthOf(script.body.length, scriptTimestampMs(script, timestampMs))
    return length
  }

  writeFrame(frame: MediaFrame, timestampMs: number, out: Uint8Array, offset: number): number {
    const body = this.#bodyOf(byteLengthOfFrameBody(frame))
    writeFrameBody(frame, body, 0)
    let next = this.#writeMedia(frame.config, timestampMs, body, out, offset)
    for (const script of frame.script ?? [])
      next = this.#writeScript(scriptTimestampMs(script, timestampMs), script.body, out, next)
    return next
  }

  #bodyOf(length: number): Uint8Array {
    if (this.#body.length < length) this.#body = new Uint8Array(length * 2)
    return this.#body.subarray(0, length)
  }

  #lengthOf(payloadLength: number, timestampMs: number): number {
    return byteLengthOfMessageChunks({ payloadLength, chunkSize: this.#chunkSize, timestampMs })
  }

  #writeScript(timestampMs: number, body: Uint8Array, out: Uint8Array, offset: number): number {
    return this.#write(ChunkStreamId.data, MessageType.dataAmf0, timestampMs, body, out, offset)
  }

  #writeMedia(config: CodecConfig, timestampMs: number, body: Uint8Array, out: Uint8Array, offset: number): number {
    return config.kind === 'video'
      ? this.#write(ChunkStreamId.video, MessageType.video, timestampMs, body, out, offset)
      : this.#write(ChunkStreamId.audio, MessageType.audio, timestampMs, body, out, offset)
  }

  #write(
    chunkStreamId: number,
    messageType: number,
    timestampMs: number,
    body: Uint8Array,
    out: Uint8Array,
    offset: number,
  ): number {
    const header = { chunkStreamId, timestampMs, messageType, messageStreamId: this.#messageStreamId }
    return writeMessageChunks(header, body, this.#chunkSize, out, offset)
  }
}
