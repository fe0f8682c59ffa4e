/** An IP address in text (no brackets, no zone) and a port. */
export interface IpEndpoint {
  readonly ip: string
  readonly port: number
}

const BYTES_OF_IPV4 = 4
const BYTES_OF_IPV6 = 16

/**
 * The bytes of an IP address in network order: 4 for IPv4 and for IPv4 in IPv6 (`::ffff:192.0.2.1`, as dual-stack
 * sockets report it), 16 for IPv6. Undefined if the text is not an address.
 */
export function parseIp(text: string): Uint8Array | undefined {
  if (!text.includes(':')) return parseIpv4(text)
  const bytes = parseIpv6(text)
  return bytes !== undefined && isMappedIpv4(bytes) ? bytes.slice(BYTES_OF_IPV6 - BYTES_OF_IPV4) : bytes
}

/** Text of 4 or 16 address bytes. IPv6 is written in full groups without compression: `2001:db8:0:0:0:0:0:1`. */
export function formatIp(bytes: Uint8Array): string {
  if (bytes.length === BYTES_OF_IPV4) return bytes.join('.')
  const groups: string[] = []
  for (let index = 0; index + 1 < bytes.length; index += 2) {
    groups.push(((bytes[index]! << 8) | bytes[index + 1]!).toString(16))
  }
  return groups.join(':')
}

function parseIpv4(text: string): Uint8Array | undefined {
  const parts = text.split('.')
  if (parts.length !== BYTES_OF_IPV4) return undefined
  const bytes = new Uint8Array(BYTES_OF_IPV4)
  for (let index = 0; index < BYTES_OF_IPV4; index++) {
    const part = parts[index]!
    if (!/^\d{1,3}$/.test(part) || Number(part) > 255) return undefined
    bytes[index] = Number(part)
  }
  return bytes
}

function parseIpv6(text: string): Uint8Array | undefined {
  const halves = text.split('::')
  if (halves.length > 2) return undefined
  const head = groupsOf(halves[0]!)
  const tail = halves.length === 2 ? groupsOf(halves[1]!) : []
  if (head === undefined || tail === undefined) return undefined
  const missing = BYTES_OF_IPV6 - head.length - tail.length
  if (halves.length === 2 ? missing < 2 : missing !== 0) return undefined
  const bytes = new Uint8Array(BYTES_OF_IPV6)
  bytes.set(head, 0)
  bytes.set(tail, BYTES_OF_IPV6 - tail.length)
  return bytes
}

function groupsOf(text: string): number[] | undefined {
  if (text === '') return []
  const bytes: number[] = []
  const groups = text.split(':')
  for (const [index, group] of groups.entries()) {
    if (group.includes('.') && index === groups.length - 1) {
      const ipv4 = parseIpv4(group)
      if (ipv4 === undefined) return undefined
      bytes.push(...ipv4)
    } else if (/^[0-9a-fA-F]{1,4}$/.test(group)) {
      const value = parseInt(group, 16)
      bytes.push(value >>> 8, value & 0xff)
    } else {
      return undefined
    }
    if (bytes.length > BYTES_OF_IPV6) return undefined
  }
  return bytes
}

function isMappedIpv4(bytes: Uint8Array): boolean {
  for (let index = 0; index < 10; index++) if (bytes[index] !== 0) return false
  return bytes[10] === 0xff && bytes[11] === 0xff
}
