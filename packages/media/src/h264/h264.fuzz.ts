import { bytesOf, hexOf } from '../bytes/hex.fake.js'
import { insertEmulationPrevention, removeEmulationPrevention } from '../bytes/emulation-prevention.js'
import { byteLengthOfAnnexB, splitAnnexB, writeAnnexB } from '../nal/annexb.js'
import { ParameterSetTracker } from '../nal/parameter-set-tracker.js'
import { videoConfigFromAvcRecord, videoConfigFromH264 } from './config.js'
import { h264ParameterSets } from './parameter-sets.js'
import { h264Recovery } from './recovery.js'
import { sliceType } from './slice-header.js'
import { avcRecordCases } from './sps.cases.js'
import { buildSps, vuiHrd, vuiReordering, vuiTiming } from './sps.fake.js'
import { parseSps } from './sps.js'

const spsSeeds = (): Uint8Array[] => [
  buildSps(),
  buildSps({ orderCountType: 1, orderCountCycle: 5, crop: [1, 2, 3, 4] }),
  buildSps({ vui: vuiTiming(1, 50) }),
  buildSps({ vui: vuiHrd(2) }),
  buildSps({ vui: vuiReordering(2) }),
  ...avcRecordCases.map(({ hex }) => bytesOf(hex).subarray(8, 40)),
]

export const fuzzTargets = [
  {
    name: 'h264-sps',
    seeds: spsSeeds,
    run: (input: Uint8Array): void => {
      const sps = parseSps(input)
      if (sps === undefined) return
      if (!(sps.width >= 16 && sps.width <= 8192 && sps.height >= 16 && sps.height <= 8192)) {
        throw new Error(`a picture of ${sps.width} × ${sps.height}`)
      }
      if (sps.reorderFrames !== undefined && sps.reorderFrames > 16) throw new Error(`reorders ${sps.reorderFrames}`)
      if (sps.frameRate !== undefined && !(sps.frameRate > 0)) throw new Error(`frame rate ${sps.frameRate}`)
    },
  },
  {
    name: 'h264-record',
    seeds: (): Uint8Array[] => avcRecordCases.map(({ hex }) => bytesOf(hex)),
    run: (input: Uint8Array): void => {
      const config = videoConfigFromAvcRecord(input)
      if (config === undefined) return
      if (hexOf(config.description) !== hexOf(input)) throw new Error('the record changed')
      const ofType = (type: number) => config.parameterSets.filter((set) => (set[0]! & 0x1f) === type)
      const rebuilt = videoConfigFromH264(ofType(7), ofType(8))
      if (rebuilt?.width !== config.width || rebuilt.codecString !== config.codecString) throw new Error('not rebuilt')
    },
  },
  {
    name: 'h264-annexb',
    seeds: (): Uint8Array[] => {
      const units = [...spsSeeds().slice(0, 2), ...['68cb83cb20', '0601c480', '658880', '019e22'].map(bytesOf)]
      const stream = new Uint8Array(byteLengthOfAnnexB(units))
      writeAnnexB(units, stream, 0)
      return [stream]
    },
    run: (input: Uint8Array): void => {
      const units = splitAnnexB(input)
      const tracker = new ParameterSetTracker(h264ParameterSets)
      tracker.observe(units)
      if (tracker.observe(units) && new Set(units.map((unit) => unit[0]! & 0x1f)).size === units.length) {
        throw new Error('the same parameter sets are new a second time')
      }
      const recovery = h264Recovery(units, true)
      if (recovery !== undefined && !(recovery >= 0)) throw new Error(`recovers after ${recovery} pictures`)
      for (const unit of units) sliceType(unit)
      const stream = new Uint8Array(byteLengthOfAnnexB(units))
      if (writeAnnexB(units, stream, 0) !== stream.length) throw new Error('wrong length')
      if (splitAnnexB(stream).length !== units.length) throw new Error('not the same units again')
    },
  },
  {
    name: 'emulation-prevention',
    seeds: (): Uint8Array[] => [bytesOf('000000 000001 000002 000003 000004'), bytesOf('00000300000300')],
    run: (input: Uint8Array): void => {
      const plain = removeEmulationPrevention(input, 0, Infinity)
      if (plain.length > input.length) throw new Error('grew')
      const again = removeEmulationPrevention(insertEmulationPrevention(plain), 0, Infinity)
      if (again.length !== plain.length || again.some((byte, index) => byte !== plain[index]))
        throw new Error('differs')
    },
  },
]
