import { BitReader } from '../bytes/bit-reader.js'
import { skipColorConfig } from './frame-header.js'

const FRAME_MARKER = 2
const SYNC_CODE = 0x498342
const REFERENCE_SLOTS = 8
/** Bits of the values of a segment's features, and which of them have a sign (section 6.2.11). */
const FEATURE_BITS = [8, 6, 2, 0] as const
const SIGNED_FEATURES = 2

/** Width and height in pixels. */
export interface Vp9Size {
  readonly width: number
  readonly height: number
}

/** The uncompressed header of a frame, as far as layers and sizes need it. */
export interface Vp9UncompressedHeader extends Vp9Size {
  readonly keyframe: boolean
  /** The frame is a picture to be shown. */
  readonly shown: boolean
  /** The frame does not depend on earlier frames. */
  readonly errorResilient: boolean
  /** The frame is kept in these of the eight reference slots, one bit each. */
  readonly refreshes: number
  readonly profile: number
  /** Length in bits, without the bits that fill the last byte. */
  readonly bitLength: number
}

/**
 * Reads the uncompressed headers of a stream's frames in order (VP9 bitstream specification section 6.2). A frame may
 * have the size of a reference frame, so the sizes of the reference slots are kept.
 */
export class Vp9HeaderReader {
  readonly #slots: (Vp9Size | undefined)[] = new Array<undefined>(REFERENCE_SLOTS).fill(undefined)

  /** Undefined for a malformed frame, a frame that shows an earlier one again, and a frame of unknown size. */
  read(frame: Uint8Array): Vp9UncompressedHeader | undefined {
    const reader = new BitReader(frame)
    if (reader.bits(2) !== FRAME_MARKER) return undefined
    const profile = reader.bits(1) + 2 * reader.bits(1)
    if (profile === 3) reader.skip(1)
    if (reader.flag()) return undefined
    const keyframe = !reader.flag()
    const shown = reader.flag()
    const errorResilient = reader.flag()
    const reference = keyframe ? readKeyframe(reader, profile) : this.#readOther(reader, profile, shown, errorResilient)
    if (reference === undefined) return undefined
    skipToTiles(reader, errorResilient)
    skipTiles(reader, reference.width)
    reader.skip(16) // header_size_in_bytes, of the compressed header
    if (reader.failed) return undefined
    for (let slot = 0; slot < REFERENCE_SLOTS; slot++)
      if (((reference.refreshes >> slot) & 1) !== 0) this.#slots[slot] = reference
    const bitLength = frame.length * 8 - reader.bitsLeft
    return { ...reference, keyframe, shown, errorResilient, profile, bitLength }
  }

  #readOther(reader: BitReader, profile: number, shown: boolean, errorResilient: boolean): Reference | undefined {
    const intraOnly = shown ? false : reader.flag()
    if (!errorResilient) reader.skip(2) // reset_frame_context
    if (intraOnly) return readIntraOnly(reader, profile)
    const refreshes = reader.bits(8)
    const references = [readReference(reader), readReference(reader), readReference(reader)]
    const found = references.find(() => reader.flag())
    const size = found === undefined ? readSize(reader) : this.#slots[found]
    if (size === undefined) return undefined
    skipRenderSize(reader)
    reader.skip(1) // allow_high_precision_mv
    if (!reader.flag()) reader.skip(2) // raw_interpolation_filter
    return { width: size.width, height: size.height, refreshes }
  }
}

interface Reference extends Vp9Size {
  readonly refreshes: number
}

function readKeyframe(reader: BitReader, profile: number): Reference | undefined {
  if (reader.bits(24) !== SYNC_CODE) return undefined
  skipColorConfig(reader, profile)
  const size = readSize(reader)
  skipRenderSize(reader)
  return { ...size, refreshes: 0xff }
}

function readIntraOnly(reader: BitReader, profile: number): Reference | undefined {
  if (reader.bits(24) !== SYNC_CODE) return undefined
  if (profile > 0) skipColorConfig(reader, profile)
  const refreshes = reader.bits(8)
  const size = readSize(reader)
  skipRenderSize(reader)
  return { ...size, refreshes }
}

/** The slot of a reference, before its sign bias. */
function readReference(reader: BitReader): number {
  const slot = reader.bits(3)
  reader.skip(1)
  return slot
}

function readSize(reader: BitReader): Vp9Size {
  const width = reader.bits(16) + 1
  return { width, height: reader.bits(16) + 1 }
}

function skipRenderSize(reader: BitReader): void {
  if (reader.flag()) reader.skip(32)
}

function skipToTiles(reader: BitReader, errorResilient: boolean): void {
  if (!errorResilient) reader.skip(2) // refresh_frame_context, frame_parallel_decoding_mode
  reader.skip(2 + 6 + 3) // frame_context_idx, loop_filter_level, loop_filter_sharpness
  // mode_ref_delta_enabled and _update, then four reference and two mode deltas of 6 bits and a sign
  if (reader.flag() && reader.flag()) for (let delta = 0; delta < 6; delta++) skipOptional(reader, 7)
  reader.skip(8) // base_q_idx
  for (let delta = 0; delta < 3; delta++) skipOptional(reader, 5)
  if (reader.flag()) skipSegmentation(reader)
}

function skipSegmentation(reader: BitReader): void {
  if (reader.flag()) {
    for (let probability = 0; probability < 7; probability++) skipOptional(reader, 8)
    if (reader.flag()) for (let probability = 0; probability < 3; probability++) skipOptional(reader, 8)
  }
  if (!reader.flag()) return
  reader.skip(1) // segmentation_abs_or_delta_update
  for (let segment = 0; segment < 8; segment++)
    for (const [feature, bits] of FEATURE_BITS.entries())
      skipOptional(reader, bits + (feature < SIGNED_FEATURES ? 1 : 0))
}

/** A flag that says whether a value of so many bits follows. */
function skipOptional(reader: BitReader, bits: number): void {
  if (reader.flag()) reader.skip(bits)
}

/** How many tiles there may be depends on the width (section 6.2.14). */
function skipTiles(reader: BitReader, width: number): void {
  const superblocks = (width + 63) >> 6
  let columns = 0
  while (64 << columns < superblocks) columns++
  let most = 1
  while (superblocks >> most >= 4) most++
  while (columns < most - 1 && reader.flag()) columns++
  if (reader.flag()) reader.skip(1) // tile_rows_log2
}
