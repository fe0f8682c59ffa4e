import { BitWriter } from '../bytes/bit-writer.js'
import type { AudioConfig } from '../model/frame.js'
import { AacObjectType, audioConfigFromAac, buildAudioSpecificConfig } from './audio-specific-config.js'

/** id_syn_ele (ISO/IEC 14496-3 table 4.85). */
const SINGLE_CHANNEL_ELEMENT = 0
const CHANNEL_PAIR_ELEMENT = 1
const END = 7
/** global_gain: of no effect without spectral data; 140 is what encoders write for silence. */
const GLOBAL_GAIN = 140
/**
 * Bits per second. The frames have 1.5 kbit/s; players size their buffers by the announced bitrate, and real audio may
 * follow.
 */
const ANNOUNCED_BITRATE = 32_000

/**
 * The config of a silent AAC-LC track; throws a RangeError outside these ranges.
 * @param sampleRate Hz, 7350 to 96000.
 * @param channels 1 or 2.
 */
export function silentAacConfig(sampleRate: number, channels: number): AudioConfig {
  if (channels !== 1 && channels !== 2) throw new RangeError(`Silence has 1 or 2 channels, not ${channels}.`)
  const description = buildAudioSpecificConfig(AacObjectType.lowComplexity, sampleRate, channels)
  const config = audioConfigFromAac(description, { bitrate: ANNOUNCED_BITRATE })
  if (config === undefined) throw new RangeError(`Silence needs 7350 to 96000 Hz, not ${sampleRate} Hz.`)
  return config
}

const monoFrame = buildFrame(1)
const stereoFrame = buildFrame(2)

/** The raw_data_block of 1024 silent samples, the same shared bytes for every frame: not to be written to. */
export function silentAacFrame(config: AudioConfig): Uint8Array {
  return config.channels === 1 ? monoFrame : stereoFrame
}

/** raw_data_block() of section 4.4.2.1 whose channels have no scale factor bands, hence no spectrum. */
function buildFrame(channels: 1 | 2): Uint8Array {
  const bytes = new Uint8Array(channels === 1 ? 4 : 6)
  const writer = new BitWriter(bytes)
  writer.bits(channels === 1 ? SINGLE_CHANNEL_ELEMENT : CHANNEL_PAIR_ELEMENT, 3)
  writer.bits(0, 4)
  if (channels === 2) {
    // common_window, then ms_mask_present behind the shared ics_info.
    writer.bits(1, 1)
    writeIcsInfo(writer)
    writer.bits(0, 2)
  }
  for (let channel = 0; channel < channels; channel++) {
    writer.bits(GLOBAL_GAIN, 8)
    if (channels === 1) writeIcsInfo(writer)
    // pulse_data_present, tns_data_present, gain_control_data_present.
    writer.bits(0, 3)
  }
  writer.bits(END, 3)
  writer.alignToByte()
  return bytes
}

/** ics_info(): reserved bit, ONLY_LONG_SEQUENCE, window shape, max_sfb 0, no predictor. */
function writeIcsInfo(writer: BitWriter): void {
  writer.bits(0, 1 + 2 + 1 + 6 + 1)
}
