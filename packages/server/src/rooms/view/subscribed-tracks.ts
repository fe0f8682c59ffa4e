import type { StreamType, TrackKind, StreamSubscription } from '@crossroom/protocol'
import type { SubscribedTrack } from '../media/media-gateway.js'
import type { MemberList } from './member-list.js'
import type { ListedLayer, ListedStream } from '../media/listed-stream.js'
import type { Kinds } from '../model/policy.js'

/** A participant's subscription: all, or these in this order. */
export type Subscription = 'all' | readonly StreamSubscription[]

export interface SubscriptionOptions {
  readonly list: MemberList
  readonly subscription: Subscription
  /** The receiver; it does not get its own tracks. */
  readonly userId: string
  readonly may: (streamType: StreamType) => Kinds
  /** Speakers, loudest first. */
  readonly speakers: readonly string[]
}

interface Candidate {
  readonly track: SubscribedTrack
  /** Flowing now; a muted one may flow at any moment, and keeps its place behind. */
  readonly flows: boolean
}

/** In the order of the subscription; a map, because all tracks are calculated again at every change of the list. */
type Candidates = Map<ListedStream, Candidate>

/**
 * The tracks for one browser: audio first, the loudest in front, then video in the order of the subscription. A muted
 * track stays subscribed, after the others, so that it resumes without a new offer.
 */
export function subscribedTracks(options: SubscriptionOptions): SubscribedTrack[] {
  const audio: Candidates = new Map()
  const video: Candidates = new Map()
  for (const asked of streamsOf(options)) {
    const layer = layerOf(options.list, asked)
    if (layer === undefined || asked.userId === options.userId) continue
    const may = options.may(asked.streamType)
    if (asked.audio && may.audio) add(audio, asked, layer.stream, 'audio')
    if (asked.video && may.video) add(video, asked, layer.stream, 'video')
  }
  const rank = new Map(options.speakers.map((userId, place) => [userId, place]))
  const placeOf = ({ track }: Candidate) => rank.get(track.userId) ?? rank.size
  const sounds = [...audio.values()].sort((a, b) => placeOf(a) - placeOf(b))
  return [...flowingFirst(sounds), ...flowingFirst([...video.values()])]
}

/** Screens before cameras, cameras in the order in which their owners came. */
function streamsOf({ list, subscription }: SubscriptionOptions): readonly StreamSubscription[] {
  if (subscription !== 'all') return subscription
  const streams: StreamSubscription[] = []
  for (const streamType of ['aux', 'main'] as const)
    for (const userId of list.keys()) streams.push({ userId, streamType, audio: true, video: true })
  return streams
}

function layerOf(list: MemberList, { userId, streamType }: StreamSubscription): ListedLayer | undefined {
  return list.get(userId)?.layers.find((layer) => layer.streamType === streamType)
}

function add(candidates: Candidates, asked: StreamSubscription, stream: ListedStream, kind: TrackKind): void {
  if (candidates.has(stream) || !stream.tracks[kind]) return
  const { userId, streamType, maxWidth } = asked
  const track = { userId, streamType, kind, key: stream.key }
  const isNarrow = kind === 'video' && maxWidth !== undefined
  candidates.set(stream, { track: isNarrow ? { ...track, maxWidth } : track, flows: stream.kinds[kind] })
}

function flowingFirst(candidates: readonly Candidate[]): SubscribedTrack[] {
  const flowing = candidates.filter(({ flows }) => flows)
  const silent = candidates.filter(({ flows }) => !flows)
  return [...flowing, ...silent].map(({ track }) => track)
}

/** Two lists of tracks with the same text are the same. */
export function textOfTracks(tracks: readonly SubscribedTrack[]): string {
  return tracks.map(({ key, kind, maxWidth = '' }) => `${key.text} ${kind} ${String(maxWidth)}`).join('\n')
}
