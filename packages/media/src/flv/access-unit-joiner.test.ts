import fc from 'fast-check'
import { expect, test } from 'vitest'
import { bytesOf, hexOf } from '../bytes/hex.fake.js'
import { videoConfigFromAvcRecord } from '../h264/config.js'
import { avcRecordCases } from '../h264/sps.cases.js'
import { videoConfigFromHevcRecord } from '../h265/config.js'
import { hevcRecordCases } from '../h265/h265.cases.js'
import type { MediaFrame, VideoConfig } from '../model/frame.js'
import { AccessUnitJoiner } from './access-unit-joiner.js'

const h264 = {
  config: videoConfigFromAvcRecord(bytesOf(avcRecordCases[0].hex))!,
  first: '4180',
  later: '4140',
  set: '68aa',
}
const h265 = {
  config: videoConfigFromHevcRecord(bytesOf(hevcRecordCases[0].hex))!,
  first: '020180',
  later: '020100',
  set: '4401aa',
}
type Codec = typeof h264

function frameOf(config: VideoConfig, ms: number, units: readonly string[], keyframe = false): MediaFrame {
  return {
    config,
    pts: ms * 1000,
    dts: ms * 1000,
    keyframe,
    units: units.map(bytesOf),
    receivedAt: ms,
    droppable: false,
  }
}

function joined(messages: readonly MediaFrame[]): { ms: number; units: string[]; keyframe: boolean }[] {
  const out: MediaFrame[] = []
  const joiner = new AccessUnitJoiner((frame) => out.push(frame))
  for (const message of messages) joiner.push(message)
  joiner.flush()
  expect(joiner.isHolding).toBe(false)
  return out.map(({ dts, units, keyframe }) => ({ ms: dts / 1000, units: units.map(hexOf), keyframe }))
}

const picture = fc.record({
  slices: fc.integer({ min: 1, max: 5 }),
  hasSets: fc.boolean(),
  step: fc.constantFrom(0, 0, 40),
})

test.each([h264, h265])(
  'pictures in any pieces come out whole, and never two in one, whatever their time stamps',
  (codec: Codec) => {
    fc.assert(
      fc.property(fc.array(picture, { minLength: 1, maxLength: 10 }), fc.boolean(), (pictures, areCut) => {
        let ms = 0
        const expected: string[][] = []
        const messages: MediaFrame[] = []
        for (const { slices, hasSets, step } of pictures) {
          ms += step
          const units = [
            ...(hasSets ? [codec.set] : []),
            ...Array.from({ length: slices }, (_, index) => (index === 0 ? codec.first : codec.later)),
          ]
          expected.push(units)
          if (areCut) for (const unit of units) messages.push(frameOf(codec.config, ms, [unit]))
          else messages.push(frameOf(codec.config, ms, units))
        }
        // Where the first picture is in one piece and a later one is not, that one is handed on as it comes.
        const fallsApart = areCut && pictures[0]!.slices === 1 && pictures.some(({ slices }) => slices > 1)
        const came = joined(messages).map(({ units }) => units)
        if (fallsApart) expect(came.flat()).toEqual(expected.flat())
        else expect(came).toEqual(expected)
      }),
    )
  },
)

test('the first picture is held until the next message, later ones are not where they come in one piece', () => {
  const out: MediaFrame[] = []
  const joiner = new AccessUnitJoiner((frame) => out.push(frame))
  joiner.push(frameOf(h264.config, 0, ['6588'], true))
  expect([out.length, joiner.isHolding]).toEqual([0, true])
  joiner.push(frameOf(h264.config, 40, ['4180']))
  expect([out.length, joiner.isHolding]).toEqual([2, false])
  joiner.push(frameOf(h264.config, 80, ['4180']))
  expect([out.length, joiner.isHolding]).toEqual([3, false])
})

test('sets and SEI that come by themselves stand before their picture, at its time, with its key mark', () => {
  const messages = [
    frameOf(h264.config, 0, ['67aa'], true),
    frameOf(h264.config, 1, ['68aa']),
    frameOf(h264.config, 3, ['6588']),
    frameOf(h264.config, 3, ['6544']),
  ]
  expect(joined(messages)).toEqual([{ ms: 3, units: ['67aa', '68aa', '6588', '6544'], keyframe: true }])
})

test('data waiting before a picture is bounded', () => {
  const sei = frameOf(h264.config, 0, [`06${'aa'.repeat(30_000)}`])
  const came = joined([sei, sei, sei, frameOf(h264.config, 40, ['6588'])])
  expect(came.map(({ units }) => units.length)).toEqual([1])
})
