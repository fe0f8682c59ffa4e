import fc from 'fast-check'
import { parse } from 'sdp-transform'
import { expect, test } from 'vitest'
import { hostCandidates } from '../ice/candidates.js'
import { countingBytes } from '../ice/checks.fake.js'
import { HEADER_EXTENSION_URIS } from '../rtp/extensions.js'
import { writeAnswer } from './answer.js'
import { SdpError } from './error.js'
import { negotiate, planPlay, planPublish, planUplink, type PlanMedia } from './negotiate.js'
import { parseRemoteDescription } from './remote-description.js'
import { layersOf } from './remote-media.js'

const FINGERPRINT = `a=fingerprint:sha-256 ${Array(32).fill('AB').join(':')}`
const TRANSPORT = ['a=ice-ufrag:abcd', 'a=ice-pwd:0123456789abcdefghijkl', FINGERPRINT, 'a=setup:actpass']
const local = {
  ...{ sessionId: '1', version: 1, cname: 'c', streamId: 's', dtlsRole: 'server' as const },
  ice: { usernameFragment: 'SRVR0001', password: 'srvPassword0123456789abc' },
  candidates: hostCandidates([{ ip: '192.0.2.1', udpPort: 8000, tcpPort: 8000 }]),
  fingerprint: { algorithm: 'sha-256', value: 'AB' },
} as const
const preferences = { video: [{ codec: 'h264' }, { codec: 'vp8' }], audio: [{ codec: 'opus', useRed: true }] } as const

interface Line {
  readonly kind: 'audio' | 'video'
  readonly mid: string
  readonly direction?: string
  /** `PT NAME/RATE[/CHANNELS][ FORMAT]` */
  readonly codecs: readonly string[]
  readonly extensions?: readonly (readonly [number, string])[]
  readonly more?: readonly string[]
}

function offerOf(lines: readonly Line[], bundle = lines.map(({ mid }) => mid)): string {
  const media = lines.flatMap(({ kind, mid, direction = 'recvonly', codecs, extensions = [], more = [] }) => [
    `m=${kind} 9 UDP/TLS/RTP/SAVPF ${codecs.map((codec) => codec.split(' ')[0]!).join(' ')}`,
    ...['c=IN IP4 0.0.0.0', `a=mid:${mid}`, `a=${direction}`, 'a=rtcp-mux', ...TRANSPORT],
    ...codecs.flatMap((codec) => {
      const [type, name, ...format] = codec.split(' ')
      return [`a=rtpmap:${type!} ${name!}`, ...(format.length > 0 ? [`a=fmtp:${type!} ${format.join(' ')}`] : [])]
    }),
    ...extensions.map(([id, uri]) => `a=extmap:${String(id)} ${uri}`),
    ...more,
  ])
  const session = ['v=0', 'o=- 1 1 IN IP4 0.0.0.0', 's=-', 't=0 0', `a=group:BUNDLE ${bundle.join(' ')}`]
  return [...session, ...media, ''].join('\r\n')
}

function answerTo(sdp: string, plan: PlanMedia = planPlay(preferences)) {
  const offer = parseRemoteDescription(sdp)
  const accepted = negotiate(offer, plan, countingBytes())
  return { offer, accepted, answer: parse(writeAnswer(offer, accepted, local)) }
}

function refusalOf(sdp: string, plan?: PlanMedia): string {
  try {
    answerTo(sdp, plan)
  } catch (error) {
    if (error instanceof SdpError && error.code === 'SDP_NO_CODEC') return error.message
    throw error
  }
  return ''
}

const { mid, audioLevel, absSendTime, transportSequence } = HEADER_EXTENSION_URIS
const H264 = '96 H264/90000 packetization-mode=1;profile-level-id=42e01f'
const OPUS = '111 opus/48000/2'

test('aiortc: an extension id that means two things in a bundle is confirmed as one', () => {
  const video = {
    kind: 'video',
    mid: '0',
    codecs: [H264],
    extensions: [
      [1, mid],
      [2, absSendTime],
    ],
  } as const
  const audio = {
    kind: 'audio',
    mid: '1',
    codecs: [OPUS],
    extensions: [
      [1, mid],
      [2, audioLevel],
    ],
  } as const
  for (const lines of [
    [video, audio],
    [audio, video],
  ]) {
    const ids = answerTo(offerOf(lines)).answer.media.flatMap(({ ext }) => ext ?? [])
    expect(ids.map(({ value, uri }) => `${String(value)} ${uri}`).sort()).toEqual([
      ...[`1 ${mid}`, `1 ${mid}`, `2 ${absSendTime}`],
    ])
  }
})

test('an extension that has two ids in a bundle is confirmed with one', () => {
  const lines = [
    { kind: 'audio', mid: '0', codecs: [OPUS], extensions: [[3, transportSequence]] },
    {
      kind: 'video',
      mid: '1',
      codecs: [H264],
      extensions: [
        [5, transportSequence],
        [3, absSendTime],
      ],
    },
  ] as const
  const { accepted } = answerTo(offerOf(lines))
  expect(accepted.map(({ extensions }) => extensions)).toEqual([{ transportSequence: 3 }, {}])
})

test('a payload type that means two things in a bundle is taken once', () => {
  const audio = { kind: 'audio', mid: '0', codecs: ['96 opus/48000/2'] } as const
  const lines = [audio, { kind: 'video', mid: '1', codecs: [H264, '98 VP8/90000', '99 rtx/90000 apt=98'] }] as const
  const { accepted } = answerTo(offerOf(lines))
  expect(accepted.map(({ codecs }) => [codecs[0]!.codec, codecs[0]!.payloadType])).toEqual([
    ['opus', 96],
    ['vp8', 98],
  ])
  expect(refusalOf(offerOf([audio, { kind: 'video', mid: '1', codecs: [H264] }]))).toMatch(/^No codec fits for video/)
})

test('H.264 without fmtp is mode 0: taken from a publisher, and answered to a player where single units are sent', () => {
  const sdp = (direction: string) =>
    offerOf([
      { kind: 'video', mid: 'v', direction, codecs: ['96 H264/90000'] },
      { kind: 'audio', mid: 'a', direction, codecs: [OPUS] },
    ])
  const { accepted } = answerTo(sdp('sendonly'), planPublish(preferences))
  expect(accepted.map(({ codecs }) => codecs[0]!.codec)).toEqual(['h264', 'opus'])
  expect(refusalOf(sdp('recvonly'))).toMatch(/wanted H\.264 \(packetization-mode=1\)/)
  const singles = planPlay({ ...preferences, video: [{ codec: 'h264', isSingle: true }] })
  const played = answerTo(sdp('recvonly'), singles).accepted
  expect(played.map(({ codecs: [codec] }) => [codec!.codec, codec!.format])).toEqual([
    ['h264', ''],
    ['opus', 'useinbandfec=1'],
  ])
})

test('a requested kind is never missing: an offer without a codec for one kind is refused', () => {
  const video = { kind: 'video', mid: 'v', codecs: [H264] } as const
  const speech = { kind: 'audio', mid: 'a', codecs: ['0 PCMU/8000'] } as const
  expect(refusalOf(offerOf([video, speech]))).toMatch(/^No codec fits for audio: wanted OPUS, offered PCMU/)
  const music = { kind: 'audio', mid: 'b', codecs: [OPUS] } as const
  expect(answerTo(offerOf([video, speech, music])).accepted.map((media) => media.mid)).toEqual(['v', 'b'])
  const sending = offerOf(
    [video, { ...speech, direction: 'sendonly' }].map((line) => ({ ...line, direction: 'sendonly' })),
  )
  expect(refusalOf(sending, planPublish(preferences))).toMatch(/for audio/)
  expect(
    refusalOf(
      sending,
      planUplink((name) => name === 'a', preferences),
    ),
  ).toMatch(/for audio/)
  expect(
    answerTo(
      sending,
      planUplink((name) => name === 'v', preferences),
    ).accepted.map((media) => media.mid),
  ).toEqual(['v'])
})

test('if the m-line that carries the bundle is refused, the next one of the group carries it', () => {
  const lines = [
    { kind: 'audio', mid: 'a', codecs: ['0 PCMU/8000'] },
    { kind: 'audio', mid: 'b', codecs: [OPUS] },
    { kind: 'video', mid: 'v', codecs: [H264] },
  ] as const
  const { answer } = answerTo(offerOf(lines, ['a', 'v', 'b']))
  expect(answer.groups).toEqual([{ type: 'BUNDLE', mids: 'v b' }])
  expect(answer.media.map(({ port, candidates }) => [port, candidates?.length ?? 0])).toEqual([
    ...[
      [0, 0],
      [9, 0],
      [9, 2],
    ],
  ])
})

test('the transport is what the first m-line of the group says', () => {
  const lines = [
    { kind: 'audio', mid: 'a', codecs: [OPUS] },
    { kind: 'video', mid: 'v', codecs: [H264] },
  ] as const
  const sdp = offerOf(lines, ['v', 'a']).replace('a=ice-ufrag:abcd', 'a=ice-ufrag:other')
  expect(parseRemoteDescription(sdp).ice.usernameFragment).toBe('abcd')
})

const uris = Object.values(HEADER_EXTENSION_URIS)
const extensionLists = fc.array(fc.tuple(fc.integer({ min: 1, max: 6 }), fc.constantFrom(...uris)), { maxLength: 8 })
const NAMES = ['H264/90000 packetization-mode=1', 'VP8/90000', 'opus/48000/2', 'rtx/90000 apt=97', 'PCMU/8000']
const codecLists = fc.uniqueArray(fc.tuple(fc.integer({ min: 96, max: 100 }), fc.constantFrom(...NAMES)), {
  ...{ minLength: 1, maxLength: 5, selector: ([type]) => type },
})

test('whatever is offered, in an answer an id and a payload type mean one thing each', () => {
  const media = fc.record({ kind: fc.constantFrom('audio', 'video'), codecs: codecLists, extensions: extensionLists })
  const plans = [planPlay(preferences), planUplink(() => true, preferences), planUplink(() => false, preferences)]
  let answered = 0
  fc.assert(
    fc.property(fc.array(media, { minLength: 1, maxLength: 5 }), fc.constantFrom(...plans), (drafts, plan) => {
      const lines = drafts.map((draft, index) => ({
        ...{
          kind: draft.kind,
          mid: String(index),
          direction: 'sendrecv',
          extensions: draft.extensions,
        },
        codecs: draft.codecs.map(([type, name]) => `${String(type)} ${name}`),
      }))
      const sdp = offerOf(lines)
      if (refusalOf(sdp, plan) !== '') return
      answered++
      const { answer } = answerTo(sdp, plan)
      expect(answer.media).toHaveLength(lines.length)
      const meanings = new Map<string, Set<string>>()
      const note = (key: string, meaning: string) => meanings.set(key, (meanings.get(key) ?? new Set()).add(meaning))
      for (const { ext = [], rtp } of answer.media) {
        for (const { value, uri } of ext) {
          note(`id ${String(value)}`, uri)
          note(`uri ${uri}`, String(value))
        }
        for (const { payload, codec } of rtp) note(`type ${String(payload)}`, codec)
      }
      for (const [key, all] of meanings) expect([key, [...all]]).toEqual([key, [[...all][0]]])
      const bundled = String(answer.groups?.[0]?.mids ?? '').split(' ')
      const live = answer.media.filter(({ port }) => port !== 0)
      expect(live.map((one) => String(one.mid)).sort()).toEqual([...bundled].sort())
      expect(live.filter(({ candidates }) => candidates !== undefined).map((one) => String(one.mid))).toEqual([
        bundled[0],
      ])
    }),
    { numRuns: 300 },
  )
  expect(answered).toBeGreaterThan(30)
})

test('layers that are told apart by SSRC have names, and their retransmissions', () => {
  const lines = [
    'a=ssrc-group:SIM 11 12 13',
    'a=ssrc-group:FID 11 21',
    'a=ssrc-group:FID 12 22',
    'a=ssrc-group:FEC-FR 13 33',
  ]
  const ssrcs = [11, 12, 13, 21, 22, 33].map((ssrc) => `a=ssrc:${String(ssrc)} cname:x`)
  const remoteOf = (more: readonly string[]) =>
    answerTo(
      offerOf([{ kind: 'video', mid: 'v', direction: 'sendonly', codecs: [H264], more }]),
      planPublish(preferences),
    ).accepted[0]!
  const layered = remoteOf([...lines, ...ssrcs])
  expect(layersOf(layered)).toEqual(['ssrc-11', 'ssrc-12', 'ssrc-13'])
  expect(layered.remote.map(({ rtxSsrc }) => rtxSsrc)).toEqual([21, 22, undefined])
  expect(remoteOf(lines).remote).toEqual(layered.remote)
  expect(layersOf(remoteOf(ssrcs))).toEqual([])
  expect(remoteOf(['a=ssrc-group:FID 11 21']).remote).toEqual([{ ssrc: 11, rtxSsrc: 21 }])
  const both = remoteOf([...lines, 'a=rid:h send', 'a=rid:l send', 'a=simulcast:send h;l'])
  expect(layersOf(both)).toEqual(['h', 'l'])
})
