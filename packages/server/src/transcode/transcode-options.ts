import type { Config } from '../config/index.js'
import type { TranscodeOptions } from './catalog.js'

/** What the operator chose. */
export function transcodeOptions({
  opusBitrate,
  opusChannels,
}: Pick<Config, 'opusBitrate' | 'opusChannels'>): TranscodeOptions {
  return { opusBitrate: { mono: Math.round(opusBitrate / 2), stereo: opusBitrate }, opusStereo: opusChannels === 2 }
}
