import { DEFAULT_RTMP_LIMITS } from '../limits.js'
import { chunkCases } from './chunk-reader.cases.js'
import { bytesOfHex } from './hex.fake.js'
import { ChunkReader } from './chunk-reader.js'

/** A number that stands for everything that was read, in order. */
class Digest {
  value = 17
  messages = 0
  payloadBytes = 0

  onMessage(messageType: number, messageStreamId: number, timestamp: number, payload: Uint8Array): void {
    if (payload.buffer.byteLength !== payload.length) throw new Error('the payload is not exact')
    this.messages += 1
    this.payloadBytes += payload.length
    this.#add(messageType)
    this.#add(messageStreamId)
    this.#add(timestamp)
    for (let index = 0; index < payload.length; index++) this.#add(payload[index]!)
  }

  #add(value: number): void {
    this.value = (Math.imul(this.value, 31) + value) | 0
  }
}

/** Held at most: the 16 KiB that pass through, and twice what arrived. */
const SLACK = 32 * 1024

export const fuzzTargets = [
  {
    name: 'rtmp-chunk-reader',
    seeds: (): Uint8Array[] => chunkCases.map(({ hex }) => bytesOfHex(hex)),
    run: (input: Uint8Array): void => {
      const whole = new Digest()
      const reader = new ChunkReader(DEFAULT_RTMP_LIMITS, whole)
      const error = reader.read(input)
      if (whole.payloadBytes > input.length) throw new Error('more payload than input')
      if (reader.heldBytes > 2 * input.length + SLACK) throw new Error(`${reader.heldBytes} bytes held`)
      const parts = new Digest()
      const splitReader = new ChunkReader(DEFAULT_RTMP_LIMITS, parts)
      let splitError
      let step = (input[0] ?? 0) % 7
      for (let offset = 0; offset < input.length; offset += step) {
        step = 1 + ((step * 5 + 3) % 97)
        splitError = splitReader.read(input.subarray(offset, offset + step))
      }
      if (whole.value !== parts.value || whole.messages !== parts.messages)
        throw new Error('a split changes the messages')
      if (error?.code !== splitError?.code) throw new Error('a split changes the error')
    },
  },
]
