import type { CodecConfig, MediaFrame } from '@crossroom/media'
import type { CodecParameters } from 'node-av/lib'
import type { Library } from '../../jobs/worker/library.js'

/** What a muxer is told of a track before its first frame. */
export function setParameters(library: Library, parameters: CodecParameters, config: CodecConfig): void {
  const { constants } = library
  const ids: Partial<Record<CodecConfig['codec'], CodecParameters['codecId']>> = {
    h264: constants.AV_CODEC_ID_H264,
    h265: constants.AV_CODEC_ID_HEVC,
    vp8: constants.AV_CODEC_ID_VP8,
    aac: constants.AV_CODEC_ID_AAC,
    mp3: constants.AV_CODEC_ID_MP3,
    opus: constants.AV_CODEC_ID_OPUS,
  }
  const id = ids[config.codec]
  if (id === undefined) throw new Error(`${config.codec} is not pushed.`)
  parameters.codecId = id
  if (config.description.length > 0) parameters.extradata = opusHead(config) ?? Buffer.from(config.description)
  if (config.kind === 'video') {
    parameters.codecType = constants.AVMEDIA_TYPE_VIDEO
    parameters.width = config.width
    parameters.height = config.height
    if (config.codec === 'h264') {
      // ISO/IEC 14496-15 section 5.3.3.1.2: profile, constraints, level.
      const [, profile = 0, , level = 0] = config.description
      parameters.profile = profile as CodecParameters['profile']
      parameters.level = level
    }
    return
  }
  parameters.codecType = constants.AVMEDIA_TYPE_AUDIO
  parameters.sampleRate = config.sampleRate
  // RFC 7587 section 7: Opus says two channels, however many it has.
  const channels = config.codec === 'opus' ? 2 : config.channels
  parameters.channelLayout = {
    ...{ order: constants.AV_CHANNEL_ORDER_NATIVE, nbChannels: channels },
    mask: channels === 1 ? 4n : (1n << BigInt(channels)) - 1n,
  }
  parameters.frameSize = config.samplesPerFrame
}

/** The body of a frame as FFmpeg has it: NAL units behind their lengths, as the description says. */
export function packetBytes({ config, units }: MediaFrame): Buffer {
  if (config.kind === 'audio' || (config.codec !== 'h264' && config.codec !== 'h265')) return Buffer.concat(units)
  const size = config.nalLengthSize
  const bytes = Buffer.allocUnsafe(units.reduce((sum, unit) => sum + size + unit.length, 0))
  let offset = 0
  for (const unit of units) {
    bytes.writeUIntBE(unit.length, offset, size)
    bytes.set(unit, offset + size)
    offset += size + unit.length
  }
  return bytes
}

/** RFC 7845 section 5.1: the body is kept without its magic. */
function opusHead({ codec, description }: CodecConfig): Buffer | undefined {
  if (codec !== 'opus' || Buffer.from(description.subarray(0, 8)).toString('latin1') === 'OpusHead') return undefined
  return Buffer.concat([Buffer.from('OpusHead'), description])
}
