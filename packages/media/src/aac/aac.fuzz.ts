import { bytesOf } from '../bytes/hex.fake.js'
import { ADTS_HEADER_LENGTH, audioConfigFromAdts, isAdtsWritable, parseAdtsFrame, writeAdtsHeader } from './adts.js'
import { audioSpecificConfigCases } from './audio-specific-config.cases.js'
import { audioConfigFromAac } from './audio-specific-config.js'

export const fuzzTargets = [
  {
    name: 'aac-audio-specific-config',
    seeds: (): Uint8Array[] => audioSpecificConfigCases.map(({ hex }) => bytesOf(hex)),
    run: (input: Uint8Array): void => {
      const config = audioConfigFromAac(input)
      if (config === undefined) return
      const { sampleRate, channels, samplesPerFrame } = config
      if (!(sampleRate >= 7350 && sampleRate <= 96000)) throw new Error(`${sampleRate} Hz`)
      if (!(channels >= 1 && channels <= 8)) throw new Error(`${channels} channels`)
      if (![1024, 960, 512, 480].includes(samplesPerFrame)) throw new Error(`${samplesPerFrame} samples`)
      if (!isAdtsWritable(config)) return
      const header = new Uint8Array(ADTS_HEADER_LENGTH + 1)
      writeAdtsHeader(config, 1, header, 0)
      const frame = parseAdtsFrame(header)
      if (frame?.sampleRate !== sampleRate || frame.channels !== channels) throw new Error('ADTS says another format')
    },
  },
  {
    name: 'aac-adts',
    seeds: (): Uint8Array[] => [bytesOf('fff14c80011ffc00'), bytesOf('fff05080017ffc1122007f')],
    run: (input: Uint8Array): void => {
      const frame = parseAdtsFrame(input)
      if (frame === undefined) return
      if (frame.start >= frame.end || frame.end > input.length) throw new Error(`${frame.start} to ${frame.end}`)
      audioConfigFromAdts(frame)
    },
  },
]
