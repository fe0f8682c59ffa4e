import { type AudioHints, optionalAudioFields } from '../model/audio-hints.js'
import type { AudioConfig } from '../model/frame.js'
import type { Mp3FrameHeader } from './frame-header.js'

/** MP3 has no record: the config is what a frame's header says. */
export function audioConfigFromMp3(header: Mp3FrameHeader, hints: AudioHints = {}): AudioConfig {
  return {
    kind: 'audio',
    codec: 'mp3',
    description: new Uint8Array(0),
    sampleRate: header.sampleRate,
    channels: header.channels,
    samplesPerFrame: header.samplesPerFrame,
    codecString: 'mp3',
    ...optionalAudioFields({ ...hints, bitrate: hints.bitrate ?? header.bitrate }),
  }
}
