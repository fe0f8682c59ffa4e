import { isIP } from 'node:net'

const CANDIDATE = /^a=candidate:\S+ \d+ (\S+) \d+ (\S+) (\d{1,5}) typ \S+/

/** Where media goes by UDP. */
export interface MediaTarget {
  readonly address: string
  readonly port: number
}

/**
 * The first candidate of an answer that may be reached, by UDP and IPv4, as FFmpeg knows no other. A name is none: it would be
 * resolved by another than who judges it.
 */
export function reachableTarget(sdp: string, allows: (address: string) => boolean): MediaTarget | undefined {
  for (const line of linesOf(sdp)) {
    const [, transport = '', address = '', digits = ''] = CANDIDATE.exec(line) ?? []
    const port = Number(digits)
    const isUsable = transport.toLowerCase() === 'udp' && isIP(address) === 4 && port > 0 && port < 65_536
    if (isUsable && allows(address)) return { address, port }
  }
  return undefined
}

/** The answer with this candidate alone, in each of its m-lines. */
export function answerWith(sdp: string, { address, port }: MediaTarget): string {
  const candidate = `a=candidate:1 1 udp 2130706431 ${address} ${String(port)} typ host`
  return linesOf(sdp)
    .filter((line) => !line.startsWith('a=candidate:'))
    .flatMap((line) => (line.startsWith('m=') ? [line, candidate] : [line]))
    .join('\r\n')
}

function linesOf(sdp: string): string[] {
  return sdp.split(/\r?\n/)
}
