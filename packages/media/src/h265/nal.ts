/** nal_unit_type of ITU-T H.265 table 7-1, those that matter to a server. */
export const H265NalType = {
  /** The last of the types 0 to 15 whose even members are sub-layer non-reference pictures. */
  lastNonIrap: 15,
  blaWithLeading: 16,
  idrWithRadl: 19,
  idrNoLeading: 20,
  cra: 21,
  lastIrap: 23,
  lastSlice: 31,
  vps: 32,
  sps: 33,
  pps: 34,
  accessUnitDelimiter: 35,
  filler: 38,
  prefixSei: 39,
  firstUnspecified: 48,
} as const

/** The header of every unit has two bytes. */
export const H265_NAL_HEADER_LENGTH = 2

/** nal_unit_type of a NAL unit that is not empty. */
export function h265NalType(nal: Uint8Array): number {
  return (nal[0]! >> 1) & 0x3f
}

/** See `isCarriedH264`; an end of sequence stays, for it changes how the pictures behind it are decoded. */
export function isCarriedH265(nal: Uint8Array): boolean {
  const type = h265NalType(nal)
  if (nal.length < H265_NAL_HEADER_LENGTH || type >= H265NalType.firstUnspecified) return false
  return type !== H265NalType.accessUnitDelimiter && type !== H265NalType.filler
}

/** TemporalId: 0 is the base layer. */
export function h265TemporalId(nal: Uint8Array): number {
  return Math.max(0, ((nal[1] ?? 1) & 7) - 1)
}

/** Whether one of the units is a slice of an IRAP picture (IDR, CRA, BLA): a decoder may start here. */
export function hasIrap(units: readonly Uint8Array[]): boolean {
  for (let index = 0; index < units.length; index++) {
    const type = h265NalType(units[index]!)
    if (type >= H265NalType.blaWithLeading && type <= H265NalType.lastIrap) return true
  }
  return false
}

/**
 * Whether all slices are sub-layer non-reference pictures (section 7.4.2.2: the even types below 16) of the highest of
 * `temporalLayers` layers. In a lower layer such a picture may still be referred to from above.
 */
export function isH265Droppable(units: readonly Uint8Array[], temporalLayers: number): boolean {
  let slices = 0
  for (let index = 0; index < units.length; index++) {
    const unit = units[index]!
    const type = h265NalType(unit)
    if (type > H265NalType.lastSlice) continue
    if (type > H265NalType.lastNonIrap || (type & 1) === 1 || h265TemporalId(unit) !== temporalLayers - 1) return false
    slices += 1
  }
  return slices > 0
}
