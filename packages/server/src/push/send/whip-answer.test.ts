import { expect, test } from 'vitest'
import { answerWith, reachableTarget } from './whip-answer.js'

const candidate = (address: string, transport = 'udp', port = 8000) =>
  `a=candidate:1 1 ${transport} 2130706431 ${address} ${String(port)} typ host`
const answer = (...candidates: string[]) =>
  ['v=0', 'm=audio 9 UDP/TLS/RTP/SAVPF 111', 'a=mid:0', ...candidates, ''].join('\r\n')
const isPublic = (address: string): boolean => address.startsWith('8.')

test('the first candidate that may be reached is taken', () => {
  const bad = [
    ...['169.254.169.254', 'host.local', '2001:db8::1'].map((address) => candidate(address)),
    ...[
      candidate('8.8.8.8', 'tcp'),
      candidate('8.8.8.8', 'udp', 0),
      candidate('8.8.8.8', 'udp', 70_000),
      'a=candidate:',
    ],
  ]
  expect(reachableTarget(answer(...bad), isPublic)).toBeUndefined()
  expect(reachableTarget(answer(...bad, candidate('8.8.4.4', 'UDP'), candidate('8.8.8.8')), isPublic)).toEqual({
    ...{ address: '8.8.4.4', port: 8000 },
  })
  expect(reachableTarget(answer(), isPublic)).toBeUndefined()
})

test('an answer gets one candidate for all that it had', () => {
  const text = answerWith(answer(candidate('8.8.8.8'), candidate('10.0.0.1')), { address: '127.0.0.1', port: 9 })
  expect(text.match(/a=candidate:.*/g)).toEqual(['a=candidate:1 1 udp 2130706431 127.0.0.1 9 typ host'])
  expect(text.indexOf('m=audio')).toBeLessThan(text.indexOf('a=candidate'))
})
