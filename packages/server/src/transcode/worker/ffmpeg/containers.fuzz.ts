import { IvfReader, ivfFrame, ivfHead } from './ivf.js'
import { OggReader, OggWriter } from './ogg.js'

const writer = new OggWriter()

function inHalves(input: Uint8Array, reader: { push(chunk: Buffer): void }): void {
  const bytes = Buffer.from(input)
  const half = bytes.length >> 1
  reader.push(bytes.subarray(0, half))
  reader.push(bytes.subarray(half))
}

function checkSize(read: number, input: Uint8Array): void {
  if (read > input.length) throw new Error('More was read than came in')
}

export const fuzzTargets = [
  {
    name: 'ogg',
    seeds: (): Uint8Array[] => [
      Buffer.concat([new Uint8Array([1, 2, 3]), new Uint8Array(600)].map((packet) => writer.packet(packet, 960))),
    ],
    run: (input: Uint8Array): void => {
      let read = 0
      inHalves(input, new OggReader((packet) => (read += packet.length)))
      checkSize(read, input)
    },
  },
  {
    name: 'ivf',
    seeds: (): Uint8Array[] => [
      Buffer.concat([ivfHead('vp8', 320, 240), ivfFrame(new Uint8Array(40), 0), ivfFrame(new Uint8Array(3), 40)]),
    ],
    run: (input: Uint8Array): void => {
      let read = 0
      try {
        inHalves(input, new IvfReader((bytes) => (read += bytes.length)))
      } catch (error) {
        if (!(error instanceof Error) || !error.message.includes('too large')) throw error
      }
      checkSize(read, input)
    },
  },
]
