import {
  H264NalType,
  h264NalType,
  h264ParameterSets,
  H265NalType,
  h265NalType,
  h265ParameterSets,
  ObuType,
  parseAv1SequenceHeader,
  parseObus,
  ParameterSetTracker,
  videoConfigFromAv1Record,
  videoConfigFromVp8Keyframe,
  videoConfigFromVp9Keyframe,
  videoConfigFromVp9Record,
  type Orientation,
  type VideoCodec,
  type VideoConfig,
} from '@crossroom/media'

/** Data of a frame besides the depacketizer's units. */
export interface ConfiguredUnits {
  readonly config: VideoConfig
  /** Without delimiters, and without parameter sets, which are in the config but for new ones inside a GOP. */
  readonly units: readonly Uint8Array[]
}

/** Follows the bitstream of one stream and makes its configs: a new object only when something in it has changed. */
export interface VideoConfigs {
  /**
   * Undefined while the bitstream is insufficient for a decoder, or invalid. New parameter sets and a new orientation
   * count from the next keyframe or recovery point (`isEntry`): players restart at a new config.
   */
  configure(units: readonly Uint8Array[], isEntry: boolean, orientation: Orientation): ConfiguredUnits | undefined
}

export function createVideoConfigs(codec: VideoCodec): VideoConfigs {
  switch (codec) {
    case 'h264':
      return new NalConfigs(new ParameterSetTracker(h264ParameterSets), isH264Picture)
    case 'h265':
      return new NalConfigs(new ParameterSetTracker(h265ParameterSets), isH265Picture)
    case 'vp8':
      return new KeyframeConfigs(videoConfigFromVp8Keyframe)
    case 'vp9':
      return new KeyframeConfigs(vp9Config)
    case 'av1':
      return new KeyframeConfigs(av1Config)
  }
}

function isH264Picture(unit: Uint8Array): boolean {
  const type = h264NalType(unit)
  return type !== H264NalType.sps && type !== H264NalType.pps && type !== H264NalType.accessUnitDelimiter
}

function isH265Picture(unit: Uint8Array): boolean {
  const type = h265NalType(unit)
  return type <= H265NalType.lastSlice || type >= H265NalType.prefixSei
}

/** H.264 and H.265: the parameter sets are in the stream. */
class NalConfigs implements VideoConfigs {
  readonly #tracker: ParameterSetTracker
  readonly #isPicture: (unit: Uint8Array) => boolean
  #config: VideoConfig | undefined
  /** The tracker knows sets that the config does not. */
  #isStale = false

  constructor(tracker: ParameterSetTracker, isPicture: (unit: Uint8Array) => boolean) {
    this.#tracker = tracker
    this.#isPicture = isPicture
  }

  configure(units: readonly Uint8Array[], isEntry: boolean, orientation: Orientation): ConfiguredUnits | undefined {
    const hasNews = this.#tracker.observe(units)
    this.#isStale ||= hasNews
    if (this.#isStale && (isEntry || this.#config === undefined)) {
      this.#config = this.#tracker.config({ orientation })
      this.#isStale = false
    }
    if (this.#config === undefined) return undefined
    if (isEntry) this.#config = turned(this.#config, orientation)
    const pictures = units.every(this.#isPicture) ? units : units.filter(this.#isPicture)
    if (pictures.length === 0) return undefined
    // New sets inside a GOP are in band until the next keyframe, from which on they are in the config.
    return { config: this.#config, units: hasNews && !isEntry ? units : pictures }
  }
}

/** VP8, VP9 and AV1: keyframes tell everything. */
class KeyframeConfigs implements VideoConfigs {
  readonly #read: (frame: Uint8Array, current: VideoConfig | undefined) => VideoConfig | undefined
  #config: VideoConfig | undefined

  constructor(read: (frame: Uint8Array, current: VideoConfig | undefined) => VideoConfig | undefined) {
    this.#read = read
  }

  configure(units: readonly Uint8Array[], keyframe: boolean, orientation: Orientation): ConfiguredUnits | undefined {
    if (keyframe) {
      const config = this.#read(units[0]!, this.#config)
      this.#config = config && turned(config, orientation)
    }
    if (this.#config === undefined) return undefined
    return { config: this.#config, units }
  }
}

function turned(config: VideoConfig, orientation: Orientation): VideoConfig {
  return config.orientation === orientation ? config : { ...config, orientation }
}

/**
 * VPCodecConfigurationRecord (VP Codec ISO Media File Format Binding) of what WebRTC sends: profile 0, level 3.1 for want of a
 * better word, 8 bits 4:2:0, colours not told.
 */
const VP9_RECORD = Uint8Array.of(1, 0, 0, 0, 0, 31, 0x82, 2, 2, 2, 0, 0)

function vp9Config(frame: Uint8Array, current: VideoConfig | undefined): VideoConfig | undefined {
  return videoConfigFromVp9Keyframe(frame, current ?? videoConfigFromVp9Record(VP9_RECORD))
}

/** The AV1CodecConfigurationRecord (AV1 ISO binding section 2.3.3) that a temporal unit with a sequence header implies. */
function av1Config(unit: Uint8Array, current: VideoConfig | undefined): VideoConfig | undefined {
  const obu = parseObus(unit)?.find(({ type }) => type === ObuType.sequenceHeader)
  const sequence = obu && parseAv1SequenceHeader(unit, obu.start, obu.end)
  if (sequence === undefined) return undefined
  const payload = unit.subarray(obu!.start, obu!.end)
  if (payload.length > 0x7f) return undefined
  const record = new Uint8Array(4 + 2 + payload.length)
  // Marker and version 1; profile and level; tier, 8 bits, 4:2:0; no initial delay; then the OBU with its size.
  record.set([0x81, (sequence.profile << 5) | sequence.level, (sequence.tier << 7) | 0x0c, 0, 0x0a, payload.length])
  record.set(payload, 6)
  const isKnown =
    current?.description.length === record.length && current.description.every((byte, at) => byte === record[at])
  return isKnown ? current : videoConfigFromAv1Record(record)
}
