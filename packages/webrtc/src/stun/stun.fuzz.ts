import { crc32 } from './crc32.js'
import { hasValidIntegrity, parseStun, readLocalFragment } from './parse.js'
import { rfc5769 } from './stun.cases.js'

const zeroMac = new Uint8Array(20)

/** Length and fingerprint made right again: otherwise no mutation would come past the checksum. */
function repaired(input: Uint8Array): Uint8Array {
  const bytes = input.slice(0, input.length & ~3)
  if (bytes.length < 28) return bytes
  const view = new DataView(bytes.buffer)
  view.setUint16(2, bytes.length - 20)
  view.setUint32(bytes.length - 8, 0x80280004)
  view.setUint32(bytes.length - 4, (crc32(bytes, 0, bytes.length - 8) ^ 0x5354554e) >>> 0)
  return bytes
}

function check(input: Uint8Array): void {
  const fragment = readLocalFragment(input)
  const message = parseStun(input)
  if (message === undefined) return
  if (message.integrityOffset !== undefined && message.integrityOffset + 24 > input.length) {
    throw new Error('MESSAGE-INTEGRITY lies outside the message')
  }
  if (message.username !== undefined && fragment !== undefined && !message.username.startsWith(`${fragment}:`)) {
    throw new Error('two readings of one USERNAME')
  }
  hasValidIntegrity(message, zeroMac, () => zeroMac)
}

/** Invariants: nothing throws, whatever is parsed lies within the input, and the quick look at the username agrees. */
export const fuzzTargets = [
  {
    name: 'stun',
    seeds: (): Uint8Array[] => [rfc5769.request, rfc5769.ipv4Response, rfc5769.ipv6Response],
    run: (input: Uint8Array): void => {
      check(input)
      check(repaired(input))
    },
  },
]
