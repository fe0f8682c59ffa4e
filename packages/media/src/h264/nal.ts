/** nal_unit_type of ITU-T H.264 table 7-1, those that matter to a server. */
export const H264NalType = {
  slice: 1,
  partitionA: 2,
  idrSlice: 5,
  sei: 6,
  sps: 7,
  pps: 8,
  accessUnitDelimiter: 9,
  endOfSequence: 10,
  filler: 12,
} as const

/** nal_unit_type of a NAL unit that is not empty. */
export function h264NalType(nal: Uint8Array): number {
  return nal[0]! & 0x1f
}

/**
 * Whether a unit is worth carrying: delimiters, filler and end marks are the container's business, and the unspecified types
 * 0 and 24 to 31 mean something else in RTP.
 */
export function isCarriedH264(nal: Uint8Array): boolean {
  const type = h264NalType(nal)
  return type > 0 && type < 24 && (type < H264NalType.accessUnitDelimiter || type > H264NalType.filler)
}

/** nal_ref_idc: 0 when no other picture refers to the content. */
export function h264NalRefIdc(nal: Uint8Array): number {
  return (nal[0]! >> 5) & 3
}

/** Whether one of the units is a slice of an IDR picture: a decoder may start here. */
export function hasIdr(units: readonly Uint8Array[]): boolean {
  for (let index = 0; index < units.length; index++)
    if (h264NalType(units[index]!) === H264NalType.idrSlice) return true
  return false
}

/** Whether the access unit has slices and no other picture refers to any of them. */
export function isH264Droppable(units: readonly Uint8Array[]): boolean {
  let slices = 0
  for (let index = 0; index < units.length; index++) {
    const unit = units[index]!
    const type = h264NalType(unit)
    if (type < H264NalType.slice || type > H264NalType.idrSlice) continue
    if (h264NalRefIdc(unit) !== 0) return false
    slices += 1
  }
  return slices > 0
}
