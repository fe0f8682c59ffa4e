import { expect, test } from 'vitest'
import { iceServersOfLinks } from './link-header.js'
import { withOpusNack, withStereo } from '../media/sdp.js'
import { failureOfStatus, flvAddress, whepAddress } from './reach.js'

test('the ICE servers of RFC 9725 section 4.6 are read out of Link', () => {
  const header =
    '<stun:stun.example.net>; rel="ice-server", ' +
    '<turn:turn.example.net?transport=udp>; rel="ice-server"; username="u,1"; credential="a\\"b"; credential-type="password", ' +
    '<https://example.net/next>; rel="next"'
  expect(iceServersOfLinks(header)).toEqual([
    { urls: 'stun:stun.example.net' },
    { urls: 'turn:turn.example.net?transport=udp', username: 'u,1', credential: 'a"b' },
  ])
})

test.each(['', '<', '<stun:a>', '<stun:a>; rel="ice', '<javascript:a>; rel="ice-server"', ';;;,,,<>'])(
  'a Link header without ICE servers is none: %s',
  (header) => {
    expect(iceServersOfLinks(header)).toEqual([])
  },
)

test('Opus is asked for in stereo, once, and nothing else of the offer is touched', () => {
  const offer = [
    'm=audio 9 UDP/TLS/RTP/SAVPF 111 63',
    'a=rtpmap:111 opus/48000/2',
    'a=fmtp:111 minptime=10;useinbandfec=1',
    'a=fmtp:63 111/111',
    '',
  ]
  const sdp = offer.join('\r\n')
  const stereo = withStereo(sdp)
  expect(stereo).toBe(sdp.replace('useinbandfec=1', 'useinbandfec=1;stereo=1'))
  expect(withStereo(stereo)).toBe(stereo)
  expect(withStereo('v=0\r\n')).toBe('v=0\r\n')
})

test('lost sound may be asked for again, and nothing else of the offer is touched', () => {
  const sdp = 'm=audio 9 UDP/TLS/RTP/SAVPF 111 63\r\na=rtpmap:111 opus/48000/2\r\na=rtcp-fb:111 transport-cc\r\n'
  const repaired = withOpusNack(sdp)
  expect(repaired).toBe(sdp.replace('48000/2\r\n', '48000/2\r\na=rtcp-fb:111 nack\r\n'))
  expect(withOpusNack(repaired)).toBe(repaired)
  expect(withOpusNack('v=0\r\n')).toBe('v=0\r\n')
})

test.each([
  [404, 'not-found'],
  [401, 'refused'],
  [403, 'refused'],
  [406, 'codec'],
  [503, 'unavailable'],
  [500, 'network'],
])('HTTP %i means %s', (status, reason) => {
  expect(failureOfStatus(status, ' A sentence. \n')).toEqual({ reason, detail: 'A sentence.' })
})

test('addresses keep the scheme secure and the token escaped', () => {
  const address = { origin: 'https://example.net', name: 'live/a', token: 'a+b/c=' }
  expect(flvAddress(address, 'ws')).toBe('wss://example.net/live/a.flv?token=a%2Bb%2Fc%3D')
  expect(flvAddress(address, 'http')).toBe('https://example.net/live/a.flv?token=a%2Bb%2Fc%3D')
  expect(whepAddress(address)).toBe('https://example.net/whep/live/a')
})
