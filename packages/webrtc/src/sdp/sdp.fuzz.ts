import { writeAnswer } from './answer.js'
import { SdpError } from './error.js'
import { negotiate, planPlay } from './negotiate.js'
import { browserAnswer } from './browser-answer.fake.js'
import { OfferLines } from './offer-lines.js'
import { negotiateAnswer, OFFERED_CODECS, writeOffer } from './offer.js'
import { playOffers, publishOffers } from './offers.cases.js'
import { parseRemoteDescription } from './remote-description.js'

const preferences = { video: [{ codec: 'h264' }, { codec: 'vp8' }], audio: [{ codec: 'opus' }] } as const

let count = 0

function countedBytes(length: number): Uint8Array {
  return new Uint8Array(length).fill(count++)
}

const local = {
  sessionId: '1',
  version: 1,
  ice: { usernameFragment: 'SRVR0001', password: 'srvPassword0123456789abc' },
  candidates: [],
  fingerprint: { algorithm: 'sha-256', value: 'AB' },
  dtlsRole: 'server',
  cname: 'c',
  streamId: 's',
} as const

function bytesOf(text: string): Uint8Array {
  return Uint8Array.from(text, (character) => character.charCodeAt(0) & 0xff)
}

/** One m-line with few codecs: parsing a whole browser's offer would leave time for a tenth of the mutations. */
function shortened(sdp: string, kind: 'audio' | 'video'): string {
  const [session, ...media] = sdp.split(/^(?=m=)/m)
  const chosen = media.find((part) => part.startsWith(`m=${kind}`))!
  const kept =
    /^a=(rtcp-fb|fmtp|rtpmap):(?!(96|97|111)\b).*\r\n|^a=(extmap:(?!3)|rtcp:|rtcp-xr|rtcp-rsize|ice-options|msid|ssrc).*\r\n/gm
  return session!.replace(/^a=(msid|extmap).*\r\n/gm, '') + chosen.replace(kept, '')
}

const offered = new OfferLines({ audio: 1, video: 1 }, countedBytes).offer([
  { id: 'a', kind: 'audio', streamId: 'ann-main' },
  { id: 'v', kind: 'video', streamId: 'ann-main' },
]).media

/** Invariants: nothing but SdpError is thrown, and an answer has as many m-lines as its offer. */
export const fuzzTargets = [
  {
    name: 'sdp',
    seeds: (): Uint8Array[] => [
      bytesOf(shortened(playOffers.safari.sdp, 'video')),
      bytesOf(shortened(playOffers.chromium.sdp, 'audio')),
      bytesOf(shortened(publishOffers.obs.sdp, 'video')),
    ],
    run: (input: Uint8Array): void => {
      const text = Buffer.from(input).toString('latin1')
      try {
        const offer = parseRemoteDescription(text)
        const answer = writeAnswer(offer, negotiate(offer, planPlay(preferences), countedBytes), local)
        const lines = answer.split('\r\n').filter((line) => line.startsWith('m=')).length
        if (lines !== offer.media.length) throw new Error(`${offer.media.length} m-lines were answered with ${lines}`)
      } catch (error) {
        if (!(error instanceof SdpError)) throw error
      }
    },
  },
  {
    name: 'sdp-answer',
    seeds: (): Uint8Array[] => {
      const offer = writeOffer(offered, OFFERED_CODECS, local)
      return [bytesOf(browserAnswer(offer)), bytesOf(browserAnswer(offer, { codecs: [111, 96], inactive: ['1'] }))]
    },
    /** Whatever the answer: only m-lines and payload types of the offer are sent on. */
    run: (input: Uint8Array): void => {
      try {
        const media = negotiateAnswer(offered, parseRemoteDescription(Buffer.from(input).toString('latin1')))
        for (const { mid, kind, codecs } of media) {
          const own = offered.find((line) => line.mid === mid && line.kind === kind)
          const known = codecs.every((codec) =>
            OFFERED_CODECS[kind].some(({ payloadType }) => payloadType === codec.payloadType),
          )
          if (own?.stream === undefined || !known) throw new Error(`m-line ${mid} was not offered so`)
        }
      } catch (error) {
        if (!(error instanceof SdpError)) throw error
      }
    },
  },
]
