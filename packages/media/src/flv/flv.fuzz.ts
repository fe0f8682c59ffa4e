import { bytesOf, hexOf } from '../bytes/hex.fake.js'
import { avcRecordCases } from '../h264/sps.cases.js'
import { hevcRecordCases } from '../h265/h265.cases.js'
import type { MediaFrame } from '../model/frame.js'
import { byteLengthOfFrameBody, writeFrameBody } from './body-writer.js'
import { exAudioCases, exVideoCases } from './ex-tags.cases.js'
import { writeFileHeader, writePreviousTagSize, writeTagHeader } from './file-format.js'
import { buildMetadataBody, parseMetadataBody } from './metadata.js'
import { FlvStreamReader } from './stream-reader.js'
import { FlvTagReader } from './tag-reader.js'

const h264Header = bytesOf(`17 00 000000 ${avcRecordCases[0].hex}`)
const h265Header = bytesOf(`1c 00 000000 ${hevcRecordCases[0].hex}`)
const vp9Header = bytesOf('90 76703039 01000000000b820202020000')
const aacHeader = bytesOf('af 00 1188')
const opusHeader = bytesOf('90 4f707573 4f707573486561640101380180bb0000000000')

const videoSeeds = (): Uint8Array[] => [
  h264Header,
  h265Header,
  ...[
    '17 01 000000 00000001 0910 00000001 658880 00000001 61',
    '17 01 000000 00000007 0601c4 000001 65 00000003 658880 0000',
    '17 01 000000 0003 658880 0002 6180',
    '17 00 000000 00000001 674200 00000001 68ce',
    '17 00 000000 0142c01e ff e0 00',
    '17 01 000000 00000003 658880 00000003 0601c4',
    '27 01 000050 00000003 419a22',
    '2c 01 000000 00000003 2601af',
  ]
    .concat(exVideoCases.map(({ hex }) => hex))
    .map(bytesOf),
]

const audioSeeds = (): Uint8Array[] => [
  aacHeader,
  opusHeader,
  ...[
    'af 01 01180007',
    'af 01 fff15080017ffc 01180007',
    'af 00 fff15080017ffc',
    '72 d5d5d5d5',
    '8e 7f7f',
    '3e 00010002',
    '3c 8081',
    'b2 0011223344',
    '52 ' + '11'.repeat(64),
    '16 4000010203040506',
    '2f fffb9064 00',
    '91 4f707573 fc00',
  ]
    .concat(exAudioCases.map(({ hex }) => hex))
    .map(bytesOf),
]

/** Reads `body` after good sequence headers and checks what becomes of it. */
function readAndWrite(type: number, headers: readonly Uint8Array[], body: Uint8Array): void {
  const reader = new FlvTagReader()
  const frames: MediaFrame[] = []
  for (const header of headers)
    if (!reader.readTag(type, 0, header, 0, frames)) throw new Error('a good header is refused')
  const accepted = reader.readTag(type, 40, body, 0, frames)
  if (frames.length > 1 && type === 9) throw new Error('more than one picture from one tag')
  if (!accepted && (frames.length > 0 || reader.lastError === undefined)) throw new Error('refused, but not quite')
  const frame = frames[0]
  if (frame === undefined) return
  const sizes = frame.units.reduce((sum, unit) => sum + unit.length, 0)
  // PCM of 8 bits becomes PCM of 16.
  const most = type === 8 ? 2 * body.length : body.length
  if (sizes > most || frame.units.length > 512) throw new Error('more than came in')
  if (!Number.isSafeInteger(frame.pts) || !Number.isSafeInteger(frame.dts)) throw new Error('time is no integer')
  const out = new Uint8Array(byteLengthOfFrameBody(frame))
  if (writeFrameBody(frame, out, 0) !== out.length) throw new Error('wrong length')
  const again: MediaFrame[] = []
  if (!reader.readTag(type, 40, out, 0, again)) throw new Error('what is written is refused')
  if (hexOf(again[0]!.units[0]!) !== hexOf(frame.units[0]!)) throw new Error('another frame comes back')
  if (again[0]!.pts !== frame.pts && type === 9) throw new Error('another time comes back')
}

export const fuzzTargets = [
  {
    name: 'flv-video-h264',
    seeds: videoSeeds,
    run: (input: Uint8Array): void => {
      readAndWrite(9, [h264Header], input)
    },
  },
  {
    name: 'flv-video-h265-vp9',
    seeds: videoSeeds,
    run: (input: Uint8Array): void => {
      readAndWrite(9, [vp9Header, h265Header], input)
    },
  },
  {
    name: 'flv-audio',
    seeds: audioSeeds,
    run: (input: Uint8Array): void => {
      readAndWrite(8, [opusHeader, aacHeader], input)
    },
  },
  {
    name: 'flv-metadata',
    seeds: (): Uint8Array[] => [
      buildMetadataBody({ encoder: 'seed' }),
      bytesOf('02000a6f6e4d65746144617461 03 000009'),
    ],
    run: (input: Uint8Array): void => {
      const metadata = parseMetadataBody(input)
      const numbers = [metadata?.frameRate, metadata?.width, metadata?.height, metadata?.videoBitrate]
      if (numbers.some((value) => value !== undefined && !(value > 0))) throw new Error('a field that is not positive')
    },
  },
  {
    name: 'flv-stream',
    seeds: (): Uint8Array[] => {
      const file = new Uint8Array(200)
      let offset = writeFileHeader({ audio: true, video: true }, file, 0)
      for (const body of [aacHeader, opusHeader, bytesOf('af 01 01180007')]) {
        offset = writeTagHeader(8, body.length, 40, file, offset)
        file.set(body, offset)
        offset = writePreviousTagSize(body.length, file, offset + body.length)
      }
      return [file.subarray(0, offset)]
    },
    run: (input: Uint8Array): void => {
      const whole = new FlvStreamReader({ maxBodyBytes: 4096 })
      whole.handleInput(input)
      const cut = new FlvStreamReader({ maxBodyBytes: 4096 })
      const middle = input.length >> 1
      cut.handleInput(input.subarray(0, middle))
      let second = false
      for (;;) {
        let tag = cut.pollTag()
        if (tag === undefined && !second) {
          second = true
          cut.handleInput(input.subarray(middle))
          tag = cut.pollTag()
        }
        const expected = whole.pollTag()
        if (tag?.timestampMs !== expected?.timestampMs || tag?.body.length !== expected?.body.length) {
          throw new Error('pieces give other tags than the whole')
        }
        if (tag === undefined) return
        if (tag.body.length > input.length) throw new Error('a body longer than the input')
      }
    },
  },
]
