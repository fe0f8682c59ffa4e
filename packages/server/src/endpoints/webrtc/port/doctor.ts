import { isIPv4 } from 'node:net'
import { networkInterfaces, release } from 'node:os'
import { isLoopbackHost } from '../../../config/index.js'
import { isPublicAddress } from '../../../net/index.js'
import type { Finding } from '../../protocol.js'
import { loadEngine } from './load-engine.js'

/** Whether WebRTC can work here. */
export async function checkNative(): Promise<Finding> {
  const check = 'native'
  const loaded = await loadEngine()
  if ('why' in loaded) return { check, state: 'warn', message: `WebRTC is off, RTMP and FLV work: ${loaded.why}` }
  loaded.engine.close()
  return { check, state: 'ok', message: 'The native package loads: WebRTC is on.' }
}

/** Which addresses WebRTC peers would be told, and whether they can reach any. */
export function checkAddresses(host: string, rtcAddress: readonly string[]): Finding[] {
  const check = 'addresses'
  if (rtcAddress.length > 0)
    return [
      { check, state: 'ok', message: `The server announces ${rtcAddress.join(', ')} to WebRTC peers (--rtc-address).` },
    ]
  if (isLoopbackHost(host))
    return [{ check, state: 'ok', message: 'The server is on loopback and announces 127.0.0.1 to WebRTC peers.' }]
  return describeAddresses(networkInterfaces(), release())
}

/** The same for given interfaces and kernel release. */
export function describeAddresses(interfaces: ReturnType<typeof networkInterfaces>, kernel: string): Finding[] {
  const check = 'addresses'
  const all = Object.entries(interfaces).flatMap(([name, addresses = []]) =>
    addresses
      .filter((address) => !address.internal && isIPv4(address.address))
      .map(({ address }) => ({ name, address })),
  )
  const bridges = all.filter(({ name }) => /^(docker|br-|veth|virbr|cni|flannel)/.test(name))
  const usable = all.filter((entry) => !bridges.includes(entry))
  const findings: Finding[] = []
  if (usable.length === 0)
    findings.push({
      check,
      state: 'fail',
      message: 'This machine has no IPv4 address except loopback: set --rtc-address.',
    })
  else if (usable.every(({ address }) => !isPublicAddress(address)))
    findings.push({
      check,
      state: 'warn',
      message: `All addresses are private (${usable.map(({ address }) => address).join(', ')}): peers outside this network need --rtc-address PUBLIC_IP and the port forwarded.`,
    })
  else
    findings.push({
      check,
      state: 'ok',
      message: `The server announces ${usable.map(({ address }) => address).join(', ')} to WebRTC peers.`,
    })
  if (bridges.length > 0)
    findings.push({
      check,
      state: 'ok',
      message: `Container bridges are not announced: ${bridges.map(({ name }) => name).join(', ')}.`,
    })
  if (/microsoft/i.test(kernel))
    findings.push({
      check,
      state: 'warn',
      message: 'This is WSL: other machines can reach it only with mirrored networking or a port proxy.',
    })
  return findings
}
