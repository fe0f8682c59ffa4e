import { BitWriter } from '../bytes/bit-writer.js'
import { insertEmulationPrevention } from '../bytes/emulation-prevention.js'

/** The fields of an SPS that a test wants to set; the rest makes a 320 × 192 picture of Main profile. */
export interface SpsFields {
  readonly profileIdc?: number
  readonly id?: number
  readonly orderCountType?: number
  /** num_ref_frames_in_pic_order_cnt_cycle, for type 1. */
  readonly orderCountCycle?: number
  readonly referenceFrames?: number
  readonly macroblocksWide?: number
  readonly macroblocksHigh?: number
  /** frame_crop_left_offset, right, top, bottom. */
  readonly crop?: readonly [number, number, number, number]
  /** Writes vui_parameters(). */
  readonly vui?: (writer: BitWriter) => void
}

/** An SPS NAL unit, valid or not. */
export function buildSps(fields: SpsFields = {}): Uint8Array {
  const payload = new Uint8Array(400)
  const writer = new BitWriter(payload)
  writer.bits(fields.profileIdc ?? 77, 8)
  writer.bits(0, 8)
  writer.bits(31, 8)
  writer.unsignedExpGolomb(fields.id ?? 0)
  writer.unsignedExpGolomb(0)
  writer.unsignedExpGolomb(fields.orderCountType ?? 0)
  if ((fields.orderCountType ?? 0) === 0) writer.unsignedExpGolomb(2)
  if (fields.orderCountType === 1) {
    writer.bits(0, 1)
    writer.signedExpGolomb(0)
    writer.signedExpGolomb(0)
    writer.unsignedExpGolomb(fields.orderCountCycle ?? 0)
    for (let index = 0; index < Math.min(fields.orderCountCycle ?? 0, 255); index++) writer.signedExpGolomb(1)
  }
  writer.unsignedExpGolomb(fields.referenceFrames ?? 1)
  writer.bits(0, 1)
  writer.unsignedExpGolomb((fields.macroblocksWide ?? 20) - 1)
  writer.unsignedExpGolomb((fields.macroblocksHigh ?? 12) - 1)
  // frame_mbs_only_flag, direct_8x8_inference_flag.
  writer.bits(3, 2)
  writer.bits(fields.crop === undefined ? 0 : 1, 1)
  for (const offset of fields.crop ?? []) writer.unsignedExpGolomb(offset)
  writer.bits(fields.vui === undefined ? 0 : 1, 1)
  fields.vui?.(writer)
  writer.bits(1, 1)
  writer.alignToByte()
  return Uint8Array.of(0x67, ...insertEmulationPrevention(payload.subarray(0, writer.byteOffset)))
}

/** vui_parameters() with a time base only. */
export function vuiTiming(unitsInTick: number, timeScale: number): (writer: BitWriter) => void {
  return (writer) => {
    writer.bits(0, 4)
    writer.bits(1, 1)
    writer.bits(unitsInTick, 32)
    writer.bits(timeScale, 32)
    writer.bits(1, 1)
    writer.bits(0, 4)
  }
}

/** vui_parameters() with a NAL HRD of `count` buffers, 32 of them written. */
export function vuiHrd(count: number): (writer: BitWriter) => void {
  return (writer) => {
    writer.bits(0, 5)
    writer.bits(1, 1)
    writer.unsignedExpGolomb(count - 1)
    writer.bits(0, 8)
    for (let index = 0; index < Math.min(count, 32); index++) {
      writer.unsignedExpGolomb(1)
      writer.unsignedExpGolomb(1)
      writer.bits(0, 1)
    }
    writer.bits(0, 20)
    writer.bits(0, 4)
  }
}

/** vui_parameters() with max_num_reorder_frames. */
export function vuiReordering(reorderFrames: number): (writer: BitWriter) => void {
  return (writer) => {
    writer.bits(0, 8)
    writer.bits(1, 1)
    writer.bits(1, 1)
    for (let index = 0; index < 4; index++) writer.unsignedExpGolomb(0)
    writer.unsignedExpGolomb(reorderFrames)
    writer.unsignedExpGolomb(16)
  }
}
