import type { MediaFrame, Micros } from '@crossroom/media'
import { seededRandom } from '@crossroom/testkit'
import { audioConfig, MS, SECOND, videoConfig } from '../../../../test/scenarios/stage.js'

const video = videoConfig()
const audio = audioConfig()
const SOUND: Micros = (1024 * SECOND) / 48_000

/** What happens to an encoder's clock, or to what it sends, at a moment of real time. */
export type EncoderEvent =
  | { readonly type: 'step'; readonly at: Micros; readonly by: Micros; readonly of: 'both' | 'video' | 'audio' }
  /** Nothing arrives for so long, then everything at once; `loses`: except the last so much. */
  | { readonly type: 'stall'; readonly at: Micros; readonly for: Micros; readonly loses: Micros }
  /** Nothing is taken for so long, and the clock goes on. */
  | { readonly type: 'pause'; readonly at: Micros; readonly for: Micros; readonly of: 'both' | 'video' | 'audio' }
  /** Nothing is taken for so long, and the track's clock stands still. */
  | { readonly type: 'stand'; readonly at: Micros; readonly for: Micros; readonly of: 'video' | 'audio' }
  | { readonly type: 'reset'; readonly at: Micros }

export interface Encoder {
  readonly seed: number
  readonly duration: Micros
  readonly fps: number
  /** What the stamps of each track say at the start; undefined: the track is missing. */
  readonly origins: { readonly video?: Micros; readonly audio?: Micros }
  /** When each track begins in real time. */
  readonly begins: { readonly video: Micros; readonly audio: Micros }
  /** Parts per million by which each track's clock runs too fast. */
  readonly drift: { readonly video: number; readonly audio: number }
  /** How late each track is sent, always. */
  readonly latency: { readonly video: Micros; readonly audio: Micros }
  readonly jitter: Micros
  /** B-frames without later references, and the offset subtracted from all composition times. */
  readonly bFrames: number
  readonly lowered: Micros
  /** Stamps of pictures are multiples of it: some pictures share one. */
  readonly grain: Micros
  readonly events: readonly EncoderEvent[]
}

/** A frame as it arrives, with the moment at which it was taken (of pictures: at which its dts was due). */
export interface Taken {
  readonly frame: MediaFrame
  readonly truth: Micros
}

/** What an encoder sends, in order of arrival. */
export function encode(encoder: Encoder): Taken[] {
  const random = seededRandom(encoder.seed)
  const both = [...framesOf('video', encoder, random), ...framesOf('audio', encoder, random)]
  const sent = both.sort((a, b) => a.sentAt - b.sentAt)
  let last = 0
  const taken: Taken[] = []
  for (const { kind, stamp, composition, truth, sentAt, index } of sent) {
    let at = sentAt + Math.round(random() * encoder.jitter)
    let isLost = false
    for (const event of encoder.events) {
      if (event.type !== 'stall' || sentAt < event.at || sentAt >= event.at + event.for) continue
      at = event.at + event.for
      isLost = sentAt >= event.at + event.for - event.loses
    }
    if (isLost) continue
    // One connection keeps the order.
    last = Math.max(last, at)
    // As on the wire: whole milliseconds.
    const grain = kind === 'video' ? encoder.grain : MS
    const dts = Math.round(stamp / grain) * grain
    const pts = dts + Math.round(composition / MS) * MS
    const config = kind === 'video' ? video : audio
    const keyframe = kind === 'audio' || index % 50 === 0
    taken.push({
      truth,
      frame: { config, dts, pts, keyframe, units: [], receivedAt: Math.round(last), droppable: false },
    })
  }
  return taken
}

interface Sent {
  readonly kind: 'video' | 'audio'
  readonly stamp: Micros
  readonly composition: Micros
  readonly truth: Micros
  readonly sentAt: Micros
  readonly index: number
}

function* framesOf(kind: 'video' | 'audio', encoder: Encoder, random: () => number): Generator<Sent> {
  const origin = encoder.origins[kind]
  if (origin === undefined) return
  const step = kind === 'video' ? SECOND / encoder.fps : SOUND
  const reach = encoder.bFrames + 1
  for (let index = 0; ; index++) {
    const truth = encoder.begins[kind] + index * step
    if (truth > encoder.duration) return
    if (encoder.events.some((event) => isAway(event, kind, truth))) continue
    const place = index % reach
    // I0 P3 B1 B2 …: the first of each group is shown last.
    const shown = encoder.bFrames === 0 ? 0 : place === 1 ? reach : index === 0 ? 1 : 0
    const composition = kind === 'video' ? shown * step - encoder.lowered : 0
    const work = kind === 'video' ? random() * encoder.jitter : 0
    const sentAt = truth + encoder.latency[kind] + work
    yield { kind, stamp: origin + clockAt(encoder, kind, truth), composition, truth, sentAt, index }
  }
}

function isAway(event: EncoderEvent, kind: 'video' | 'audio', at: Micros): boolean {
  if (event.type !== 'pause' && event.type !== 'stand') return false
  return (event.of === 'both' || event.of === kind) && at >= event.at && at < event.at + event.for
}

/** What a track's clock says at a moment of real time, counted from its start. */
function clockAt(encoder: Encoder, kind: 'video' | 'audio', truth: Micros): Micros {
  let clock = (truth - encoder.begins[kind]) * (1 + encoder.drift[kind] / 1e6)
  if (
    encoder.origins.video === encoder.origins.audio ||
    encoder.origins[kind === 'video' ? 'audio' : 'video'] === undefined
  )
    clock = truth * (1 + encoder.drift[kind] / 1e6)
  for (const event of [...encoder.events].sort((a, b) => a.at - b.at)) {
    if (truth < event.at) continue
    if (event.type === 'step' && (event.of === 'both' || event.of === kind)) clock += event.by
    if (event.type === 'stand' && event.of === kind) clock -= Math.min(event.for, truth - event.at)
    if (event.type === 'reset') clock = truth - event.at - (encoder.origins[kind] ?? 0)
  }
  return clock
}
