import { buildCompound, parseCompound, type RtcpPacket } from './compound.js'
import { rtcpPackets } from './rtcp.cases.js'

/** What was understood must survive being written and read again. */
function run(input: Uint8Array): void {
  const packets = parseCompound(input)?.filter((packet): packet is RtcpPacket => packet.type !== 'unused')
  if (packets === undefined || packets.length === 0) return
  const again = parseCompound(buildCompound(packets))
  if (again?.length !== packets.length) throw new Error('round trip lost a packet')
  for (let index = 0; index < packets.length; index++) {
    if (again[index]!.type !== packets[index]!.type) throw new Error('round trip changed a type')
  }
}

export const fuzzTargets = [
  {
    name: 'rtcp',
    seeds: (): Uint8Array[] => [
      ...rtcpPackets.map((entry) => buildCompound([entry.packet])),
      buildCompound(rtcpPackets.slice(0, 6).map((entry) => entry.packet)),
    ],
    run,
  },
]
