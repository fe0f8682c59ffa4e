import type { PublishedStreamType, TrackKind, User } from '@crossroom/protocol'
import type { Crossroom } from '../crossroom.js'
import type { RemoteStreamEvent } from '../events.js'
import type { RemoteStreamInfo, VideoType } from './webrtc-types.js'

/** What pages written for WebRTCAPI hear about the others. */
export interface RemoteStreamListener {
  updated(info: RemoteStreamInfo): void
  removed(userId: string, videoId: string): void
  muted(kind: TrackKind, userId: string, isMuted: boolean): void
}

interface RemoteStream {
  readonly userId: string
  readonly streamType: PublishedStreamType
  readonly videoId: string
  readonly tracks: Map<TrackKind, MediaStreamTrack>
  /** Tracks seen before; a known track that is missing now is muted. */
  readonly available: Map<TrackKind, boolean>
}

/** Makes of tracks that come and go one MediaStream for each camera and each screen. */
export class RemoteStreams {
  readonly #listener: RemoteStreamListener
  readonly #streams = new Map<string, RemoteStream>()

  constructor(crossroom: Crossroom, listener: RemoteStreamListener) {
    this.#listener = listener
    crossroom.on('remote-user-enter', ({ userId }) => this.#tell(this.#at(userId, 'main')))
    crossroom.on('track', ({ userId, streamType, kind, track }) => {
      // Tracks are reused: this one may have belonged to another user.
      for (const other of this.#streams.values()) if (other.tracks.get(kind) === track) other.tracks.delete(kind)
      const stream = this.#at(userId, streamType)
      stream.tracks.set(kind, track)
      if (stream.available.has(kind)) this.#tell(stream)
    })
    for (const kind of ['audio', 'video'] as const) {
      crossroom.on(`remote-${kind}-available`, (event) => this.#handleAvailable(kind, event))
      crossroom.on(`remote-${kind}-unavailable`, (event) => this.#handleUnavailable(kind, event))
    }
    crossroom.on('user-list', ({ users }) => this.#handleUsers(users))
  }

  /** Forgets everybody without a word. */
  clear(): void {
    this.#streams.clear()
  }

  #at(userId: string, streamType: PublishedStreamType): RemoteStream {
    const key = `${userId} ${streamType}`
    const known = this.#streams.get(key)
    if (known !== undefined) return known
    const videoId = `${userId}_${Math.random().toString(36).slice(2, 10)}`
    const stream = { userId, streamType, videoId, tracks: new Map(), available: new Map() }
    this.#streams.set(key, stream)
    return stream
  }

  #handleAvailable(kind: TrackKind, { userId, streamType }: RemoteStreamEvent): void {
    const stream = this.#at(userId, streamType)
    const wasMuted = stream.available.get(kind) === false
    stream.available.set(kind, true)
    if (wasMuted) this.#listener.muted(kind, userId, false)
    else if (stream.tracks.has(kind)) this.#tell(stream)
  }

  #handleUnavailable(kind: TrackKind, { userId, streamType }: RemoteStreamEvent): void {
    this.#at(userId, streamType).available.set(kind, false)
    this.#listener.muted(kind, userId, true)
  }

  /** Removes users who left and streams that are no longer published. */
  #handleUsers(users: readonly User[]): void {
    for (const [key, stream] of this.#streams) {
      const user = users.find(({ userId }) => userId === stream.userId)
      const isThere = user?.streams.some(({ streamType }) => streamType === stream.streamType) ?? false
      if (isThere || (user !== undefined && stream.available.size === 0)) continue
      this.#streams.delete(key)
      this.#listener.removed(stream.userId, stream.videoId)
    }
  }

  #tell({ userId, streamType, videoId, tracks, available }: RemoteStream): void {
    const shown = [...tracks].filter(([kind]) => available.has(kind)).map(([, track]) => track)
    const hasVideo = shown.some(({ kind }) => kind === 'video')
    const videoType: VideoType = shown.length === 0 ? 0 : streamType === 'aux' ? 7 : hasVideo ? 2 : 1
    const stream = shown.length === 0 ? null : new MediaStream(shown)
    this.#listener.updated({ userId, openId: userId, stream, videoId, videoType })
  }
}
