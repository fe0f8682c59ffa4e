import { bytesEqual } from '../bytes/equality.js'
import type { Micros } from '../machine/index.js'
import type { MediaFrame, VideoConfig } from '../model/frame.js'
import type { VideoHints } from '../model/video-hints.js'
import { ParameterSetTracker } from '../nal/parameter-set-tracker.js'
import { type ReadLengthSize, splitUnits } from '../nal/unit-splitter.js'
import { flvTagErrors, type FlvTagError } from './errors.js'
import { type VideoFormat, videoFormats } from './video-formats.js'
import { VideoTagHeader } from './video-tag-header.js'

/** Bytes of the NAL unit lengths in the output. */
const WRITTEN_LENGTH_SIZE = 4
/** An AVC record with no sets. */
const SHORTEST_RECORD = 7

/**
 * Turns the bodies of video tags into frames; the video half of FlvTagReader. Input is parsed as leniently as FFmpeg
 * does. A frame and its config are strictly valid: a correct record, 4-byte lengths, no empty units, no delimiters.
 */
export class FlvVideoReader {
  readonly #header = new VideoTagHeader()
  #format: VideoFormat | undefined
  #config: VideoConfig | undefined
  /**
   * Takes effect at the next keyframe or recovery point: players that receive their configuration separately restart
   * with it, which is impossible inside a GOP. Until then its parameter sets go in band.
   */
  #next: VideoConfig | undefined
  #unsentSets: readonly Uint8Array[] = []
  /** A frame went out with the config. */
  #isConfigUsed = false
  #parameterSets: ParameterSetTracker | undefined
  /** The config that `#parameterSets` follows. */
  #setsOf: VideoFormat | undefined
  /** The record of the last sequence header. The config may be newer: parameter sets change inside the stream as well. */
  #record: Uint8Array | undefined
  /** Bytes of the lengths in this stream; configs always say 4. */
  #lengthSize: ReadLengthSize = WRITTEN_LENGTH_SIZE
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
    const allHints = { ...hints, flvSpelling: spelling }
    this.#record = record.slice()
    const config =
      format.salvageRecord === undefined || record[0] === 1 ? format.configFromRecord(record, allHints) : undefined
    if (config?.nalLengthSize === WRITTEN_LENGTH_SIZE) {
      this.#lengthSize = WRITTEN_LENGTH_SIZE
      this.#follow(format, config.parameterSets)
      this.#adopt(format, config)
      return undefined
    }
    return this.#salvageRecord(format, record, allHints)
  }

  /** A record that cannot be handed on as it is: another one is made of its parameter sets, or of those in band. */
  #salvageRecord(format: VideoFormat, record: Uint8Array, hints: VideoHints): FlvTagError | undefined {
    // What follows belongs to this header: no frame must be sent with the old one.
    const current = this.#config
    this.#config = undefined
    this.#next = undefined
    const salvaged = format.salvageRecord?.(record)
    if (salvaged === undefined) return flvTagErrors.badVideoHeader
    this.#lengthSize = salvaged.lengthSize
    this.#follow(format, salvaged.sets)
    const config = this.#parameterSets?.config(hints)
    if (config !== undefined) {
      this.#config = current
      this.#adopt(format, config)
    }
    // A whole record without sets says that they come in band.
    const isPromise = salvaged.sets.length === 0 && record.length >= SHORTEST_RECORD
    return config === undefined && !isPromise ? flvTagErrors.badVideoHeader : undefined
  }

  /** Inside a GOP the config of a new header has to wait, and what it brings goes in band. */
  #adopt(format: VideoFormat, config: VideoConfig): void {
    const current = this.#config
    if (current?.codec !== config.codec || !this.#isConfigUsed) {
      this.#begin(format, config)
      return
    }
    const known = (this.#next ?? current).parameterSets
    this.#unsentSets = config.parameterSets.filter((set) => !known.some((other) => bytesEqual(set, other)))
    this.#next = config
  }

  /** Begins to follow the parameter sets of a stream. */
  #follow(format: VideoFormat, sets: readonly Uint8Array[]): void {
    this.#setsOf = format
    this.#parameterSets = format.parameterSets && new ParameterSetTracker(format.parameterSets)
    this.#parameterSets?.reset(sets)
  }

  #readFrame(
    timestampMs: number,
    body: Uint8Array,
    receivedAt: Micros,
    hints: VideoHints,
    out: MediaFrame[],
  ): FlvTagError | undefined {
    const { codec, isKey, offset, end, compositionTimeMs } = this.#header
    // Encoders send frames without content to keep a connection alive.
    if (offset === end) return undefined
    const format = videoFormats[codec!]
    const units = this.#unitsOf(format, body, offset, end)
    if (units === undefined) return flvTagErrors.badNalLengths
    if (units.length === 0) return undefined
    const keyframe = format.isKeyframe(units)
    const recovery = keyframe ? undefined : format.recoveryOf?.(units, isKey)
    const isEntry = keyframe || recovery !== undefined
    const error = this.#updateConfig(units, keyframe, isEntry, hints)
    if (error !== undefined) return error
    // Parameter sets by themselves, before anything can be decoded, are remembered and no frame.
    if (this.#config === undefined) return undefined
    const dts = timestampMs * 1000
    out.push({
      config: this.#config,
      pts: dts + compositionTimeMs * 1000,
      dts,
      keyframe,
      ...(recovery !== undefined && { recovery }),
      units: this.#unsentSets.length === 0 ? units : this.#withUnsentSets(units),
      receivedAt,
      droppable: !isEntry && this.#format!.isDroppable(units, this.#temporalLayers),
    })
    this.#isConfigUsed = true
    return undefined
  }

  #withUnsentSets(units: readonly Uint8Array[]): readonly Uint8Array[] {
    const sets = this.#unsentSets
    this.#unsentSets = []
    return [...sets, ...units]
  }

  /** The units that are handed on; undefined when none can be made out. */
  #unitsOf(format: VideoFormat, body: Uint8Array, offset: number, end: number): Uint8Array[] | undefined {
    if (format.parameterSets === undefined) return [body.subarray(offset, end)]
    const units: Uint8Array[] = []
    if (!splitUnits(body, offset, end, this.#setsOf === format ? this.#lengthSize : WRITTEN_LENGTH_SIZE, units))
      return undefined
    return units.every((unit) => format.isCarried!(unit)) ? units : units.filter((unit) => format.isCarried!(unit))
  }

  /** Follows what the frame itself says about the stream. */
  #updateConfig(
    units: readonly Uint8Array[],
    keyframe: boolean,
    isEntry: boolean,
    hints: VideoHints,
  ): FlvTagError | undefined {
    const { codec, spelling } = this.#header
    const format = videoFormats[codec!]
    if (this.#next?.codec !== codec) this.#next = undefined
    if (format.parameterSets !== undefined) {
      // A stream may begin without a sequence header, with its sets in band.
      if (this.#setsOf !== format) this.#follow(format, [])
      if (this.#config?.codec !== codec) this.#config = undefined
      const changed = this.#parameterSets!.observe(units)
      if (changed) this.#next = this.#parameterSets!.config({ ...hints, flvSpelling: spelling }) ?? this.#next
      if (isEntry || this.#config === undefined) this.#beginNext(format)
      return this.#config === undefined && units.some((unit) => format.isSlice!(unit))
        ? flvTagErrors.videoBeforeHeader
        : undefined
    }
    if (isEntry) this.#beginNext(format)
    const current = this.#config?.codec === codec ? this.#config : undefined
    if (keyframe && format.configFromKeyframe !== undefined) {
      const config = format.configFromKeyframe(units[0]!, current, { ...hints, flvSpelling: spelling })
      if (config === undefined) return flvTagErrors.badVideoFrame
      if (config !== current) this.#begin(format, config)
      return undefined
    }
    return current === undefined ? flvTagErrors.videoBeforeHeader : undefined
  }

  #beginNext(format: VideoFormat): void {
    if (this.#next !== undefined) this.#begin(format, this.#next)
  }

  #begin(format: VideoFormat, config: VideoConfig): void {
    this.#format = format
    this.#config = config
    this.#isConfigUsed = false
    this.#next = undefined
    this.#unsentSets = []
    this.#temporalLayers = format.temporalLayers?.(config) ?? 1
  }
}
