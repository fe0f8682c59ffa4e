import { bytesOf } from '../bytes/hex.fake.js'
import { ParameterSetTracker } from '../nal/parameter-set-tracker.js'
import { videoConfigFromH265, videoConfigFromHevcRecord } from './config.js'
import { parseHevcDecoderConfiguration } from './decoder-configuration.js'
import { hevcRecordCases } from './h265.cases.js'
import { hasIrap, isH265Droppable } from './nal.js'
import { h265ParameterSets } from './parameter-sets.js'
import { h265Recovery } from './recovery.js'
import { parseH265Sps } from './sps.js'

export const fuzzTargets = [
  {
    name: 'h265-record',
    seeds: (): Uint8Array[] => hevcRecordCases.map(({ hex }) => bytesOf(hex)),
    run: (input: Uint8Array): void => {
      const config = videoConfigFromHevcRecord(input)
      const record = config === undefined ? undefined : parseHevcDecoderConfiguration(config.description)
      if (config === undefined || record === undefined) return
      const { vps, sps, pps } = record
      const rebuilt = vps.length > 0 ? videoConfigFromH265(vps, sps, pps) : config
      if (rebuilt?.width !== config.width || rebuilt.codecString !== config.codecString) throw new Error('not rebuilt')
    },
  },
  {
    name: 'h265-sps',
    seeds: (): Uint8Array[] =>
      hevcRecordCases.map(({ hex }) => parseHevcDecoderConfiguration(bytesOf(hex))!.sps[0]!.slice()),
    run: (input: Uint8Array): void => {
      if (input.length === 0) return
      const sps = parseH265Sps(input)
      if (sps !== undefined && !(sps.width >= 16 && sps.height >= 16 && sps.width * sps.height <= 36_864 * 256)) {
        throw new Error(`a picture of ${sps.width} × ${sps.height}`)
      }
      const tracker = new ParameterSetTracker(h265ParameterSets)
      tracker.observe([input])
      if (tracker.observe([input])) throw new Error('the same set is new a second time')
      if (hasIrap([input]) && isH265Droppable([input], 1)) throw new Error('a droppable key frame')
    },
  },
  {
    name: 'h265-sei',
    seeds: (): Uint8Array[] => ['4e01 0602 6880 80', '4e01 0502 aabb 0601 c0 80'].map(bytesOf),
    run: (input: Uint8Array): void => {
      if (input.length === 0) return
      const recovery = h265Recovery([input])
      if (recovery !== undefined && !(recovery >= 0)) throw new Error(`recovers after ${recovery} pictures`)
    },
  },
]
