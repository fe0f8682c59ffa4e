import { bytesEqual } from '../bytes/equality.js'
import type { MediaFrame, Micros, VideoConfig } from '../model/frame.js'
import type { VideoHints } from '../model/video-hints.js'
import { splitLengthPrefixed } from '../nal/length-prefixed.js'
import { ParameterSetTracker } from '../nal/parameter-set-tracker.js'
import { flvTagErrors, type FlvTagError } from './errors.js'
import { type VideoFormat, videoFormats } from './video-formats.js'
import { VideoTagHeader } from './video-tag-header.js'

/** Turns the bodies of video tags into frames; the video half of FlvTagReader. */
export class FlvVideoReader {
  readonly #header = new VideoTagHeader()
  #format: VideoFormat | undefined
  #config: VideoConfig | undefined
  #parameterSets: ParameterSetTracker | undefined
  /** The record of the last sequence header. The config may be newer: parameter sets change inside the stream as well. */
  #record: Uint8Array | undefined
  /** Bytes of the lengths in this stream; a config made of in-band sets always says 4. */
  #nalLengthSize: VideoConfig['nalLengthSize'] = 4
  #temporalLayers = 1
  #ignoredTracks = 0

  /** Tracks of multitrack tags that were passed over. */
  get ignoredTracks(): number {
    return this.#ignoredTracks
  }

  /** Appends at most one frame to `out`; answers why the body was refused, or undefined. */
  read(
    timestampMs: number,
    body: Uint8Array,
    receivedAt: Micros,
    hints: VideoHints,
    out: MediaFrame[],
  ): FlvTagError | undefined {
    const header = this.#header
    if (!header.parse(body)) return flvTagErrors.malformedTag
    this.#ignoredTracks += header.otherTracks
    switch (header.kind) {
      case 'sequenceStart':
        return this.#readRecord(body.subarray(header.offset, header.end), hints)
      case 'frames':
        return this.#readFrame(timestampMs, body, receivedAt, hints, out)
      case 'unsupported':
        return flvTagErrors.unsupportedVideo
      case 'sequenceEnd':
      case 'nothing':
        return undefined
    }
  }

  #readRecord(record: Uint8Array, hints: VideoHints): FlvTagError | undefined {
    const { codec, spelling } = this.#header
    const { codec: lastCodec, flvSpelling, orientation } = this.#config ?? {}
    const isRepetition = lastCodec === codec && flvSpelling === spelling && orientation === (hints.orientation ?? 0)
    // Some encoders repeat the sequence header before every key frame.
    if (isRepetition && this.#record !== undefined && bytesEqual(this.#record, record)) return undefined
    const format = videoFormats[codec!]
    if (format.configFromRecord === undefined) return undefined
    const config = format.configFromRecord(record, { ...hints, flvSpelling: spelling })
    if (config === undefined) {
      // What follows belongs to the refused header: no frame must be sent with the old one.
      this.#config = undefined
      this.#parameterSets = undefined
      return flvTagErrors.badVideoHeader
    }
    this.#record = record.slice()
    this.#nalLengthSize = config.nalLengthSize
    this.#parameterSets = format.parameterSets && new ParameterSetTracker(format.parameterSets)
    this.#parameterSets?.reset(config.parameterSets)
    this.#begin(format, config)
    return undefined
  }

  #readFrame(
    timestampMs: number,
    body: Uint8Array,
    receivedAt: Micros,
    hints: VideoHints,
    out: MediaFrame[],
  ): FlvTagError | undefined {
    const { codec, isKey, offset, end, compositionTimeMs } = this.#header
    const units: Uint8Array[] = []
    if (codec === 'h264' || codec === 'h265') {
      if (codec !== this.#config?.codec) return flvTagErrors.videoBeforeHeader
      if (!splitLengthPrefixed(body, offset, end, this.#nalLengthSize, units)) return flvTagErrors.badNalLengths
    } else if (offset < end) units.push(body.subarray(offset, end))
    // Encoders send frames without content to keep a connection alive.
    if (units.length === 0) return undefined
    const keyframe = videoFormats[codec!].isKeyframe(units, isKey)
    const error = this.#updateConfig(units, keyframe, hints)
    if (error !== undefined) return error
    const dts = timestampMs * 1000
    out.push({
      config: this.#config!,
      pts: dts + compositionTimeMs * 1000,
      dts,
      keyframe,
      units,
      receivedAt,
      droppable: !keyframe && this.#format!.isDroppable(units, this.#temporalLayers),
    })
    return undefined
  }

  /** Follows what the frame itself says about the stream. */
  #updateConfig(units: readonly Uint8Array[], keyframe: boolean, hints: VideoHints): FlvTagError | undefined {
    const { codec, spelling } = this.#header
    const format = videoFormats[codec!]
    if (this.#parameterSets !== undefined && this.#config?.codec === codec) {
      const changed = this.#parameterSets.observe(units)
      const config = changed ? this.#parameterSets.config({ ...hints, flvSpelling: spelling }) : undefined
      if (config !== undefined) this.#begin(format, config)
      return undefined
    }
    const current = this.#config?.codec === codec ? this.#config : undefined
    if (keyframe && format.configFromKeyframe !== undefined) {
      const config = format.configFromKeyframe(units[0]!, current, { ...hints, flvSpelling: spelling })
      if (config === undefined) return flvTagErrors.badVideoFrame
      if (config !== current) this.#begin(format, config)
      return undefined
    }
    return current === undefined ? flvTagErrors.videoBeforeHeader : undefined
  }

  #begin(format: VideoFormat, config: VideoConfig): void {
    this.#format = format
    this.#config = config
    this.#temporalLayers = format.temporalLayers?.(config) ?? 1
  }
}
