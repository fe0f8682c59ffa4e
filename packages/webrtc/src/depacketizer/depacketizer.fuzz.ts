import { bytesFromHex } from '../rtp/rtp.fake.js'
import { MAX_FRAME_BYTES, type Depacketizer } from './depacketizer.js'
import { depacketizers, payloadCases, redCases } from './payloads.cases.js'
import { parseRed } from './red.js'

/**
 * An input is a run of packets, each behind one byte: 0 ends the frame, else the length of the payload that follows. One
 * depacketizer lives through all inputs, so that what one leaves behind meets the next.
 */
function serialize(payloads: readonly string[]): Uint8Array {
  return Uint8Array.from([...payloads.map(bytesFromHex).flatMap((payload) => [payload.length, ...payload]), 0])
}

/** Answers what was fed since the last frame: parameter sets that came without a picture wait for the next one. */
function runAll(depacketizer: Depacketizer, input: Uint8Array, fedBefore: number): number {
  let offset = 0
  let fed = fedBefore
  while (offset < input.length) {
    const length = input[offset++]!
    if (length > 0) {
      const payload = input.subarray(offset, offset + length)
      offset += length
      fed += payload.length
      depacketizer.startsFrame(payload)
      depacketizer.isOfKeyframe(payload)
      depacketizer.push(payload)
      continue
    }
    const frame = depacketizer.finish()
    checkFrame(frame?.units, fed)
    if (frame !== undefined && frame.units.length > 0) fed = 0
  }
  depacketizer.finish()
  return fed
}

function checkFrame(units: readonly Uint8Array[] | undefined, fed: number): void {
  if (units === undefined) return
  let bytes = 0
  for (const unit of units) bytes += unit.length
  if (units.some((unit) => unit.length === 0)) throw new Error('an empty unit came out')
  // Growth by headers that are rebuilt: 1 byte per fragmented NAL unit, a superframe index, a size per OBU.
  if (bytes > 2 * fed + 34 || bytes > MAX_FRAME_BYTES + 34) throw new Error('more came out than went in')
}

function target(codec: keyof typeof depacketizers) {
  const depacketizer = depacketizers[codec]()
  let fed = 0
  return {
    name: `depacketizer-${codec}`,
    seeds: () => payloadCases.filter((one) => one.codec === codec).map((one) => serialize(one.payloads)),
    run: (input: Uint8Array): void => {
      fed = runAll(depacketizer, input, fed)
    },
  }
}

function runRed(input: Uint8Array): void {
  let bytes = 0
  for (const block of parseRed(input) ?? []) bytes += block.payload.length
  if (bytes > input.length) throw new Error('blocks larger than the payload')
}

export const fuzzTargets = [
  ...(Object.keys(depacketizers) as (keyof typeof depacketizers)[]).map(target),
  { name: 'red', seeds: (): Uint8Array[] => redCases.map((one) => bytesFromHex(one.hex)), run: runRed },
]
