import { type AudioHints, optionalAudioFields } from '../model/audio-hints.js'
import type { AudioCodec, AudioConfig } from '../model/frame.js'
import { SoundFormat } from './codec-ids.js'

/** Codecs that FLV has known since Flash and cameras still send. Nothing plays them any more: they are there to be decoded. */
export type LegacySoundCodec = 'pcma' | 'pcmu' | 'pcm' | 'adpcm' | 'nellymoser' | 'speex'

/** SoundRate (FLV v10.1 section E.4.2.1). */
const SOUND_RATES: readonly number[] = [5512, 11025, 22050, 44100]
const SIZE_16_BITS = 2
/** Samples of one block, and bytes of it. */
const NELLYMOSER = { samples: 256, bytes: 64 } as const
/** A frame of wideband Speex; a tag may hold several, and mostly holds one. */
const SPEEX_SAMPLES = 320
/** Samples of one block of SWF ADPCM; its header has a sample of 16 bits and an index of 6 per channel. */
const ADPCM = { samples: 4096, headerBits: 22 } as const

const CODECS: ReadonlyMap<number, LegacySoundCodec> = new Map([
  [SoundFormat.pcmPlatform, 'pcm'],
  [SoundFormat.adpcm, 'adpcm'],
  [SoundFormat.pcm, 'pcm'],
  [SoundFormat.nellymoser16kHz, 'nellymoser'],
  [SoundFormat.nellymoser8kHz, 'nellymoser'],
  [SoundFormat.nellymoser, 'nellymoser'],
  [SoundFormat.aLaw, 'pcma'],
  [SoundFormat.muLaw, 'pcmu'],
  [SoundFormat.speex, 'speex'],
])

/** The codec of a SoundFormat; undefined for those that are no legacy sound. */
export function legacySoundOf(soundFormat: number): LegacySoundCodec | undefined {
  return CODECS.get(soundFormat)
}

export function isLegacySound(codec: AudioCodec): codec is LegacySoundCodec {
  return codec !== 'aac' && codec !== 'opus' && codec !== 'mp3'
}

/** The config that the first byte of a tag tells: these codecs have no record. G.711 and Speex have one rate, whatever it says. */
export function configOfLegacySound(first: number, hints: AudioHints): AudioConfig | undefined {
  const codec = legacySoundOf(first >> 4)
  if (codec === undefined) return undefined
  const isMono = codec === 'speex' || codec === 'nellymoser'
  return {
    kind: 'audio',
    codec,
    description: new Uint8Array(0),
    sampleRate: rateOf(codec, first),
    channels: isMono ? 1 : 1 + (first & 1),
    samplesPerFrame: 0,
    codecString: codec,
    ...optionalAudioFields(hints),
  }
}

/** The payload as `AudioConfig.codec` names it: linear PCM has always 16 bits, low byte first. */
export function payloadOfLegacySound(first: number, payload: Uint8Array): Uint8Array {
  if (legacySoundOf(first >> 4) !== 'pcm' || (first & SIZE_16_BITS) !== 0) return payload
  const wide = new Uint8Array(2 * payload.length)
  // 8 bits are unsigned; the low byte stays 0.
  for (let index = 0; index < payload.length; index++) wide[2 * index + 1] = payload[index]! ^ 0x80
  return wide
}

/** Samples per channel; 0 when the payload holds no whole one. */
export function samplesOfLegacySound({ codec, channels }: AudioConfig, payload: Uint8Array): number {
  switch (codec) {
    case 'pcm':
      return Math.floor(payload.length / (2 * channels))
    case 'nellymoser':
      return Math.floor(payload.length / NELLYMOSER.bytes) * NELLYMOSER.samples
    case 'speex':
      return SPEEX_SAMPLES
    case 'adpcm':
      return adpcmSamples(payload, channels)
    default:
      return Math.floor(payload.length / channels)
  }
}

/** The first byte of a tag with this config; `SoundFormat` 44 kHz, 16 bits where nothing else is told. */
export function soundByteOf({ codec, sampleRate, channels }: AudioConfig): number {
  const rate = Math.max(0, SOUND_RATES.indexOf(sampleRate))
  return (formatOf(codec as LegacySoundCodec, sampleRate) << 4) | (rate << 2) | SIZE_16_BITS | (channels > 1 ? 1 : 0)
}

function rateOf(codec: LegacySoundCodec, first: number): number {
  const format = first >> 4
  if (codec === 'speex' || format === SoundFormat.nellymoser16kHz) return 16_000
  if (codec === 'pcma' || codec === 'pcmu' || format === SoundFormat.nellymoser8kHz) return 8000
  return SOUND_RATES[(first >> 2) & 3]!
}

function formatOf(codec: LegacySoundCodec, sampleRate: number): number {
  if (codec === 'nellymoser' && sampleRate === 16_000) return SoundFormat.nellymoser16kHz
  if (codec === 'nellymoser' && sampleRate === 8000) return SoundFormat.nellymoser8kHz
  const formats: Record<LegacySoundCodec, number> = {
    pcm: SoundFormat.pcm,
    adpcm: SoundFormat.adpcm,
    nellymoser: SoundFormat.nellymoser,
    pcma: SoundFormat.aLaw,
    pcmu: SoundFormat.muLaw,
    speex: SoundFormat.speex,
  }
  return formats[codec]
}

/** Two bits say how many bits a sample has; blocks follow, the last one may be shorter. */
function adpcmSamples(payload: Uint8Array, channels: number): number {
  const bits = payload.length * 8 - 2
  if (bits <= 0) return 0
  const perSample = ((payload[0]! >> 6) + 2) * channels
  const header = ADPCM.headerBits * channels
  const block = header + perSample * (ADPCM.samples - 1)
  const blocks = Math.floor(bits / block)
  const rest = bits - blocks * block
  return blocks * ADPCM.samples + (rest < header ? 0 : 1 + Math.floor((rest - header) / perSample))
}
