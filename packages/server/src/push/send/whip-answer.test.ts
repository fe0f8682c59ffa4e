import { expect, test } from 'vitest'
import { reachableAnswer } from './whip-answer.js'

const candidate = (address: string, transport = 'udp') =>
  `a=candidate:1 1 ${transport} 2130706431 ${address} 8000 typ host`
const answer = (...candidates: string[]) =>
  ['v=0', 'm=audio 9 UDP/TLS/RTP/SAVPF 111', ...candidates, 'a=mid:0', ''].join('\r\n')
const isPublic = (address: string): boolean => address.startsWith('8.')

test('candidates that may not be reached are taken out, the rest stays as it is', () => {
  const [good, tcp] = [candidate('8.8.8.8'), candidate('8.8.8.8', 'tcp')]
  const bad = [candidate('169.254.169.254'), candidate('host.local'), candidate('2001:db8::1'), tcp, 'a=candidate:']
  expect(reachableAnswer(answer(...bad, good), isPublic)).toBe(answer(good))
})

test('an answer without a candidate that may be reached is none', () => {
  expect(reachableAnswer(answer(), isPublic)).toBeUndefined()
  expect(reachableAnswer(answer(candidate('10.0.0.1')), isPublic)).toBeUndefined()
})
