import type { AudioConfig } from '@crossroom/media'
import { OUTPUT_RATE } from '../audio-codecs.js'

/** id_syn_ele (ISO/IEC 14496-3 table 4.85). */
const SINGLE_CHANNEL_ELEMENT = 0
const CHANNEL_PAIR_ELEMENT = 1
/** A longer frame of silence is filled up to a constant bitrate, or carries spectral band replication: it is decoded. */
const MAX_BYTES = 16

/**
 * Samples at OUTPUT_RATE of a frame of AAC-LC that has no spectrum at all, as encoders write for a muted microphone. 0 for
 * every other frame, and for those whose length at OUTPUT_RATE is not whole.
 */
export function silentAacSamples(config: AudioConfig, frame: Uint8Array): number {
  if (config.codec !== 'aac' || config.codecString !== 'mp4a.40.2' || frame.length > MAX_BYTES) return 0
  const samples = (config.samplesPerFrame * OUTPUT_RATE) / config.sampleRate
  return Number.isInteger(samples) && hasNoSpectrum(frame) ? samples : 0
}

/** raw_data_block() of section 4.4.2.1: one element whose channels have no scale factor bands. */
function hasNoSpectrum(frame: Uint8Array): boolean {
  if (frame.length < 4) return false
  const bits = ((frame[0]! << 24) | (frame[1]! << 16) | (frame[2]! << 8) | frame[3]!) >>> 0
  const element = bits >>> 29
  // Behind id and instance tag: the global_gain of one channel, the common_window of two, which has to be set.
  if (element === SINGLE_CHANNEL_ELEMENT) return isEmptyIcs(bits << 15)
  return element === CHANNEL_PAIR_ELEMENT && ((bits >>> 24) & 1) === 1 && isEmptyIcs(bits << 8)
}

/** ics_info(), from the highest bit on: reserved, two bits of window_sequence, window_shape, then 6 of max_sfb, or 4 of EIGHT_SHORT. */
function isEmptyIcs(bits: number): boolean {
  const isShort = ((bits >>> 29) & 3) === 2
  return ((bits >>> 22) & (isShort ? 0b11_1100 : 0b11_1111)) === 0
}
