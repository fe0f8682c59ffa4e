import type { Config } from '../config/index.js'
import type { TranscodeOptions } from './catalog.js'

/** The operator's options. */
export function transcodeOptions({
  opusBitrate,
  opusChannels,
}: Pick<Config, 'opusBitrate' | 'opusChannels'>): TranscodeOptions {
  return { opusBitrate: { mono: Math.round(opusBitrate / 2), stereo: opusBitrate }, opusStereo: opusChannels === 2 }
}
