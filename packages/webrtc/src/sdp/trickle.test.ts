import { expect, test } from 'vitest'
import { hostCandidates } from '../ice/candidates.js'
import { SdpError } from './error.js'
import { parseTrickleFragment, writeTrickleFragment } from './trickle.js'

const ice = { usernameFragment: 'EsAw', password: 'P2uYro0UCOQ4zxjKXaWCBui1' }

test('a fragment with credentials and a candidate, as RFC 9725 section 4.3.2 shows it', () => {
  const text = [
    'a=group:BUNDLE 0 1',
    'm=audio 9 UDP/TLS/RTP/SAVPF 111',
    'a=mid:0',
    'a=ice-ufrag:EsAw',
    'a=ice-pwd:P2uYro0UCOQ4zxjKXaWCBui1',
    'a=candidate:1387637174 1 udp 2122260223 192.0.2.1 61764 typ host generation 0 ufrag EsAw network-id 1',
    'a=end-of-candidates',
    '',
  ].join('\r\n')
  expect(parseTrickleFragment(text)).toEqual({ ice, candidates: 1, isEndOfCandidates: true })
  expect(parseTrickleFragment(text.replaceAll('\r\n', '\n'))).toEqual({ ice, candidates: 1, isEndOfCandidates: true })
})

test('a fragment without credentials is no restart', () => {
  expect(parseTrickleFragment('m=audio 9 RTP/AVP 0\r\na=mid:0\r\n')).toEqual({
    candidates: 0,
    isEndOfCandidates: false,
  })
})

test('the answer to a restart can be parsed', () => {
  const text = writeTrickleFragment(ice, hostCandidates([{ ip: '192.0.2.1', udpPort: 8000, tcpPort: 8000 }]), '0')
  expect(parseTrickleFragment(text)).toEqual({ ice, candidates: 2, isEndOfCandidates: true })
})

test.each([
  ['half of the credentials', 'a=ice-ufrag:EsAw\r\n'],
  ['two that differ', 'a=ice-ufrag:EsAw\r\na=ice-ufrag:other\r\na=ice-pwd:P2uYro0UCOQ4zxjKXaWCBui1\r\n'],
  ['too much', 'a=x\r\n'.repeat(20_000)],
])('refused: %s', (_name, text) => {
  expect(() => parseTrickleFragment(text)).toThrow(SdpError)
})
