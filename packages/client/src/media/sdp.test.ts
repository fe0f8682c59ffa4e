import { expect, test } from 'vitest'
import { allowsOpusNack, sessionIdOf, withOpusNack, withStereo } from './sdp.js'

const SDP = [
  'm=audio 9 UDP/TLS/RTP/SAVPF 111 63',
  'a=rtpmap:111 opus/48000/2',
  'a=fmtp:111 minptime=10;useinbandfec=1',
  'a=rtpmap:63 red/48000/2',
  'm=audio 9 UDP/TLS/RTP/SAVPF 111',
  'a=rtpmap:111 opus/48000/2',
  'a=rtcp-fb:111 nack',
  'a=fmtp:111 minptime=10;stereo=1',
  'm=video 9 UDP/TLS/RTP/SAVPF 96',
  'a=rtpmap:96 H264/90000',
  'a=fmtp:96 packetization-mode=1',
  '',
].join('\r\n')

test('the session of a description is told by its id alone', () => {
  expect(sessionIdOf('v=0\r\no=- 4611 2 IN IP4 0.0.0.0\r\ns=-\r\n')).toBe('4611')
  expect(sessionIdOf('v=0\r\n')).toBeUndefined()
})

test('every m-line of sound asks for stereo, once', () => {
  const stereo = withStereo(SDP)
  expect(stereo.match(/stereo=1/g)).toHaveLength(2)
  expect(stereo).toContain('a=fmtp:111 minptime=10;useinbandfec=1;stereo=1\r\n')
  expect(stereo).toContain('a=fmtp:96 packetization-mode=1\r\n')
  expect(withStereo(stereo)).toBe(stereo)
})

test('every m-line of sound lets lost packets be asked for again, once', () => {
  const nack = withOpusNack(SDP)
  expect(nack.match(/a=rtcp-fb:111 nack\r\n/g)).toHaveLength(2)
  expect(nack).not.toContain('a=rtcp-fb:96')
  expect(withOpusNack(nack)).toBe(nack)
})

test('an offer says whether it accepts such requests', () => {
  expect(allowsOpusNack(SDP)).toBe(true)
  expect(allowsOpusNack(SDP.replace('a=rtcp-fb:111 nack\r\n', 'a=rtcp-fb:111 nack pli\r\n'))).toBe(false)
})
