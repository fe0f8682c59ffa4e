/** A host candidate as it stands in an SDP `a=candidate` line (RFC 8839 section 5.1). */
export interface IceCandidate {
  readonly foundation: string
  readonly component: 1
  readonly transport: 'udp' | 'tcp'
  readonly priority: number
  readonly ip: string
  readonly port: number
  readonly type: 'host'
  /** TCP candidates are passive (RFC 6544 section 4.5): the browser connects. */
  readonly tcpType?: 'passive'
}

/** An address to announce, best first. A port left out means that nothing listens there by that transport. */
export interface AnnouncedAddress {
  readonly ip: string
  readonly udpPort?: number
  readonly tcpPort?: number
}

/** RFC 8445 section 5.1.2.1. */
const HOST_TYPE_PREFERENCE = 126

/** RFC 6544 section 4.2: direction preference 4 for a passive host candidate, 13 bits left for the order of addresses. */
const PASSIVE_DIRECTION_PREFERENCE = 4

/** Host candidates of the announced addresses: UDP always above TCP, the order given within each. */
export function hostCandidates(addresses: readonly AnnouncedAddress[]): IceCandidate[] {
  const udp: IceCandidate[] = []
  const tcp: IceCandidate[] = []
  for (const [index, address] of addresses.entries()) {
    const shared = { component: 1, ip: address.ip, type: 'host' } as const
    if (address.udpPort !== undefined) {
      const priority = candidatePriority(65535 - index)
      udp.push({ ...shared, foundation: `u${index}`, transport: 'udp', priority, port: address.udpPort })
    }
    if (address.tcpPort !== undefined) {
      const priority = candidatePriority((PASSIVE_DIRECTION_PREFERENCE << 13) + 8191 - index)
      const { tcpPort: port } = address
      tcp.push({ ...shared, foundation: `t${index}`, transport: 'tcp', priority, port, tcpType: 'passive' })
    }
  }
  return [...udp, ...tcp]
}

/** The value of an `a=candidate` line, without `a=candidate:`. */
export function formatCandidate(candidate: IceCandidate): string {
  const { foundation, component, transport, priority, ip, port, type, tcpType } = candidate
  const base = `${foundation} ${component} ${transport} ${priority} ${ip} ${port} typ ${type}`
  return tcpType === undefined ? base : `${base} tcptype ${tcpType}`
}

/** RFC 8445 section 5.1.2.1 for component 1. */
function candidatePriority(localPreference: number): number {
  return HOST_TYPE_PREFERENCE * 2 ** 24 + localPreference * 2 ** 8 + 255
}
