import { parse } from 'sdp-transform'
import { expect, test } from 'vitest'
import { hostCandidates } from '../ice/candidates.js'
import { countingBytes } from '../ice/checks.fake.js'
import { writeAnswer } from './answer.js'
import type { LocalDescription } from './description-lines.js'
import { SdpError } from './error.js'
import { h264ProfileOf } from './h264-profile.js'
import { dtlsRoleFor, negotiate, planPlay, planPublish, planUplink, trackOptionsOf } from './negotiate.js'
import { dataChannelOffer, firefoxOffers, playOffers, publishOffers } from './offers.cases.js'
import { MAX_SDP_CHARACTERS, parseRemoteDescription } from './remote-description.js'

const local: LocalDescription = {
  sessionId: '4611686018427387904',
  version: 1,
  ice: { usernameFragment: 'SRVR0001', password: 'srvPassword0123456789abc' },
  candidates: hostCandidates([{ ip: '192.0.2.1', udpPort: 8000, tcpPort: 8000 }]),
  fingerprint: { algorithm: 'sha-256', value: Array(32).fill('AB').join(':') },
  dtlsRole: 'server',
  cname: 'crossroom-cname',
  streamId: 'crossroom',
}

const highStream = { codec: 'h264', profileLevelId: '640028' } as const
const playPreferences = { video: [highStream, { codec: 'vp8' }], audio: [{ codec: 'opus', isStereo: true }] } as const

function answerPlay(sdp: string, preferences: Parameters<typeof planPlay>[0] = playPreferences) {
  const offer = parseRemoteDescription(sdp)
  const accepted = negotiate(offer, planPlay(preferences), countingBytes())
  const text = writeAnswer(offer, accepted, { ...local, dtlsRole: dtlsRoleFor(offer) })
  return { offer, accepted, text, answer: parse(text) }
}

function codeOf(run: () => unknown): string | undefined {
  try {
    run()
  } catch (error) {
    if (error instanceof SdpError) return error.code
    throw error
  }
  return undefined
}

test.each(Object.values(playOffers))(
  'a play answer for $name has the offer’s m-lines and one codec each',
  ({ sdp }) => {
    const { offer, accepted, answer, text } = answerPlay(sdp)
    expect(answer.media.map((media) => [String(media.mid), media.type])).toEqual(
      offer.media.map((media) => [media.mid, media.kind]),
    )
    expect(accepted.map((media) => media.codecs.map((codec) => codec.codec)).sort()).toEqual([['h264'], ['opus']])
    for (const media of answer.media) {
      expect(media).toMatchObject({
        direction: 'sendonly',
        setup: 'passive',
        rtcpMux: 'rtcp-mux',
        iceUfrag: 'SRVR0001',
      })
      expect(media.ssrcs!.every((line) => line.attribute !== 'cname' || line.value === local.cname)).toBe(true)
    }
    expect(answer.icelite).toBe('ice-lite')
    expect(answer.groups).toEqual([{ type: 'BUNDLE', mids: accepted.map((media) => media.mid).join(' ') }])
    expect(answer.media[0]!.candidates!.map((line) => line.transport)).toEqual(['udp', 'tcp'])
    expect(answer.media[1]!.candidates).toBeUndefined()
    expect(text.endsWith('\r\n')).toBe(true)
  },
)

test('the H.264 payload type is the one with packetization-mode=1 whose profile is nearest to the stream', () => {
  const chosen = (sdp: string, profileLevelId: string) =>
    answerPlay(sdp, { audio: [], video: [{ codec: 'h264', profileLevelId }] }).accepted[0]!.codecs[0]!
  expect(chosen(playOffers.edge.sdp, '640028').format).toContain('profile-level-id=64001f')
  expect(chosen(playOffers.safari.sdp, '640028').format).toContain('profile-level-id=640c1f')
  expect(chosen(playOffers.chromium.sdp, '4d4028').format).toContain('profile-level-id=4d001f')
  expect(chosen(playOffers.chromium.sdp, '42c01e').format).toContain('profile-level-id=42e01f')
  expect(chosen(playOffers.chromium.sdp, '640028').format).toContain('profile-level-id=4d001f')
  expect(chosen(playOffers.firefox.sdp, '640028')).toMatchObject({ payloadType: 126, rtxPayloadType: 127 })
  for (const { sdp } of Object.values(playOffers))
    expect(chosen(sdp, '640028').format).toContain('packetization-mode=1')
})

test('RTX is answered with apt and an FID group, and feedback only where it was offered', () => {
  const { accepted, answer } = answerPlay(playOffers.chromium.sdp)
  const video = answer.media[1]!
  const { local: stream, codecs } = accepted[1]!
  expect(video.ssrcGroups).toEqual([{ semantics: 'FID', ssrcs: `${stream!.ssrc} ${stream!.rtxSsrc}` }])
  expect(video.fmtp).toContainEqual({ payload: codecs[0]!.rtxPayloadType, config: `apt=${codecs[0]!.payloadType}` })
  expect(codecs[0]!.feedback).toEqual(['goog-remb', 'transport-cc', 'ccm fir', 'nack', 'nack pli'])
  expect(accepted[0]!.codecs[0]!.feedback).toEqual(['transport-cc'])
})

test('a peer without RTX gets no nack for what we send, and repairs by PLI', () => {
  const sdp = playOffers.chromium.sdp.replace(/^a=(rtpmap:\d+ rtx.*|fmtp:\d+ apt=.*)\r\n/gm, '')
  const { accepted, answer } = answerPlay(sdp)
  expect(accepted[1]!.codecs[0]!.feedback).toEqual(['goog-remb', 'transport-cc', 'ccm fir', 'nack pli'])
  expect(accepted[1]!.local!.rtxSsrc).toBeUndefined()
  expect(answer.media[1]!.ssrcGroups).toBeUndefined()
})

test('header extensions keep the offer’s ids; send times are left out beside transport-wide feedback', () => {
  const { accepted } = answerPlay(playOffers.chromium.sdp)
  expect(accepted[1]!.extensions).toEqual({ mid: 4, transportSequence: 3, playoutDelay: 5, videoOrientation: 13 })
  expect(accepted[0]!.extensions).toEqual({ mid: 4, transportSequence: 3, audioLevel: 1 })
})

test('an extension offered for receiving only is answered for sending only', () => {
  const { answer } = answerPlay(playOffers.firefox.sdp)
  const playoutDelay = answer.media[1]!.ext!.find((line) => line.uri.endsWith('playout-delay'))!
  expect(playoutDelay).toMatchObject({ value: 6, direction: 'sendonly' })
})

test('an answer’s extensions, payload types and format parameters all come from the offer', () => {
  for (const { sdp } of [playOffers, publishOffers, firefoxOffers].flatMap((offers) => Object.values(offers))) {
    const offer = parseRemoteDescription(sdp)
    const plan = sdp.includes('a=recvonly') ? planPlay(playPreferences) : planPublish(playPreferences)
    for (const media of negotiate(offer, plan, countingBytes())) {
      const remote = offer.media.find((entry) => entry.mid === media.mid)!
      for (const codec of media.codecs) expect(remote.formats.split(' ')).toContain(String(codec.payloadType))
      for (const [name, id] of Object.entries(media.extensions)) {
        expect(remote.extensions[name as keyof typeof remote.extensions]).toBe(id)
      }
    }
  }
})

test('Opus: stereo is told as what we send, in-band FEC always, redundancy on request', () => {
  const plain = answerPlay(playOffers.chromium.sdp).accepted[0]!.codecs[0]!
  expect(plain.format).toBe('minptime=10;useinbandfec=1;sprop-stereo=1')
  expect(plain.redPayloadType).toBeUndefined()
  const { accepted, answer } = answerPlay(playOffers.chromium.sdp, {
    video: [],
    audio: [{ codec: 'opus', useRed: true }],
  })
  expect(answer.media[0]!.payloads).toBe('63 111')
  expect(answer.media[0]!.fmtp).toContainEqual({ payload: 63, config: '111/111' })
  expect(trackOptionsOf(accepted[0]!).payloadType).toBe(63)
})

test('track options for the egress carry ids, mid, ssrc and RTX', () => {
  const { accepted } = answerPlay(playOffers.safari.sdp)
  expect(trackOptionsOf(accepted[0]!)).toEqual({
    kind: 'video',
    ssrc: accepted[0]!.local!.ssrc,
    payloadType: 96,
    rtx: { ssrc: accepted[0]!.local!.rtxSsrc, payloadType: 97 },
    extensions: { mid: 9, transportCc: 4, playoutDelay: 5, videoOrientation: 3 },
    mid: '0',
  })
})

test('m-lines that are not wanted are refused with port 0 and stay in their place', () => {
  const { answer } = answerPlay(playOffers.chromium.sdp, { video: playPreferences.video, audio: [] })
  expect(answer.media.map((media) => media.port)).toEqual([0, 9])
  expect(answer.groups).toMatchObject([{ type: 'BUNDLE', mids: 1 }])
  expect(answer.media[1]!.candidates!.length).toBe(2)
  const data = answerPlay(dataChannelOffer.sdp)
  expect(data.answer.media[1]).toMatchObject({ type: 'application', port: 0, protocol: 'UDP/DTLS/SCTP' })
  expect(data.text).toContain('m=application 0 UDP/DTLS/SCTP webrtc-datachannel')
})

test('without a common codec the refusal names the requested and the offered ones', () => {
  const withoutH264 = playOffers.chromium.sdp.replace(/ H264\/90000/g, ' H263/90000')
  const onlyVideo = { video: [highStream], audio: [] }
  expect(codeOf(() => answerPlay(withoutH264, onlyVideo))).toBe('SDP_NO_CODEC')
  expect(() => answerPlay(withoutH264, onlyVideo)).toThrow(
    'No codec fits for video: wanted H.264 (packetization-mode=1), offered VP8, VP9, H263, AV1.',
  )
  const modeZero = playOffers.chromium.sdp.replaceAll('packetization-mode=1', 'packetization-mode=0')
  expect(codeOf(() => answerPlay(modeZero, onlyVideo))).toBe('SDP_NO_CODEC')
  expect(answerPlay(withoutH264).accepted[1]!.codecs[0]!.codec).toBe('vp8')
})

test('a publish answer takes every codec we can receive, H.264 first, and names no stream of its own', () => {
  const offer = parseRemoteDescription(publishOffers.chromium.sdp)
  const preferences = {
    video: [{ codec: 'h264' }, { codec: 'vp8' }, { codec: 'vp9' }, { codec: 'av1' }],
    audio: [{ codec: 'opus' }],
  } as const
  const accepted = negotiate(offer, planPublish(preferences), countingBytes())
  expect(accepted[1]!.codecs.map((codec) => [codec.codec, codec.payloadType, codec.rtxPayloadType])).toEqual([
    ['h264', 108, 109],
    ['vp8', 96, 97],
    ['vp9', 98, 99],
    ['av1', 45, 46],
  ])
  expect(accepted[1]!.remote).toEqual([{ ssrc: 3537015926, rtxSsrc: 972032998 }])
  const text = writeAnswer(offer, accepted, local)
  expect(text).toContain('a=recvonly')
  expect(text).not.toContain('a=ssrc')
  expect(text).toContain('m=video 9 UDP/TLS/RTP/SAVPF 108 109 96 97 98 99 45 46')
})

test('simulcast layers are accepted as offered', () => {
  const offer = parseRemoteDescription(publishOffers.simulcast.sdp)
  const accepted = negotiate(offer, planPublish({ video: [{ codec: 'h264' }], audio: [] }), countingBytes())
  expect(accepted[0]!.rids).toEqual(['l', 'h'])
  const answer = parse(writeAnswer(offer, accepted, local)).media[0]!
  expect(answer.simulcast).toEqual({ dir1: 'recv', list1: 'l;h' })
  expect(answer.rids).toEqual([
    { id: 'l', direction: 'recv' },
    { id: 'h', direction: 'recv' },
  ])
})

test('Firefox without its plugin plays VP8, and publishes what it has in the layers it offers', () => {
  const [, picture] = answerPlay(firefoxOffers.play.sdp).accepted
  expect(picture!.codecs).toMatchObject([{ codec: 'vp8', payloadType: 120, rtxPayloadType: 124 }])
  const offer = parseRemoteDescription(firefoxOffers.publish.sdp)
  const preferences = {
    video: [{ codec: 'h264' }, { codec: 'vp8' }, { codec: 'vp9' }, { codec: 'av1' }],
    audio: [{ codec: 'opus' }],
  } as const
  const [sound, layers] = negotiate(offer, planPublish(preferences), countingBytes())
  expect(sound!.codecs).toMatchObject([{ codec: 'opus', payloadType: 109 }])
  expect(layers!.codecs.map((codec) => [codec.codec, codec.payloadType, codec.rtxPayloadType])).toEqual([
    ['vp8', 120, 124],
    ['vp9', 121, 125],
    ['av1', 99, 100],
  ])
  expect(layers!.rids).toEqual(['l', 'h'])
  expect(writeAnswer(offer, [sound!, layers!], local)).toContain('a=simulcast:recv l;h')
})

test('transport attributes at session level count (OBS)', () => {
  const offer = parseRemoteDescription(publishOffers.obs.sdp)
  expect(offer.ice.usernameFragment).toBe('IgsR')
  expect(offer.setup).toBe('actpass')
  const accepted = negotiate(
    offer,
    planPublish({ video: [{ codec: 'h264' }], audio: [{ codec: 'opus' }] }),
    countingBytes(),
  )
  expect(accepted.length).toBe(2)
  // A peer may resend what it likes: nack without RTX stays for what we receive.
  expect(accepted[1]!.codecs[0]!.feedback).toEqual(['goog-remb', 'nack', 'nack pli'])
})

test('setup: an offer of passive makes the server the client, actpass and active make it wait', () => {
  const roleOf = (setup: string) =>
    dtlsRoleFor(parseRemoteDescription(playOffers.chromium.sdp.replaceAll('a=setup:actpass', `a=setup:${setup}`)))
  expect(['actpass', 'active', 'passive'].map(roleOf)).toEqual(['server', 'server', 'client'])
  expect(codeOf(() => roleOf('holdconn'))).toBe('SDP_INVALID')
})

const { sdp: good } = playOffers.chromium
const fingerprint = /^a=fingerprint:sha-256 .*$/m.exec(good)![0].trim()

test.each([
  ['not SDP at all', 'hello', 'SDP_INVALID'],
  ['an empty body', '', 'SDP_INVALID'],
  ['too many characters', good + 'a=x\r\n'.repeat(MAX_SDP_CHARACTERS / 5), 'SDP_INVALID'],
  ['too many lines', good + 'a=x\r\n'.repeat(2000), 'SDP_INVALID'],
  ['too many m-lines', good + 'm=audio 9 UDP/TLS/RTP/SAVPF 0\r\n'.repeat(31), 'SDP_INVALID'],
  ['a line without end', good + 'a=x:' + 'y'.repeat(5000) + '\r\n', 'SDP_INVALID'],
  ['plaintext RTP', good.replaceAll('UDP/TLS/RTP/SAVPF', 'RTP/AVP'), 'SDP_UNSUPPORTED'],
  ['SRTP without DTLS', good.replaceAll('UDP/TLS/RTP/SAVPF', 'RTP/SAVPF'), 'SDP_UNSUPPORTED'],
  ['no BUNDLE', good.replace(/a=group:BUNDLE.*\r\n/, ''), 'SDP_UNSUPPORTED'],
  ['no rtcp-mux', good.replaceAll('a=rtcp-mux\r\n', ''), 'SDP_UNSUPPORTED'],
  ['no ICE password', good.replace(/a=ice-pwd:.*\r\n/g, ''), 'SDP_INVALID'],
  ['a short ICE password', good.replace(/a=ice-pwd:.*\r\n/g, 'a=ice-pwd:short\r\n'), 'SDP_INVALID'],
  ['the same mid twice', good.replace('a=mid:1', 'a=mid:0'), 'SDP_INVALID'],
  ['no mid', good.replace('a=mid:1\r\n', ''), 'SDP_INVALID'],
  ['no media', good.slice(0, good.indexOf('m=audio')), 'SDP_INVALID'],
  ['W5: no fingerprint', good.replaceAll(`${fingerprint}\r\n`, ''), 'SDP_UNSUPPORTED'],
  ['W5: sha-1 alone', good.replaceAll('a=fingerprint:sha-256', 'a=fingerprint:sha-1'), 'SDP_UNSUPPORTED'],
  ['W5: md5 alone', good.replaceAll('a=fingerprint:sha-256', 'a=fingerprint:md5'), 'SDP_UNSUPPORTED'],
  ['W5: a second certificate', good.replace(fingerprint, fingerprint.replace(/..$/, '00')), 'SDP_UNSUPPORTED'],
  ['W5: a fingerprint too short', good.replaceAll(fingerprint, fingerprint.slice(0, -3)), 'SDP_INVALID'],
])('refused: %s', (_name, sdp, code) => {
  expect(codeOf(() => parseRemoteDescription(sdp))).toBe(code)
})

test('H.264 profiles are told apart by profile_idc and constraint flags', () => {
  expect(['42e01f', '42001f', '4d001f', '4d801f', '64001f', '640c1f', 'f4001f', undefined].map(h264ProfileOf)).toEqual([
    'constrained-baseline',
    'baseline',
    'main',
    'constrained-baseline',
    'high',
    'constrained-high',
    'high-444-predictive',
    'constrained-baseline',
  ])
  expect([h264ProfileOf('zz'), h264ProfileOf('000000')]).toEqual([undefined, undefined])
})

test('an uplink holds the m-lines that no track names: none is refused, and all can be used later', () => {
  const offer = parseRemoteDescription(publishOffers.chromium.sdp)
  const named = offer.media[1]!.mid
  const preferences = { audio: [{ codec: 'opus' }], video: [{ codec: 'h264' }] } as const
  const media = negotiate(
    offer,
    planUplink((mid) => mid === named, preferences),
    countingBytes(),
  )
  expect(media.map(({ isHeld = false }) => isHeld)).toEqual([true, false])
  const answer = parse(writeAnswer(offer, media, local))
  expect(answer.media.map(({ direction, port }) => [direction, port])).toEqual([
    ['inactive', 9],
    ['recvonly', 9],
  ])
})

test('port 0 refuses an m-line, unless it is bundle-only as Firefox offers all but the first', () => {
  const { sdp } = publishOffers.chromium
  const zero = sdp.replace('m=video 9 ', 'm=video 0 ')
  expect(parseRemoteDescription(zero).media.map(({ isUsable }) => isUsable)).toEqual([true, false])
  const bundled = zero.replace(/^(a=mid:1)/m, 'a=bundle-only\r\n$1')
  const offer = parseRemoteDescription(bundled)
  const media = negotiate(
    offer,
    planPublish({ audio: [{ codec: 'opus' }], video: [{ codec: 'h264' }] }),
    countingBytes(),
  )
  expect(parse(writeAnswer(offer, media, local)).media.map(({ port }) => port)).toEqual([9, 9])
})
