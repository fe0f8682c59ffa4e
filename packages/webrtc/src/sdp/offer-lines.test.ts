import fc from 'fast-check'
import { expect, test } from 'vitest'
import { OFFERED_CODECS, writeOffer, type OfferedMedia } from './offer.js'
import { OfferLines, type OfferTrack } from './offer-lines.js'

const LIMITS = { audio: 3, video: 4 } as const

const track = fc
  .record({ who: fc.integer({ min: 0, max: 9 }), kind: fc.constantFrom('audio', 'video') })
  .map(({ who, kind }): OfferTrack => ({ id: `${who} ${kind}`, kind, streamId: `user${who}-main` }))

const step = fc.oneof(
  fc.record({ do: fc.constant('offer' as const), wanted: fc.array(track, { maxLength: 14 }) }),
  fc.record({ do: fc.constant('release' as const), id: track.map(({ id }) => id) }),
  fc.record({ do: fc.constant('answered' as const) }),
)

const local = {
  ...{ sessionId: '1', version: 1, cname: 'c', candidates: [] },
  ice: { usernameFragment: 'ufrag', password: 'password-of-enough-length' },
  fingerprint: { algorithm: 'sha-256', value: 'AA' },
}

test('for any order of requests, releases and answers every offer is possible and valid', () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 30 }), (steps) => {
      // The worst source of randomness there can be.
      const lines = new OfferLines(LIMITS, (length) => new Uint8Array(length))
      const ssrcs = new Map<number, string>()
      let before: readonly OfferedMedia[] = []
      for (const taken of steps) {
        if (taken.do === 'release') lines.release(taken.id)
        else if (taken.do === 'answered') lines.answered()
        else {
          const { media, skipped } = lines.offer(taken.wanted)
          expect(writeOffer(media, OFFERED_CODECS, local)).toMatch(/^v=0\r\n/)
          // No m-line is ever taken out or becomes another one's kind.
          expect(media.map(({ mid, kind }) => [mid, kind]).slice(0, before.length)).toEqual(
            before.map(({ mid, kind }) => [mid, kind]),
          )
          for (const kind of ['audio', 'video'] as const)
            expect(media.filter((line) => line.kind === kind).length).toBeLessThanOrEqual(LIMITS[kind])
          for (const { id } of taken.wanted) expect(lines.has(id)).toBe(!skipped.some((left) => left.id === id))
          for (const { mid, streamId, stream } of media) {
            if (stream === undefined) continue
            const holder = `${mid} ${streamId}`
            for (const ssrc of [stream.ssrc, stream.rtxSsrc ?? stream.ssrc]) {
              expect(ssrcs.get(ssrc) ?? holder).toBe(holder)
              ssrcs.set(ssrc, holder)
            }
          }
          before = media
        }
      }
    }),
    { numRuns: 300 },
  )
})
