import { expect, test } from 'vitest'
import { bytesOf, hexOf } from '../bytes/hex.fake.js'
import { ADTS_HEADER_LENGTH, audioConfigFromAdts, isAdtsWritable, parseAdtsFrame, writeAdtsHeader } from './adts.js'
import { audioSpecificConfigCases, refusedAudioSpecificConfigs } from './audio-specific-config.cases.js'
import {
  AAC_SAMPLE_RATES,
  audioConfigFromAac,
  buildAudioSpecificConfig,
  parseAudioSpecificConfig,
} from './audio-specific-config.js'
import { silentAacConfig, silentAacFrame } from './silence.js'

test.each(audioSpecificConfigCases)('AudioSpecificConfig: $name', ({ hex, facts, codecString }) => {
  expect(parseAudioSpecificConfig(bytesOf(hex))).toMatchObject(facts)
  expect(audioConfigFromAac(bytesOf(hex))).toMatchObject({ codecString, sampleRate: facts.sampleRate })
})

test.each(refusedAudioSpecificConfigs)('AudioSpecificConfig refused: $name', ({ hex }) => {
  expect(parseAudioSpecificConfig(bytesOf(hex))).toBeUndefined()
})

test('built records are read back, at every rate and with every number of channels', () => {
  for (const sampleRate of [...AAC_SAMPLE_RATES, 7351, 44056]) {
    for (let channels = 1; channels <= 8; channels++) {
      const bytes = buildAudioSpecificConfig(2, sampleRate, channels)
      expect(parseAudioSpecificConfig(bytes)).toMatchObject({ objectType: 2, sampleRate, channels })
    }
  }
})

test('an ADTS header that is written is read back', () => {
  for (const sampleRate of AAC_SAMPLE_RATES) {
    for (const channels of [1, 2, 6, 8]) {
      const config = audioConfigFromAac(buildAudioSpecificConfig(2, sampleRate, channels))!
      const bytes = new Uint8Array(ADTS_HEADER_LENGTH + 700)
      expect(isAdtsWritable(config)).toBe(true)
      expect(writeAdtsHeader(config, 700, bytes, 0)).toBe(ADTS_HEADER_LENGTH)
      const frame = parseAdtsFrame(bytes)!
      expect(frame).toEqual({ objectType: 2, sampleRate, channels, start: ADTS_HEADER_LENGTH, end: bytes.length })
      expect(hexOf(audioConfigFromAdts(frame)!.description)).toBe(hexOf(config.description))
    }
  }
})

test.each([
  ['an ADTS frame with CRC', 'fff84c80010000 1122', undefined],
  ['no sync word', 'eff14c80011ffc00', undefined],
  ['a layer other than 0', 'fff34c80011ffc00', undefined],
  ['reserved sampling frequency', 'fff17480011ffc00', undefined],
  ['a length below the header', 'fff14c80009ffc00', undefined],
  ['a length past the end', 'fff14c80013ffc00', undefined],
  ['two raw data blocks', 'fff14c80011ffd00', undefined],
  ['the shortest frame', 'fff14c80011ffc00', 8],
])('ADTS: %s', (_, hex, end) => {
  expect(parseAdtsFrame(bytesOf(hex))?.end).toBe(end)
})

test('silence is one element without spectrum and the end', () => {
  expect(hexOf(silentAacFrame(silentAacConfig(48000, 1)))).toBe('01180007')
  expect(silentAacFrame(silentAacConfig(8000, 2))).toBe(silentAacFrame(silentAacConfig(48000, 2)))
  expect(silentAacConfig(44100, 2)).toMatchObject({ sampleRate: 44100, channels: 2, samplesPerFrame: 1024 })
  expect(() => silentAacConfig(48000, 3)).toThrow(RangeError)
  expect(() => silentAacConfig(1000, 1)).toThrow(RangeError)
})
