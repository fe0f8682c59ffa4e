import { MAX_NAL_UNITS } from '../nal/length-prefixed.js'
import { isVideoFrame, type MediaFrame, type VideoFrame } from '../model/frame.js'
import { H264NalType, h264NalType } from '../h264/nal.js'
import { H265NalType, h265NalType } from '../h265/nal.js'

/** Bytes that may wait before a picture: parameter sets and SEI are small. */
const MAX_PREFIX_BYTES = 64 * 1024
/** Frames of sound that wait behind a picture that is held: more come in no tenth of a second. */
const MAX_SOUND_BEHIND = 32

/**
 * Makes whole access units of what encoders send in pieces: parameter sets by themselves, a message for each slice. Two
 * pictures are never joined: a piece goes on with a picture only if its first slice does not begin one.
 *
 * Whether more slices follow cannot be seen in a slice. So the first picture is held until the next message; if it was in one
 * piece, pictures are handed on at once from then on, else each is held until the next begins or the owner flushes.
 */
export class AccessUnitJoiner {
  readonly #emit: (frame: MediaFrame) => void
  #mode: 'undecided' | 'whole' | 'pieces' = 'undecided'
  /** Units that belong to the next picture. */
  #prefix: VideoFrame | undefined
  /** The picture that may go on. */
  #open: VideoFrame | undefined
  #behind: MediaFrame[] = []

  constructor(emit: (frame: MediaFrame) => void) {
    this.#emit = emit
  }

  /** A picture is held: `flush` should be called when nothing has come for a while. */
  get isHolding(): boolean {
    return this.#open !== undefined
  }

  push(frame: MediaFrame): void {
    if (!isVideoFrame(frame)) return this.#passSound(frame)
    if (!hasNalUnits(frame)) {
      this.flush()
      return this.#emit(frame)
    }
    const slice = frame.units.find((unit) => isSlice(frame, unit))
    if (slice === undefined) this.#keepPrefix(frame)
    else if (beginsPicture(frame, slice)) this.#begin(frame)
    else this.#goOn(frame)
  }

  /** Hands on the picture that is held. */
  flush(): void {
    const open = this.#open
    this.#open = undefined
    if (open === undefined) return
    this.#emit(open)
    const behind = this.#behind
    this.#behind = []
    for (const sound of behind) this.#emit(sound)
  }

  /** Sound stays behind the picture that it came after. */
  #passSound(frame: MediaFrame): void {
    if (this.#open === undefined) return this.#emit(frame)
    this.#behind.push(frame)
    if (this.#behind.length === MAX_SOUND_BEHIND) this.flush()
  }

  #keepPrefix(frame: VideoFrame): void {
    this.flush()
    const prefix = this.#prefix === undefined ? frame : merged(this.#prefix, frame)
    const bytes = prefix.units.reduce((sum, unit) => sum + unit.length, 0)
    this.#prefix = bytes <= MAX_PREFIX_BYTES && prefix.units.length <= MAX_NAL_UNITS ? prefix : undefined
  }

  #begin(frame: VideoFrame): void {
    if (this.#open !== undefined && this.#mode === 'undecided') this.#mode = 'whole'
    this.flush()
    const picture = this.#withPrefix(frame)
    if (this.#mode === 'whole') this.#emit(picture)
    else this.#open = picture
  }

  #goOn(frame: VideoFrame): void {
    this.#mode = 'pieces'
    const open = this.#open
    if (open !== undefined && open.units.length + frame.units.length <= MAX_NAL_UNITS) {
      this.#open = { ...merged(open, frame), droppable: open.droppable && frame.droppable }
      return
    }
    // Its beginning is out already, or was never there: players of FLV go on with it.
    this.flush()
    this.#emit(this.#withPrefix(frame))
  }

  #withPrefix(frame: VideoFrame): VideoFrame {
    const prefix = this.#prefix
    this.#prefix = undefined
    if (prefix?.config.codec !== frame.config.codec) return frame
    // The time is the picture's.
    return { ...merged(prefix, frame), pts: frame.pts, dts: frame.dts, droppable: frame.droppable }
  }
}

/** Both, with the time of the first and the configuration of the last. */
function merged(first: VideoFrame, second: VideoFrame): VideoFrame {
  return {
    ...first,
    config: second.config,
    keyframe: first.keyframe || second.keyframe,
    units: [...first.units, ...second.units],
    receivedAt: second.receivedAt,
    ...(second.script === undefined ? {} : { script: [...(first.script ?? []), ...second.script] }),
  }
}

function hasNalUnits({ config }: VideoFrame): boolean {
  return config.codec === 'h264' || config.codec === 'h265'
}

function isSlice({ config }: VideoFrame, unit: Uint8Array): boolean {
  return config.codec === 'h264'
    ? h264NalType(unit) <= H264NalType.idrSlice
    : h265NalType(unit) <= H265NalType.lastSlice
}

/** first_mb_in_slice is 0 (ITU-T H.264 section 7.3.3); first_slice_segment_in_pic_flag (H.265 section 7.3.6.1). */
function beginsPicture({ config }: VideoFrame, slice: Uint8Array): boolean {
  if (config.codec === 'h265') return ((slice[2] ?? 0x80) & 0x80) !== 0
  const type = h264NalType(slice)
  // Partitions B and C go on with the A before them.
  if (type > H264NalType.partitionA && type < H264NalType.idrSlice) return false
  return ((slice[1] ?? 0x80) & 0x80) !== 0
}
