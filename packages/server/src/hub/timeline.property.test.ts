import type { Micros } from '@crossroom/media'
import fc from 'fast-check'
import { test } from 'vitest'
import { MS, SECOND } from '../../../../test/scenarios/stage.js'
import { encode, type Encoder, type EncoderEvent, type Taken } from './encoders.fake.js'
import { Timeline } from './timeline.js'

interface Mapped extends Taken {
  readonly dts: Micros
  readonly pts: Micros
}

function map(encoder: Encoder): Mapped[] {
  const timeline = new Timeline()
  return encode(encoder).map((taken) => {
    const { dts, pts } = timeline.map(taken.frame)
    return { ...taken, dts, pts }
  })
}

const of = (frames: readonly Mapped[], kind: 'video' | 'audio') =>
  frames.filter(({ frame }) => frame.config.kind === kind)

/** Sound and picture are in sync: one moment has one time in both, except for a moment after an event. */
function largestSkew(encoder: Encoder, frames: readonly Mapped[]): { skew: Micros; at: Micros } {
  const audio = of(frames, 'audio')
  let worst = { skew: 0, at: 0 }
  let next = 0
  for (const picture of of(frames, 'video')) {
    while (next + 1 < audio.length && audio[next + 1]!.truth <= picture.truth) next++
    const sound = audio[next]
    if (sound === undefined || Math.abs(sound.truth - picture.truth) > 100 * MS) continue
    if (isUnsettled(encoder, picture)) continue
    const skew = picture.dts - picture.truth - (sound.dts - sound.truth)
    if (Math.abs(skew) > Math.abs(worst.skew)) worst = { skew, at: picture.truth }
  }
  return worst
}

/** Within 2 s of an event, of the start, or of the second track's. */
function isUnsettled({ events, begins }: Encoder, { truth, frame }: Mapped): boolean {
  const starts = [begins.video, begins.audio].map((at) => ({ at, for: 0 }))
  return [...starts, ...events].some((event) => {
    const end = event.at + ('for' in event ? event.for : 0)
    return truth >= event.at - 100 * MS && (truth < end + 2 * SECOND || frame.receivedAt < end + 2 * SECOND)
  })
}

function claim(holds: boolean, what: string, { frame, truth }: Mapped): void {
  if (!holds) throw new Error(`${what} (${frame.config.kind} of ${String(truth / SECOND)} s)`)
}

function check(encoder: Encoder): void {
  const frames = map(encoder)
  for (const kind of ['video', 'audio'] as const) {
    const track = of(frames, kind)
    // A clock that stood still is put right: at once where the other track tells, else with the next jump.
    let stood = 0
    for (const event of encoder.events) if (event.type === 'stand' && event.of === kind) stood += event.for
    let before: Mapped | undefined
    for (const now of track) {
      claim(now.pts - now.dts === now.frame.pts - now.frame.dts, 'pts - dts is not as it was sent', now)
      if (before !== undefined) {
        const step = now.dts - before.dts
        claim(step >= MS, 'time does not rise by a millisecond', now)
        claim(step < now.truth - before.truth + stood + 200 * MS, `${String(step / 1000)} ms make a hole`, now)
      }
      before = now
    }
    const [first, last] = [track.find((one) => !isUnsettled(encoder, one)), track.at(-1)]
    if (first === undefined || last === undefined) continue
    // The stream is neither ahead of real time nor behind: nothing was invented or lost, give or take a moment an event.
    const gained = last.dts - last.truth - (first.dts - first.truth)
    const drifted =
      ((last.truth - first.truth) * Math.max(Math.abs(encoder.drift.video), Math.abs(encoder.drift.audio))) / 1e6
    const other = encoder.origins[kind === 'video' ? 'audio' : 'video']
    // Of a clock that stood still nothing tells but another one.
    const allowed = other === undefined ? stood : 0
    claim(
      Math.abs(gained) < allowed + drifted + 100 * MS * (1 + encoder.events.length),
      `${String(gained / 1000)} ms gained`,
      last,
    )
  }
  const { skew, at } = largestSkew(encoder, frames)
  // Where the stamps have two origins, nothing but arrival tells, and what the encoder needs for either cannot be known.
  const { origins, latency, jitter } = encoder
  const unknowable = origins.video === origins.audio ? 0 : Math.abs(latency.video - latency.audio) + jitter
  if (Math.abs(skew) > 40 * MS + unknowable)
    throw new Error(`${String(skew / 1000)} ms apart at ${String(at / SECOND)} s`)
}

const BASE: Encoder = {
  seed: 1,
  duration: 20 * SECOND,
  fps: 25,
  origins: { video: 0, audio: 0 },
  begins: { video: 0, audio: 0 },
  drift: { video: 0, audio: 0 },
  latency: { video: 60 * MS, audio: 20 * MS },
  jitter: 15 * MS,
  bFrames: 0,
  lowered: 0,
  grain: MS,
  events: [],
}

const at = 8 * SECOND
const CASES: readonly [string, Partial<Encoder>][] = [
  ['nothing special', {}],
  ['pictures that share stamps', { fps: 60, grain: 30 * MS }],
  ['pictures that share stamps, three by three', { fps: 60, grain: 50 * MS, bFrames: 2 }],
  ['negative composition times', { bFrames: 2, lowered: 80 * MS }],
  ['delivery held for 6 s', { events: [{ type: 'stall', at, for: 6 * SECOND, loses: 0 }] }],
  ['delivery held for 12 s', { duration: 40 * SECOND, events: [{ type: 'stall', at, for: 12 * SECOND, loses: 0 }] }],
  ['delivery held, the rest lost', { events: [{ type: 'stall', at, for: 6 * SECOND, loses: 3 * SECOND }] }],
  [
    'delivery held again and again',
    { events: [4, 8, 12].map((s) => ({ type: 'stall', at: s * SECOND, for: 2 * SECOND, loses: 0 })) },
  ],
  ...[-3600, -2, -1, -0.5, -0.3, -0.2, -0.1, -0.05, 0.05, 0.1, 0.2, 0.5, 1, 2, 2.9, 3600].flatMap(
    (by): [string, Partial<Encoder>][] =>
      (['both', 'video', 'audio'] as const).map((of) => [
        `${of} steps by ${String(by)} s`,
        { events: [{ type: 'step', at, by: by * SECOND, of }] },
      ]),
  ),
  [
    'repeated steps',
    {
      events: [4, 7, 10, 13, 16].map((s, i) => ({
        type: 'step',
        at: s * SECOND,
        by: (i % 2 ? 1 : -1) * SECOND,
        of: 'both',
      })),
    },
  ],
  ['a reset', { events: [{ type: 'reset', at }] }],
  [
    'a reset after a pause',
    {
      events: [
        { type: 'pause', at: at - 3 * SECOND, for: 3 * SECOND, of: 'both' },
        { type: 'reset', at },
      ],
    },
  ],
  ['a pause of both', { events: [{ type: 'pause', at, for: 5 * SECOND, of: 'both' }] }],
  ['a pause of the sound', { events: [{ type: 'pause', at, for: 5 * SECOND, of: 'audio' }] }],
  ['a pause of the picture', { events: [{ type: 'pause', at, for: 5 * SECOND, of: 'video' }] }],
  ['sound whose clock stands still', { events: [{ type: 'stand', at, for: 2 * SECOND, of: 'audio' }] }],
  ['a picture whose clock stands still', { events: [{ type: 'stand', at, for: 2 * SECOND, of: 'video' }] }],
  ['pictures from 20 s', { origins: { video: 20 * SECOND, audio: 0 } }],
  ['pictures from an hour', { origins: { video: 3600 * SECOND, audio: 0 } }],
  ['sound from an hour', { origins: { video: 0, audio: 3600 * SECOND } }],
  [
    'pictures from an hour, sound first',
    { origins: { video: 3600 * SECOND, audio: 0 }, latency: { video: 20 * MS, audio: 0 } },
  ],
  [
    'pictures 10 s later from 0',
    { origins: { video: 0, audio: 5 * SECOND }, begins: { video: 10 * SECOND, audio: 0 } },
  ],
  ['pictures 10 s later', { begins: { video: 10 * SECOND, audio: 0 } }],
  ['sound 10 s later', { begins: { video: 0, audio: 10 * SECOND } }],
  ...[100, 500, 1000].flatMap((ppm): [string, Partial<Encoder>][] => [
    [`sound ${String(ppm)} ppm fast`, { duration: 300 * SECOND, drift: { video: 0, audio: ppm } }],
    [`sound ${String(ppm)} ppm slow`, { duration: 300 * SECOND, drift: { video: 0, audio: -ppm } }],
    [`both ${String(ppm)} ppm fast`, { duration: 100 * SECOND, drift: { video: ppm, audio: ppm } }],
  ]),
]

test.each(CASES)('%s: in sync, rising, nothing invented', (_name, change) => {
  check({ ...BASE, ...change })
})

const seconds = (min: number, max: number) => fc.integer({ min: min * 1000, max: max * 1000 }).map((ms) => ms * MS)
const side = fc.constantFrom('both' as const, 'video' as const, 'audio' as const)
const event = (at: Micros): fc.Arbitrary<EncoderEvent> =>
  fc.oneof(
    fc.record({
      type: fc.constant('step' as const),
      at: fc.constant(at),
      by: fc
        .oneof(
          seconds(0.2, 5),
          seconds(0.2, 5).map((by) => -by),
          seconds(-90000, 90000),
        )
        .filter((by) => Math.abs(by) >= 200 * MS),
      of: side,
    }),
    fc.record({
      type: fc.constant('stall' as const),
      at: fc.constant(at),
      for: seconds(0.1, 7),
      loses: fc.constantFrom(0, 0.5 * SECOND),
    }),
    fc.record({ type: fc.constant('pause' as const), at: fc.constant(at), for: seconds(0.3, 7), of: side }),
    fc.record({
      type: fc.constant('stand' as const),
      at: fc.constant(at),
      for: seconds(0.5, 7),
      of: fc.constantFrom('video' as const, 'audio' as const),
    }),
    fc.record({ type: fc.constant('reset' as const), at: fc.constant(at) }),
  )

const encoder: fc.Arbitrary<Encoder> = fc.record({
  seed: fc.nat(),
  duration: fc.constant(45 * SECOND),
  fps: fc.constantFrom(15, 24, 25, 30, 60),
  origins: fc.oneof(
    seconds(0, 4000).map((origin) => ({ video: origin, audio: origin })),
    fc
      .record({ video: seconds(0, 4000), audio: seconds(0, 4000) })
      .filter(({ video, audio }) => Math.abs(video - audio) > 1500 * MS),
    fc.constant({ video: 0 }),
    fc.constant({ audio: 0 }),
  ),
  begins: fc.constantFrom({ video: 0, audio: 0 }, { video: 1.2 * SECOND, audio: 0 }, { video: 0, audio: 3 * SECOND }),
  drift: fc.record({ video: fc.integer({ min: -300, max: 300 }), audio: fc.integer({ min: -300, max: 300 }) }),
  latency: fc.constantFrom(
    { video: 60 * MS, audio: 20 * MS },
    { video: 0, audio: 0 },
    { video: 20 * MS, audio: 120 * MS },
  ),
  jitter: fc.constantFrom(0, 5 * MS, 15 * MS),
  bFrames: fc.constantFrom(0, 1, 2, 3),
  lowered: fc.constantFrom(0, 80 * MS, 500 * MS),
  grain: fc.constantFrom(MS, MS, 30 * MS),
  events: fc.tuple(event(9 * SECOND), event(22 * SECOND), event(33 * SECOND)).map((events) => events),
})

test('whatever an encoder does: in sync after 2 s, rising, nothing invented', () => {
  fc.assert(fc.property(encoder, check), { numRuns: 150, seed: 20 })
})
