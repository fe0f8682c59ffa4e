import { parseIp } from '../stun/address.js'

/** One address of one network interface, shaped as Node's `os.networkInterfaces()` tells it. */
export interface InterfaceAddress {
  readonly name: string
  readonly address: string
  readonly internal: boolean
}

/** Bridges and taps of containers and virtual machines: no browser reaches the host by their addresses. */
const VIRTUAL_INTERFACE = /^(docker|br-|veth|virbr|vboxnet|vmnet|cni|flannel|cali|podman|lxc|lxd|tap)/

/**
 * The addresses worth announcing, IPv4 first: no loopback, no container bridges, no link-local, no unspecified. When only
 * loopback is there, loopback it is: then browser and server share the machine.
 */
export function announceableAddresses(addresses: readonly InterfaceAddress[]): string[] {
  const reachable = addresses.filter((entry) => !VIRTUAL_INTERFACE.test(entry.name) && isUsable(entry.address))
  const outer = reachable.filter((entry) => !entry.internal)
  const chosen = (outer.length > 0 ? outer : reachable).map((entry) => entry.address)
  return [...new Set(chosen)].sort((one, other) => Number(one.includes(':')) - Number(other.includes(':')))
}

function isUsable(address: string): boolean {
  const bytes = parseIp(address)
  if (bytes === undefined) return false
  if (bytes.length === 4) return !(bytes[0] === 169 && bytes[1] === 254) && bytes[0] !== 0
  const isLinkLocal = bytes[0] === 0xfe && (bytes[1]! & 0xc0) === 0x80
  return !isLinkLocal && bytes.some((byte) => byte !== 0)
}
