import { isLegacySound } from './legacy-sound.js'
import type { CodecConfig, FlvSpelling } from '../model/frame.js'

/** Whether FLV has a legacy id for the codec: H.264, H.265 (id 12 of encoders in China), AAC, MP3. */
export function isLegacyWritable(config: CodecConfig): boolean {
  switch (config.codec) {
    case 'h264':
    case 'h265':
    case 'aac':
    case 'mp3':
    case 'pcma':
    case 'pcmu':
    case 'pcm':
    case 'adpcm':
    case 'nellymoser':
    case 'speex':
      return true
    case 'vp8':
    case 'vp9':
    case 'av1':
    case 'opus':
      return false
  }
}

/**
 * The spelling in which tags of `config` are written: enhanced without a legacy id, else the publisher's, else
 * legacy. `override` concerns H.265 only: every player reads legacy H.264 and AAC.
 */
export function spellingOf(config: CodecConfig, override?: FlvSpelling): FlvSpelling {
  if (!isLegacyWritable(config)) return 'enhanced'
  if (config.kind === 'audio' && isLegacySound(config.codec)) return 'legacy'
  if (config.codec === 'h265' && override !== undefined) return override
  return config.flvSpelling ?? 'legacy'
}
