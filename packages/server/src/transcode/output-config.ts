import type { AudioConfig } from '@crossroom/media'

/** The config of what an encoder makes. `head`: a whole OpusHead packet (RFC 7845 section 5.1). */
export function opusConfig(head: Uint8Array, channels: number, bitrate: number): AudioConfig {
  return {
    kind: 'audio',
    codec: 'opus',
    description: new Uint8Array(head),
    sampleRate: 48_000,
    channels,
    samplesPerFrame: 960,
    codecString: 'opus',
    bitrate,
  }
}
