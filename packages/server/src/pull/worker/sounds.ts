import {
  audioConfigFromAac,
  audioConfigFromAdts,
  audioConfigFromMp3,
  audioConfigFromOpusHead,
  buildOpusHead,
  parseAdtsFrame,
  parseMp3FrameHeader,
  type AudioConfig,
  type Micros,
} from '@crossroom/media'
import type { CodecParameters } from 'node-av/lib'
import type { Library } from '../../jobs/worker/library.js'

/** Called with each coded sound; `config` is a new object only when it changed. */
export type HandleSound = (config: AudioConfig, data: Uint8Array, pts: Micros) => void

/** Reads one kind of audio packets. */
export type ReadSounds = (data: Uint8Array, pts: Micros) => void

/** Undefined for a codec that is not carried. */
export function soundsOf(
  { constants }: Library,
  { codecId, extradata, channels, sampleRate }: CodecParameters,
  handle: HandleSound,
): ReadSounds | undefined {
  switch (codecId) {
    case constants.AV_CODEC_ID_AAC:
      return readAac(extradata ?? undefined, handle)
    case constants.AV_CODEC_ID_MP3:
      return readMp3(handle)
    case constants.AV_CODEC_ID_OPUS:
      return alike(opusConfig(extradata ?? undefined, channels), handle)
    case constants.AV_CODEC_ID_PCM_ALAW:
      return alike(g711Config('pcma', sampleRate, channels), handle)
    case constants.AV_CODEC_ID_PCM_MULAW:
      return alike(g711Config('pcmu', sampleRate, channels), handle)
    default:
      return undefined
  }
}

function alike(config: AudioConfig | undefined, handle: HandleSound): ReadSounds | undefined {
  return config && ((data, pts) => handle(config, data, pts))
}

function opusConfig(head: Uint8Array | undefined, channels: number): AudioConfig | undefined {
  const given = head === undefined ? undefined : audioConfigFromOpusHead(head)
  return (
    given ??
    audioConfigFromOpusHead(buildOpusHead({ channels: channels === 1 ? 1 : 2, preSkip: 0, inputSampleRate: 48_000 }))
  )
}

/** Players are given Opus or AAC: it is converted like the sound of old FLV, and only while somebody listens. */
function g711Config(codec: 'pcma' | 'pcmu', sampleRate: number, channels: number): AudioConfig {
  const rate = sampleRate > 0 ? sampleRate : 8000
  const shape = { description: new Uint8Array(0), samplesPerFrame: 0, codecString: codec }
  return { kind: 'audio', codec, sampleRate: rate, channels: channels === 2 ? 2 : 1, ...shape }
}

function readMp3(handle: HandleSound): ReadSounds {
  let config: AudioConfig | undefined
  return (data, pts) => {
    const header = parseMp3FrameHeader(data)
    if (header === undefined) return
    if (header.sampleRate !== config?.sampleRate || header.channels !== config.channels)
      config = audioConfigFromMp3(header)
    handle(config, data, pts)
  }
}

/** AAC with a configuration of the source (RTSP, MP4), or in ADTS (HLS, SRT). */
function readAac(extradata: Uint8Array | undefined, handle: HandleSound): ReadSounds {
  let config = extradata === undefined ? undefined : audioConfigFromAac(new Uint8Array(extradata))
  let format = ''
  return (data, pts) => {
    if (data[0] !== 0xff || (data[1]! & 0xf6) !== 0xf0) {
      if (config !== undefined) handle(config, data, pts)
      return
    }
    let time = pts
    for (let frame = parseAdtsFrame(data); frame !== undefined; frame = parseAdtsFrame(data, frame.end)) {
      const news = [frame.objectType, frame.sampleRate, frame.channels].join()
      if (news !== format) {
        const next = audioConfigFromAdts(frame)
        // What MP4 tells is more than ADTS can.
        if (format !== '' || config === undefined) config = next ?? config
        format = news
      }
      if (config === undefined) return
      handle(config, data.subarray(frame.start, frame.end), time)
      time += Math.round((config.samplesPerFrame * 1e6) / config.sampleRate)
    }
  }
}
