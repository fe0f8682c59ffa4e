import { type CodecConfig, isAudioFrame, isVideoFrame, type MediaFrame } from '../model/frame.js'
import {
  byteLengthOfConfigBody,
  byteLengthOfFrameBody,
  flvTimestampMs,
  writeConfigBody,
  writeFrameBody,
} from './body-writer.js'
import { FlvTagType } from './codec-ids.js'
import {
  byteLengthOfTag,
  FLV_FILE_HEADER_LENGTH,
  writeFileHeader,
  writePreviousTagSize,
  writeTagHeader,
} from './file-format.js'
import { buildMetadataBody } from './metadata.js'
import { FlvStreamReader, type FlvTag } from './stream-reader.js'
import { FlvTagReader } from './tag-reader.js'

/** All tags of a whole FLV file. */
export function tagsOf(file: Uint8Array): FlvTag[] {
  const reader = new FlvStreamReader()
  reader.handleInput(file)
  const tags: FlvTag[] = []
  for (let tag = reader.pollTag(); tag !== undefined; tag = reader.pollTag()) tags.push(tag)
  if (reader.error !== undefined) throw new Error(reader.error)
  return tags
}

/** All frames of a whole FLV file; throws when a tag is refused. */
export function framesOf(file: Uint8Array): MediaFrame[] {
  const reader = new FlvTagReader()
  const frames: MediaFrame[] = []
  for (const tag of tagsOf(file)) {
    if (!reader.readTag(tag.type, tag.timestampMs, tag.body, 0, frames)) throw new Error(reader.lastError?.message)
  }
  return frames
}

/** The tags that a muxer makes of frames: a sequence header whenever a track's config is a new object. */
export function tagsOfFrames(frames: readonly MediaFrame[]): FlvTag[] {
  const tags: FlvTag[] = []
  const last: { audio?: CodecConfig; video?: CodecConfig } = {}
  for (const frame of frames) {
    const { config } = frame
    const head = { type: FlvTagType[config.kind], timestampMs: flvTimestampMs(frame.dts) }
    if (last[config.kind] !== config && config.description.length > 0) {
      const body = new Uint8Array(byteLengthOfConfigBody(config))
      if (writeConfigBody(config, body, 0) !== body.length) throw new Error('wrong length of a sequence header')
      tags.push({ ...head, body })
    }
    last[config.kind] = config
    const body = new Uint8Array(byteLengthOfFrameBody(frame))
    if (writeFrameBody(frame, body, 0) !== body.length) throw new Error('wrong length of a frame')
    tags.push({ ...head, body })
  }
  return tags
}

/** A whole FLV file of frames, with metadata. */
export function fileOfFrames(frames: readonly MediaFrame[]): Uint8Array {
  const video = frames.find(isVideoFrame)?.config
  const audio = frames.find(isAudioFrame)?.config
  const script = { type: FlvTagType.script, timestampMs: 0, body: buildMetadataBody({ video, audio }) }
  const tags = [script, ...tagsOfFrames(frames)]
  const length = tags.reduce((sum, { body }) => sum + byteLengthOfTag(body.length), FLV_FILE_HEADER_LENGTH)
  const file = new Uint8Array(length)
  let offset = writeFileHeader({ audio: audio !== undefined, video: video !== undefined }, file, 0)
  for (const { type, timestampMs, body } of tags) {
    offset = writeTagHeader(type, body.length, timestampMs, file, offset)
    file.set(body, offset)
    offset = writePreviousTagSize(body.length, file, offset + body.length)
  }
  return file
}
