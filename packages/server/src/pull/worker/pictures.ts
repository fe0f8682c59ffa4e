import {
  H264NalType,
  MAX_NAL_UNITS,
  H265NalType,
  h264NalType,
  h264ParameterSets,
  h264Recovery,
  h265NalType,
  h265ParameterSets,
  h265Recovery,
  hasIdr,
  hasIrap,
  isH264Droppable,
  isH265Droppable,
  ParameterSetTracker,
  parseAvcDecoderConfiguration,
  parseHevcDecoderConfiguration,
  splitAnnexB,
  splitLengthPrefixed,
  temporalLayersOf,
  type MediaFrame,
  type Micros,
  type NalLengthSize,
  type VideoConfig,
} from '@crossroom/media'

type NalCodec = 'h264' | 'h265'

/** Turns demuxed packets of H.264 and H.265 into frames, whichever way their NAL units are packed. */
export class Pictures {
  readonly #codec: NalCodec
  readonly #tracker: ParameterSetTracker
  /** Undefined: start codes. */
  #lengthSize: NalLengthSize | undefined
  #config: VideoConfig | undefined
  #isStale = false

  /** @param extradata of the demuxer: a decoder configuration record, parameter sets with start codes, or nothing */
  constructor(codec: NalCodec, extradata: Uint8Array | undefined) {
    this.#codec = codec
    this.#tracker = new ParameterSetTracker(codec === 'h264' ? h264ParameterSets : h265ParameterSets)
    if (extradata === undefined) return
    const record = extradata[0] === 1 ? recordOf(codec, extradata) : undefined
    this.#lengthSize = record?.nalLengthSize
    this.#isStale = this.#tracker.observe(record?.sets ?? splitAnnexB(extradata).map((unit) => unit.slice()))
  }

  /** Undefined for what is no picture, and as long as parameter sets are missing. */
  read(data: Uint8Array, pts: Micros, dts: Micros): Omit<MediaFrame<VideoConfig>, 'receivedAt'> | undefined {
    const units = this.#unitsOf(data)
    if (units.length === 0) return undefined
    const isH264 = this.#codec === 'h264'
    const keyframe = isH264 ? hasIdr(units) : hasIrap(units)
    const recovery = keyframe ? undefined : isH264 ? h264Recovery(units, false) : h265Recovery(units)
    const isEntry = keyframe || recovery !== undefined
    const hasNews = this.#tracker.observe(units)
    this.#isStale ||= hasNews
    if (this.#isStale && (isEntry || this.#config === undefined)) {
      this.#config = this.#tracker.config()
      this.#isStale = false
    }
    const config = this.#config
    const pictures = units.filter(isH264 ? isH264Picture : isH265Picture)
    if (config === undefined || pictures.length === 0) return undefined
    const droppable = isH264 ? isH264Droppable(pictures) : isH265Droppable(pictures, temporalLayersOf(config))
    return {
      ...{ config, pts, dts, keyframe, droppable },
      // New sets inside a GOP are in band until the next keyframe, from which on they are in the config.
      units: hasNews && !isEntry ? units : pictures,
      ...(recovery === undefined ? {} : { recovery }),
    }
  }

  #unitsOf(data: Uint8Array): Uint8Array[] {
    if (this.#lengthSize === undefined) return splitAnnexB(data, MAX_NAL_UNITS)
    const units: Uint8Array[] = []
    return splitLengthPrefixed(data, 0, data.length, this.#lengthSize, units) ? units : []
  }
}

function recordOf(codec: NalCodec, record: Uint8Array) {
  if (codec === 'h264') {
    const parsed = parseAvcDecoderConfiguration(record)
    return parsed && { nalLengthSize: parsed.nalLengthSize, sets: [...parsed.sps, ...parsed.pps] }
  }
  const parsed = parseHevcDecoderConfiguration(record)
  return parsed && { nalLengthSize: parsed.nalLengthSize, sets: [...parsed.vps, ...parsed.sps, ...parsed.pps] }
}

function isH264Picture(unit: Uint8Array): boolean {
  const type = h264NalType(unit)
  return type !== H264NalType.sps && type !== H264NalType.pps && type !== H264NalType.accessUnitDelimiter
}

function isH265Picture(unit: Uint8Array): boolean {
  const type = h265NalType(unit)
  return type <= H265NalType.lastSlice || type >= H265NalType.prefixSei
}
