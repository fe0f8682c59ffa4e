import {
  ADTS_HEADER_LENGTH,
  audioConfigFromAdts,
  parseAdtsFrame,
  parseAdtsHeader,
  type AdtsFrame,
} from '../aac/adts.js'
import { audioConfigFromAac } from '../aac/audio-specific-config.js'
import { bytesEqual } from '../bytes/equality.js'
import { AudioSampleClock } from '../model/audio-clock.js'
import type { AudioHints } from '../model/audio-hints.js'
import type { Micros } from '../machine/index.js'
import type { AudioConfig, MediaFrame } from '../model/frame.js'
import { audioConfigFromMp3 } from '../mp3/config.js'
import { countMp3Frames, parseMp3FrameHeader } from '../mp3/frame-header.js'
import { audioConfigFromOpusHead } from '../opus/opus-head.js'
import { opusPacketSamples } from '../opus/toc.js'
import { AudioTagHeader } from './audio-tag-header.js'
import { flvTagErrors, type FlvTagError } from './errors.js'
import { configOfLegacySound, isLegacySound, payloadOfLegacySound, samplesOfLegacySound } from './legacy-sound.js'

/** Turns the bodies of audio tags into frames; the audio half of FlvTagReader. */
export class FlvAudioReader {
  readonly #header = new AudioTagHeader()
  #config: AudioConfig | undefined
  #clock: AudioSampleClock | undefined
  #ignoredTracks = 0

  /** Tracks of multitrack tags that were passed over. */
  get ignoredTracks(): number {
    return this.#ignoredTracks
  }

  /** Appends the frames of a body to `out`: one, or as many as an ADTS stream holds; answers why it was refused, or undefined. */
  read(
    timestampMs: number,
    body: Uint8Array,
    receivedAt: Micros,
    hints: AudioHints,
    out: MediaFrame[],
  ): FlvTagError | undefined {
    const header = this.#header
    if (!header.parse(body)) return flvTagErrors.malformedTag
    this.#ignoredTracks += header.otherTracks
    switch (header.kind) {
      case 'sequenceStart':
        return this.#readRecord(body.subarray(header.offset, header.end), hints)
      case 'frames':
        return this.#readFrame(timestampMs, body, receivedAt, hints, out)
      case 'unsupported':
        return flvTagErrors.unsupportedAudio
      case 'sequenceEnd':
      case 'nothing':
        return undefined
    }
  }

  #readRecord(record: Uint8Array, hints: AudioHints): FlvTagError | undefined {
    const { codec, spelling } = this.#header
    // MP3 has no record, but Enhanced RTMP lets a sequence begin with an empty one.
    if (codec === 'mp3') return undefined
    const current = this.#config
    const isRepetition = current?.codec === codec && current?.flvSpelling === spelling
    if (isRepetition && bytesEqual(current.description, record)) return undefined
    const allHints = { ...hints, flvSpelling: spelling }
    const config = codec === 'aac' ? aacConfigOf(record, allHints) : audioConfigFromOpusHead(record, allHints)
    if (config !== undefined) this.#begin(config)
    // What follows belongs to the refused header: no frame must be sent with the old one.
    else this.#config = undefined
    return config === undefined ? flvTagErrors.badAudioHeader : undefined
  }

  #readFrame(
    timestampMs: number,
    body: Uint8Array,
    receivedAt: Micros,
    hints: AudioHints,
    out: MediaFrame[],
  ): FlvTagError | undefined {
    const frame = body.subarray(this.#header.offset, this.#header.end)
    // Encoders send frames without content to keep a connection alive.
    if (frame.length === 0) return undefined
    const { codec } = this.#header
    if (codec !== undefined && isLegacySound(codec)) return this.#readLegacy(timestampMs, body, receivedAt, hints, out)
    if (codec === 'aac' && isAdts(frame)) return this.#readAdts(timestampMs, frame, receivedAt, hints, out)
    if (codec === 'mp3' && !this.#updateMp3Config(frame, hints)) return flvTagErrors.badAudioFrame
    return this.#emit(timestampMs, frame, receivedAt, out)
  }

  #emit(timestampMs: number, frame: Uint8Array, receivedAt: Micros, out: MediaFrame[]): FlvTagError | undefined {
    const config = this.#config
    if (config === undefined || config.codec !== this.#header.codec) return flvTagErrors.audioBeforeHeader
    const samples = samplesOf(config, frame)
    if (samples === undefined) return flvTagErrors.badAudioFrame
    const dts = this.#clock!.next(timestampMs * 1000, samples)
    out.push({ config, pts: dts, dts, keyframe: true, units: [frame], receivedAt, droppable: false })
    return undefined
  }

  /** The first byte of the body is all the configuration there is. */
  #readLegacy(
    timestampMs: number,
    body: Uint8Array,
    receivedAt: Micros,
    hints: AudioHints,
    out: MediaFrame[],
  ): FlvTagError | undefined {
    const first = body[0]!
    const config = configOfLegacySound(first, { ...hints, flvSpelling: 'legacy' })!
    const current = this.#config
    const isSame =
      current?.codec === config.codec &&
      current.sampleRate === config.sampleRate &&
      current.channels === config.channels
    if (!isSame) this.#begin(config)
    return this.#emit(timestampMs, payloadOfLegacySound(first, body.subarray(this.#header.offset)), receivedAt, out)
  }

  /** AAC as it comes from a transport stream: each frame says rate and channels itself, and several may share a tag. */
  #readAdts(
    timestampMs: number,
    bytes: Uint8Array,
    receivedAt: Micros,
    hints: AudioHints,
    out: MediaFrame[],
  ): FlvTagError | undefined {
    let offset = 0
    for (let time = timestampMs; offset < bytes.length;) {
      const adts = parseAdtsFrame(bytes, offset)
      const isGood = adts !== undefined && this.#updateAdtsConfig(adts, hints)
      const error = isGood
        ? this.#emit(time, bytes.subarray(adts.start, adts.end), receivedAt, out)
        : flvTagErrors.badAudioFrame
      // Garbage after a valid frame does not affect it.
      if (!isGood || error !== undefined) return offset > 0 ? undefined : error
      offset = adts.end
      time += (this.#config!.samplesPerFrame * 1000) / this.#config!.sampleRate
    }
    return undefined
  }

  /** A sequence header that agrees stays in force: it may say more, such as SBR. */
  #updateAdtsConfig(adts: AdtsFrame, hints: AudioHints): boolean {
    const { sampleRate, channels } = adts
    const current = this.#config
    if (current?.codec === 'aac' && current.sampleRate === sampleRate && current.channels === channels) return true
    const config = audioConfigFromAdts(adts, { ...hints, flvSpelling: this.#header.spelling })
    if (config !== undefined) this.#begin(config)
    return config !== undefined
  }

  #updateMp3Config(frame: Uint8Array, hints: AudioHints): boolean {
    const header = parseMp3FrameHeader(frame)
    if (header === undefined) return false
    const { spelling } = this.#header
    const current = this.#config
    const isSame =
      current?.codec === 'mp3' &&
      current.sampleRate === header.sampleRate &&
      current.channels === header.channels &&
      current.flvSpelling === spelling
    if (!isSame) this.#begin(audioConfigFromMp3(header, { ...hints, flvSpelling: spelling }))
    return true
  }

  #begin(config: AudioConfig): void {
    if (config.sampleRate !== this.#config?.sampleRate) this.#clock = new AudioSampleClock(config.sampleRate)
    this.#config = config
  }
}

/** The sync word of ADTS; a raw frame would begin with the element that ends it. */
function isAdts(bytes: Uint8Array): boolean {
  return bytes.length >= ADTS_HEADER_LENGTH && bytes[0] === 0xff && (bytes[1]! & 0xf6) === 0xf0
}

/** The config of an AudioSpecificConfig, or of an ADTS header that stands in its place. */
function aacConfigOf(record: Uint8Array, hints: AudioHints): AudioConfig | undefined {
  const adts = isAdts(record) ? parseAdtsHeader(record) : undefined
  return adts === undefined ? audioConfigFromAac(record, hints) : audioConfigFromAdts(adts, hints)
}

/** Samples per channel in the frame; undefined when it is malformed. */
function samplesOf(config: AudioConfig, frame: Uint8Array): number | undefined {
  if (config.codec === 'opus') return opusPacketSamples(frame)
  if (isLegacySound(config.codec)) return samplesOfLegacySound(config, frame) || undefined
  if (config.codec === 'mp3') return countMp3Frames(frame, 0, frame.length) * config.samplesPerFrame
  return config.samplesPerFrame
}
