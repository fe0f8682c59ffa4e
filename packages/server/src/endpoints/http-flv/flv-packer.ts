import {
  byteLengthOfConfigBody,
  byteLengthOfFrameBody,
  byteLengthOfTag,
  buildMetadataBody,
  FLV_FILE_HEADER_LENGTH,
  FLV_TAG_HEADER_LENGTH,
  FlvTagType,
  writeConfigBody,
  writeFileHeader,
  writeFrameBody,
  writePreviousTagSize,
  writeTagHeader,
  type CodecConfig,
  type FlvSpelling,
  type MediaFrame,
} from '@crossroom/media'
import type { Packer, Tracks } from '../../hub/index.js'
import { scriptTimestampMs } from '../script-timestamp.js'
import { turnedMetadata } from '../turned-metadata.js'

/** Writes frames as FLV tags (Adobe Flash Video File Format Specification 10.1, annex E; Enhanced RTMP v2). */
export class FlvPacker implements Packer {
  readonly #hevcSpelling: FlvSpelling | undefined

  /** `hevcSpelling` overrides how the publisher spelled H.265. */
  constructor(hevcSpelling?: FlvSpelling) {
    this.#hevcSpelling = hevcSpelling
  }

  start(tracks: Tracks): Uint8Array {
    const metadata = buildMetadataBody(tracks)
    const bytes = new Uint8Array(FLV_FILE_HEADER_LENGTH + byteLengthOfTag(metadata.length))
    const flags = { audio: tracks.audio !== undefined, video: tracks.video !== undefined }
    writeScript(metadata, 0, bytes, writeFileHeader(flags, bytes, 0))
    return bytes
  }

  byteLengthOfConfig(config: CodecConfig, _timestampMs: number, before: Tracks): number {
    const length = byteLengthOfConfigBody(config, this.#spelling(config))
    const metadata = turnedMetadata(config, before)
    return (
      (length === 0 ? 0 : byteLengthOfTag(length)) + (metadata === undefined ? 0 : byteLengthOfTag(metadata.length))
    )
  }

  writeConfig(config: CodecConfig, timestampMs: number, out: Uint8Array, offset: number, before: Tracks): number {
    const spelling = this.#spelling(config)
    const length = byteLengthOfConfigBody(config, spelling)
    const metadata = turnedMetadata(config, before)
    const next = metadata === undefined ? offset : writeScript(metadata, timestampMs, out, offset)
    if (length === 0) return next
    const body = writeTagHeader(tagTypeOf(config), length, timestampMs, out, next)
    return writePreviousTagSize(length, out, writeConfigBody(config, out, body, spelling))
  }

  byteLengthOfFrame(frame: MediaFrame): number {
    let length = byteLengthOfTag(byteLengthOfFrameBody(frame, this.#spelling(frame.config)))
    for (const { body } of frame.script ?? []) length += byteLengthOfTag(body.length)
    return length
  }

  writeFrame(frame: MediaFrame, timestampMs: number, out: Uint8Array, offset: number): number {
    const spelling = this.#spelling(frame.config)
    const body = offset + FLV_TAG_HEADER_LENGTH
    const end = writeFrameBody(frame, out, body, spelling)
    writeTagHeader(tagTypeOf(frame.config), end - body, timestampMs, out, offset)
    let next = writePreviousTagSize(end - body, out, end)
    // Behind the frame: ffmpeg numbers its streams in the order in which they come.
    for (const script of frame.script ?? [])
      next = writeScript(script.body, scriptTimestampMs(script, timestampMs), out, next)
    return next
  }

  #spelling(config: CodecConfig): FlvSpelling | undefined {
    return config.codec === 'h265' ? this.#hevcSpelling : undefined
  }
}

function writeScript(body: Uint8Array, timestampMs: number, out: Uint8Array, offset: number): number {
  const at = writeTagHeader(FlvTagType.script, body.length, timestampMs, out, offset)
  out.set(body, at)
  return writePreviousTagSize(body.length, out, at + body.length)
}

function tagTypeOf(config: CodecConfig): number {
  return config.kind === 'video' ? FlvTagType.video : FlvTagType.audio
}
