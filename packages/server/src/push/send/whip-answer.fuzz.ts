import { reachableAnswer } from './whip-answer.js'

const decoder = new TextDecoder()

export const fuzzTargets = [
  {
    name: 'whip-answer',
    seeds: (): Uint8Array[] =>
      [
        'v=0\r\nm=video 9 UDP/TLS/RTP/SAVPF 96\r\na=candidate:1 1 udp 1 8.8.8.8 8000 typ host\r\n',
        'a=candidate:1 1 UDP 1 10.0.0.1 8000 typ srflx raddr 0.0.0.0 rport 9\na=candidate:2 1 udp 1 8.8.8.8 1 typ host',
      ].map((text) => new TextEncoder().encode(text)),
    run: (input: Uint8Array): void => {
      const kept = reachableAnswer(decoder.decode(input), (address) => address === '8.8.8.8')
      const bad = kept?.split('\r\n').find((line) => line.startsWith('a=candidate:') && !line.includes(' 8.8.8.8 '))
      if (bad !== undefined) throw new Error(`a candidate is left: ${bad}`)
    },
  },
]
