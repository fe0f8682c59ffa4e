import { FrameReader, MAX_FRAMED_PACKET_BYTES } from './framing.js'

/** Invariants: no packet leaves the input or the limit, and nothing is held beyond one packet. */
export const fuzzTargets = [
  {
    name: 'rfc4571-framing',
    seeds: (): Uint8Array[] => [
      Uint8Array.of(3, 0, 4, 1, 2, 3, 4, 0, 0, 0, 1, 9),
      Uint8Array.of(1, 0x10, 0x01, 5, 5, 5),
      Uint8Array.of(7, 0, 2, 8, 8, 0, 3, 7, 7, 7, 0, 1),
    ],
    run: (input: Uint8Array): void => {
      const cut = 1 + ((input[0] ?? 0) & 15)
      const reader = new FrameReader()
      let received = 0
      for (let offset = 1; offset < input.length; offset += cut) {
        reader.push(input.subarray(offset, offset + cut))
        for (let packet = reader.next(); packet !== undefined; packet = reader.next()) received += packet.length + 2
        if (reader.bufferedBytes > MAX_FRAMED_PACKET_BYTES + 2) throw new Error('more is held than one packet')
      }
      if (received > input.length) throw new Error('more came out than went in')
    },
  },
]
