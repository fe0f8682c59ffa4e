import { BlockList, isIP } from 'node:net'

/**
 * RFC 6890 and its registries: this network, private, shared, loopback, link-local, protocol assignments,
 * documentation, benchmarking, multicast, reserved. For IPv6 everything but global unicast, and inside it embedded
 * IPv4 and documentation.
 */
const NOT_PUBLIC = `
  0.0.0.0/8 10.0.0.0/8 100.64.0.0/10 127.0.0.0/8 169.254.0.0/16 172.16.0.0/12 192.0.0.0/24 192.0.2.0/24 192.88.99.0/24
  192.168.0.0/16 198.18.0.0/15 198.51.100.0/24 203.0.113.0/24 224.0.0.0/4 240.0.0.0/4
  ::/3 4000::/2 8000::/1 2001::/23 2001:db8::/32 2002::/16 3fff::/20`

// Two lists, because Node matches IPv4 addresses against IPv6 ranges as `::ffff:0:0/96`.
const notPublic = { ipv4: new BlockList(), ipv6: new BlockList() }
for (const range of NOT_PUBLIC.trim().split(/\s+/)) {
  const [network = '', prefix] = range.split('/')
  const family = network.includes(':') ? 'ipv6' : 'ipv4'
  notPublic[family].addSubnet(network, Number(prefix), family)
}

/** Whether an IP address belongs to the public internet. */
export function isPublicAddress(address: string): boolean {
  if (isIP(address) === 0) return false
  const family = isIP(address) === 4 ? 'ipv4' : 'ipv6'
  return !notPublic[family].check(address, family)
}
