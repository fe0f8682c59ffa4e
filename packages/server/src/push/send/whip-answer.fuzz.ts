import { answerWith, reachableTarget } from './whip-answer.js'

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
      const sdp = decoder.decode(input)
      const target = reachableTarget(sdp, (address) => address === '8.8.8.8')
      if (target !== undefined && target.address !== '8.8.8.8') throw new Error(`${target.address} was not judged`)
      const lines = answerWith(sdp, { address: '127.0.0.1', port: 9 }).split('\r\n')
      const bad = lines.find((line) => line.startsWith('a=candidate:') && !line.includes(' 127.0.0.1 9 '))
      if (bad !== undefined) throw new Error(`a candidate is left: ${bad}`)
    },
  },
]
