/** The fields of a built frame; all others in its header are 0. */
export interface BuiltFrame {
  readonly keyframe?: boolean
  readonly width: number
  readonly height: number
  /** Not a keyframe: the size is that of this reference slot. */
  readonly sizeOfSlot?: number
  readonly refreshes?: number
  readonly errorResilient?: boolean
  readonly segments?: boolean
  readonly deltas?: boolean
  /** The bytes after the uncompressed header. */
  readonly data?: readonly number[]
}

/** A VP9 frame that is shown, of profile 0: its uncompressed header (VP9 bitstream specification section 6.2) and `data`. */
export function buildVp9Frame(frame: BuiltFrame): Uint8Array {
  const { keyframe = false, width, height, errorResilient = true, sizeOfSlot, refreshes = 1 } = frame
  let bits = '1000' // frame_marker, profile
  const put = (value: number, count: number) => (bits += value.toString(2).padStart(count, '0'))
  const flag = (value: boolean) => put(value ? 1 : 0, 1)
  flag(false) // show_existing_frame
  flag(!keyframe)
  flag(true)
  flag(errorResilient)
  if (keyframe) put(0x498342, 24)
  if (keyframe) put(0b0010, 4) // BT.709, studio range
  if (!keyframe) {
    if (!errorResilient) put(0, 2)
    put(refreshes, 8)
    for (let reference = 0; reference < 3; reference++) put((sizeOfSlot ?? 0) << 1, 4)
    if (sizeOfSlot === undefined) put(0, 3)
    else flag(true)
  }
  if (keyframe || sizeOfSlot === undefined) put((width - 1) * 0x1_0000 + height - 1, 32)
  flag(false) // render_and_frame_size_different
  if (!keyframe) put(0b01, 2) // no high precision; the filter is switchable
  if (!errorResilient) put(0, 2)
  put(0, 2 + 6 + 3)
  putDeltas(frame.deltas === true, flag, put)
  put(60, 8)
  put(0, 3)
  putSegments(frame.segments === true, flag, put)
  const superblocks = (width + 63) >> 6
  if (superblocks >= 8) flag(false) // one column of tiles, although there may be more
  flag(false)
  put(7, 16)
  const header = bits.padEnd(Math.ceil(bits.length / 8) * 8, '0').match(/.{8}/g)!
  return Uint8Array.from([...header.map((byte) => parseInt(byte, 2)), ...(frame.data ?? [1, 2, 3])])
}

type PutFlag = (value: boolean) => void
type Put = (value: number, count: number) => void

function putDeltas(has: boolean, flag: PutFlag, put: Put): void {
  flag(has)
  if (!has) return
  flag(true)
  for (let delta = 0; delta < 6; delta++) put(delta % 2 === 0 ? 0x80 + delta : 0, delta % 2 === 0 ? 8 : 1)
}

function putSegments(has: boolean, flag: PutFlag, put: Put): void {
  flag(has)
  if (!has) return
  flag(true)
  for (let probability = 0; probability < 7; probability++) put(0x100 + probability, 9)
  flag(true)
  put(0, 3)
  flag(true)
  flag(false)
  for (let segment = 0; segment < 8; segment++) {
    put(0x200 + 2 * segment, 10)
    put(0, 1)
    put(0b101, 3)
    put(1, 1)
  }
}
