import {
  byteLengthOfConfigBody,
  byteLengthOfFrameBody,
  byteLengthOfTag,
  FLV_FILE_HEADER_LENGTH,
  FlvTagType,
  flvTimestampMs,
  writeConfigBody,
  writeFileHeader,
  writeFrameBody,
  writePreviousTagSize,
  writeTagHeader,
  type CodecConfig,
  type MediaFrame,
} from '@crossroom/media'

/** The header of an FLV stream of one track. */
export function flvHead(config: CodecConfig): Uint8Array {
  const bodyLength = byteLengthOfConfigBody(config)
  const out = new Uint8Array(FLV_FILE_HEADER_LENGTH + (bodyLength === 0 ? 0 : byteLengthOfTag(bodyLength)))
  const audio = config.kind === 'audio'
  let offset = writeFileHeader({ audio, video: !audio }, out, 0)
  if (bodyLength === 0) return out
  offset = writeTagHeader(tagType(config), bodyLength, 0, out, offset)
  offset = writeConfigBody(config, out, offset)
  writePreviousTagSize(bodyLength, out, offset)
  return out
}

/** One frame as an FLV tag. Its dts is not negative. */
export function flvTag(frame: MediaFrame): Uint8Array {
  const bodyLength = byteLengthOfFrameBody(frame)
  const out = new Uint8Array(byteLengthOfTag(bodyLength))
  let offset = writeTagHeader(tagType(frame.config), bodyLength, flvTimestampMs(frame.dts), out, 0)
  offset = writeFrameBody(frame, out, offset)
  writePreviousTagSize(bodyLength, out, offset)
  return out
}

function tagType(config: CodecConfig): number {
  return config.kind === 'audio' ? FlvTagType.audio : FlvTagType.video
}
