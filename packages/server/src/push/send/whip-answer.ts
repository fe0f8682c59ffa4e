import { isIP } from 'node:net'

const CANDIDATE = /^a=candidate:\S+ \d+ (\S+) \d+ (\S+) \d+ typ (\S+)/

/**
 * An answer without the candidates that may not be reached: media goes where they say. Undefined when none is left. Of the
 * others those of IPv4 by UDP come first, as FFmpeg takes the first that it can use.
 */
export function reachableAnswer(sdp: string, allows: (address: string) => boolean): string | undefined {
  const lines = sdp.split(/\r?\n/)
  let isReachable = false
  const kept = lines.filter((line) => {
    if (!line.startsWith('a=candidate:')) return true
    const [, transport = '', address = ''] = CANDIDATE.exec(line) ?? []
    // A name would be resolved by another than who judges it.
    const isKept = transport.toLowerCase() === 'udp' && isIP(address) === 4 && allows(address)
    isReachable ||= isKept
    return isKept
  })
  return isReachable ? kept.join('\r\n') : undefined
}
