import { parse } from 'sdp-transform'
import { expect, test } from 'vitest'
import { hostCandidates } from '../ice/candidates.js'
import { countingBytes } from '../ice/checks.fake.js'
import { SdpError } from './error.js'
import { OfferLines, type OfferTrack } from './offer-lines.js'
import { negotiateAnswer, OFFERED_CODECS, writeOffer, type OfferedMedia } from './offer.js'
import { browserAnswer } from './browser-answer.fake.js'
import { MAX_SDP_CHARACTERS, MAX_SDP_LINES, parseRemoteDescription } from './remote-description.js'
import { trackOptionsOf } from './negotiate.js'

const LIMITS = { audio: 16, video: 24 }

const local = {
  sessionId: '4611686018427387904',
  version: 3,
  ice: { usernameFragment: 'SRVR0001', password: 'srvPassword0123456789abc' },
  candidates: hostCandidates([{ ip: '192.0.2.1', udpPort: 8000, tcpPort: 8000 }]),
  fingerprint: { algorithm: 'sha-256', value: Array(32).fill('AB').join(':') },
  cname: 'crossroom-cname',
} as const

const audioOf = (user: string): OfferTrack => ({ id: `${user} a`, kind: 'audio', streamId: `${user}-main` })
const videoOf = (user: string): OfferTrack => ({ id: `${user} v`, kind: 'video', streamId: `${user}-main` })
const makeLines = (limits = LIMITS) => new OfferLines(limits, countingBytes())
const textOf = (media: readonly OfferedMedia[]) => writeOffer(media, OFFERED_CODECS, local)

function codeOf(run: () => unknown): string | undefined {
  try {
    run()
  } catch (error) {
    if (error instanceof SdpError) return error.code
    throw error
  }
  return undefined
}

/** `mid:kind:user` of what is sent, `mid:kind:-` of what is inactive. */
function placesOf(media: readonly OfferedMedia[]): string[] {
  return media.map(({ mid, kind, stream, streamId }) => `${mid}:${kind}:${stream === undefined ? '-' : streamId}`)
}

test('an offer says once per m-line what a browser needs to receive, and our candidates once', () => {
  const { media } = makeLines().offer([audioOf('ann'), videoOf('ann')])
  const text = textOf(media)
  const offer = parse(text)
  expect(offer).toMatchObject({ icelite: 'ice-lite', groups: [{ type: 'BUNDLE', mids: '0 1' }] })
  expect(offer.origin).toMatchObject({ sessionId: local.sessionId, sessionVersion: 3 })
  expect(offer.media[0]!.candidates!.map(({ transport }) => transport)).toEqual(['udp', 'tcp'])
  expect(offer.media[1]!.candidates).toBeUndefined()
  const [audio, video] = offer.media
  for (const line of [audio, video]) {
    expect(line).toMatchObject({ setup: 'actpass', direction: 'sendonly', rtcpMux: 'rtcp-mux', iceUfrag: 'SRVR0001' })
    expect(line!.msid).toMatchObject([{ id: 'ann-main' }])
  }
  expect(audio!.rtp.map(({ payload, codec }) => `${payload} ${codec}`)).toEqual(['111 opus', '63 red'])
  expect(video!.rtp.map(({ payload, codec }) => `${payload} ${codec}`)).toEqual([
    ...['102 H264', '103 rtx', '104 H264', '105 rtx', '96 VP8', '97 rtx'],
    ...['100 H265', '101 rtx', '98 AV1', '99 rtx'],
  ])
  expect(video!.ssrcGroups![0]!.ssrcs.split(' ').map(Number)).toEqual([
    media[1]!.stream!.ssrc,
    media[1]!.stream!.rtxSsrc,
  ])
  expect(text.endsWith('\r\n')).toBe(true)
})

test('only what the peer accepted is sent: codecs in our order, its RTX, RED and extensions', () => {
  const { media } = makeLines().offer([audioOf('ann'), videoOf('ann')])
  const chromium = negotiateAnswer(media, parseRemoteDescription(browserAnswer(textOf(media))))
  expect(chromium.map(({ mid, codecs }) => [mid, ...codecs.map(({ payloadType }) => payloadType)])).toEqual([
    ['0', 111],
    ['1', 102, 104, 96, 100, 98],
  ])
  expect(trackOptionsOf(chromium[1]!)).toMatchObject({
    ...{ kind: 'video', ssrc: media[1]!.stream!.ssrc, payloadType: 102, mid: '1' },
    rtx: { ssrc: media[1]!.stream!.rtxSsrc, payloadType: 103 },
    extensions: { mid: 1, transportCc: 2, playoutDelay: 6 },
  })
  expect(chromium[1]!.extensions.absSendTime).toBeUndefined()
  expect(chromium[0]!.codecs[0]!.redPayloadType).toBe(63)

  const firefox = browserAnswer(textOf(media), { codecs: [111, 96, 97] })
  const [sound, picture] = negotiateAnswer(media, parseRemoteDescription(firefox))
  expect(sound!.codecs[0]!.redPayloadType).toBeUndefined()
  expect(picture!.codecs.map(({ codec, rtxPayloadType }) => [codec, rtxPayloadType])).toEqual([['vp8', 97]])
})

test('m-lines that the peer refuses, does not want or has no codec for are not negotiated', () => {
  const { media } = makeLines().offer([audioOf('ann'), videoOf('ann')])
  const text = textOf(media)
  const accepted = (answer: string) => negotiateAnswer(media, parseRemoteDescription(answer)).map(({ mid }) => mid)
  expect(accepted(browserAnswer(text, { inactive: ['1'] }))).toEqual(['0'])
  expect(accepted(browserAnswer(text, { refused: ['1'] }))).toEqual(['0'])
  expect(accepted(browserAnswer(text, { codecs: [111] }))).toEqual(['0'])
})

test('an answer without the m-lines of its offer is refused', () => {
  const { media } = makeLines().offer([audioOf('ann'), videoOf('ann')])
  const answer = browserAnswer(textOf(media))
  const refusal = (text: string) => codeOf(() => negotiateAnswer(media, parseRemoteDescription(text)))
  expect(refusal(answer.slice(0, answer.indexOf('m=video')))).toBe('SDP_INVALID')
  expect(refusal(answer.replace('a=mid:1', 'a=mid:7').replace('BUNDLE 0 1', 'BUNDLE 0 7'))).toBe('SDP_INVALID')
  expect(refusal(answer.replaceAll('a=setup:active', 'a=setup:actpass'))).toBe('SDP_INVALID')
  expect(refusal(answer)).toBeUndefined()
})

test('an m-line goes inactive when its track leaves, and is taken again once that was answered', () => {
  const lines = makeLines()
  const first = lines.offer([audioOf('ann'), videoOf('ann'), videoOf('bob')]).media
  lines.answered()
  expect(placesOf(first)).toEqual(['0:audio:ann-main', '1:video:ann-main', '2:video:bob-main'])

  expect(placesOf(lines.offer([audioOf('ann'), videoOf('bob'), videoOf('cyd')]).media)).toEqual([
    ...['0:audio:ann-main', '1:video:-', '2:video:bob-main', '3:video:cyd-main'],
  ])
  lines.answered()
  const third = lines.offer([audioOf('ann'), videoOf('dan'), videoOf('cyd')]).media
  expect(placesOf(third)).toEqual(['0:audio:ann-main', '1:video:dan-main', '2:video:-', '3:video:cyd-main'])
  expect(third[1]!.stream!.ssrc).not.toBe(first[1]!.stream!.ssrc)
})

test('an m-line that was offered as inactive is not free before the answer', () => {
  const lines = makeLines()
  lines.offer([videoOf('ann')])
  lines.answered()
  lines.offer([])
  expect(placesOf(lines.offer([videoOf('bob')]).media)).toEqual(['0:video:-', '1:video:bob-main'])
})

test('a track that was released gets other SSRCs when it comes back', () => {
  const lines = makeLines()
  const before = lines.offer([videoOf('ann')]).media[0]!.stream!.ssrc
  lines.answered()
  lines.release('ann v')
  const { media } = lines.offer([videoOf('ann')])
  expect(placesOf(media)).toEqual(['0:video:-', '1:video:ann-main'])
  expect(media[1]!.stream!.ssrc).not.toBe(before)
})

test('tracks that do not fit are skipped; at the limit the next one waits for the answer that frees an m-line', () => {
  const lines = makeLines({ audio: 1, video: 2 })
  const wanted = [videoOf('ann'), videoOf('bob'), videoOf('cyd'), audioOf('ann'), audioOf('bob')]
  const first = lines.offer(wanted)
  expect(first.skipped.map(({ id }) => id)).toEqual(['cyd v', 'bob a'])
  lines.answered()
  const second = lines.offer(wanted.slice(1))
  expect(placesOf(second.media)).toEqual(['0:video:-', '1:video:bob-main', '2:audio:ann-main'])
  expect(second.skipped.map(({ id }) => id)).toEqual(['cyd v', 'bob a'])
  lines.answered()
  expect(placesOf(lines.offer(wanted.slice(1)).media)[0]).toBe('0:video:cyd-main')
})

test('the fullest room there can be has a description that signaling carries', () => {
  const users = Array.from({ length: 24 }, (_, index) => String(index).padStart(32, 'u'))
  const { media } = makeLines().offer([...users.map(videoOf), ...users.slice(0, 16).map(audioOf)])
  const text = textOf(media)
  expect(media).toHaveLength(40)
  expect(text.length).toBeLessThan(MAX_SDP_CHARACTERS)
  expect(text.split('\n').length).toBeLessThan(MAX_SDP_LINES)
  expect(negotiateAnswer(media, parseRemoteDescription(browserAnswer(text)))).toHaveLength(40)
})
