import type { PublishedStreamType, TrackKind, User, UserStream, StreamSubscription } from '@crossroom/protocol'
import type { ReceivedTrack } from './downlink.js'
import { CrossroomError } from '../errors.js'
import type { RemoteVideoOptions, RemoteVideoTarget } from '../options.js'
import { FlvStage, type FlvRequest } from './flv-stage.js'
import { Picture, type Rotation } from '../media/picture.js'
import { RemoteAudio } from './remote-audio.js'
import { Sound } from './sound.js'
import { streamKey, widthFor, subscriptionOf } from './subscriptions.js'

/** How remote streams come. */
export type PlayPath = 'webrtc' | 'ws-flv'

/** What the remote side is set up with and tells. */
export interface RemoteMediaOptions {
  readonly autoReceiveAudio: boolean
  readonly autoReceiveVideo: boolean
  readonly unseenWidth: number
  /** `media.subscribe`: the complete subscription, sent only when it changes. */
  subscribe(subscription: readonly StreamSubscription[]): void
  firstFrame(userId: string, streamType: PublishedStreamType, width: number, height: number): void
  sizeChanged(userId: string, streamType: PublishedStreamType, width: number, height: number): void
  readonly trackCame: (track: ReceivedTrack) => void
  readonly blocked: (userId: string, resume: () => Promise<void>) => void
  readonly failed: (error: CrossroomError) => void
}

interface View {
  readonly userId: string
  readonly streamType: PublishedStreamType
  readonly picture: Picture
  fixedWidth: number | undefined
  width: number
}

/** All remote media: the subscription, its views and its audio. */
export class RemoteMedia {
  readonly sound: Sound
  readonly #options: RemoteMediaOptions
  readonly #voices: RemoteAudio
  readonly #flv: FlvStage
  readonly #views = new Map<string, View>()
  /** The page's settings for the audio of users; `*` applies to all others. */
  readonly #muted = new Map<string, boolean>()
  /** `USER STREAM KIND` of every track that was there since its owner came. */
  readonly #seen = new Set<string>()
  readonly #rotations = new Map<string, Rotation>()
  #users: readonly User[] = []
  #tracks: readonly ReceivedTrack[] = []
  #path: PlayPath = 'webrtc'
  #subscribesToNothing = false
  #lastSubscription = ''
  #timer: ReturnType<typeof setTimeout> | undefined
  #closed = false

  constructor(options: RemoteMediaOptions) {
    this.#options = options
    this.sound = new Sound({ blocked: options.blocked })
    this.sound.setMuted((userId) => !this.#wantsAudioOf(userId))
    this.#voices = new RemoteAudio(this.sound)
    this.#flv = new FlvStage(this.sound, { failed: options.failed })
  }

  get path(): PlayPath {
    return this.#path
  }

  /** The media received over WebRTC. */
  get tracks(): readonly ReceivedTrack[] {
    return this.#tracks
  }

  /** The whole list of the others. */
  setUsers(users: readonly User[]): void {
    this.#users = users
    const present = new Set(users.map(({ userId }) => userId))
    for (const [key, view] of this.#views) {
      if (present.has(view.userId)) continue
      view.picture.close()
      this.#views.delete(key)
    }
    const isGone = (key: string): boolean => !present.has(key.slice(0, key.indexOf(' ')))
    for (const key of this.#seen) if (isGone(key)) this.#seen.delete(key)
    for (const key of this.#rotations.keys()) if (isGone(key)) this.#rotations.delete(key)
    for (const { userId, streams } of users) for (const stream of streams) this.#note(userId, stream)
    this.#update()
  }

  /** The media received over WebRTC, and its users. */
  setTracks(tracks: readonly ReceivedTrack[]): void {
    const before = this.#tracks
    this.#tracks = tracks
    this.#present()
    for (const received of tracks) {
      const { userId, streamType, track } = received
      const isOld = before.some((old) => old.track === track && old.userId === userId && old.streamType === streamType)
      if (!isOld) this.#options.trackCame(received)
    }
  }

  /** The rotation of users' video, for every path. */
  setRotation(userId: string, streamType: PublishedStreamType, rotation: Rotation): void {
    this.#rotations.set(streamKey(userId, streamType), rotation)
    this.#present()
  }

  /** The last picture stays until the other path has one. The subscription stays too: it keeps the server offering. */
  setPath(path: PlayPath): void {
    if (path === this.#path) return
    this.#path = path
    for (const { picture } of this.#views.values()) picture.hold()
    this.#update()
  }

  /** This browser can receive nothing by WebRTC. */
  subscribeToNothing(): void {
    this.#subscribesToNothing = true
    this.#update()
  }

  /** Throws `VIEW_NOT_FOUND` and `STREAM_NOT_FOUND`. */
  startVideo({ userId, streamType = 'main', view, maxWidth, fit, mirror }: RemoteVideoOptions): void {
    if (!this.#users.some((user) => user.userId === userId)) throw new CrossroomError('STREAM_NOT_FOUND')
    const key = streamKey(userId, streamType)
    const old = this.#views.get(key)
    if (old?.picture.isIn(view) === true) {
      old.picture.arrange({ fit, mirror })
      old.fixedWidth = maxWidth
    } else {
      const picture: Picture = new Picture(
        view,
        { fit, mirror },
        {
          firstFrame: (width, height) => this.#options.firstFrame(userId, streamType, width, height),
          sizeChanged: (width, height) => this.#options.sizeChanged(userId, streamType, width, height),
          viewChanged: () => this.#update(),
        },
      )
      old?.picture.close()
      this.#views.set(key, { userId, streamType, picture, fixedWidth: maxWidth, width: widthFor(picture.wantedWidth) })
    }
    this.#update()
  }

  stopVideo({ userId, streamType = 'main' }: RemoteVideoTarget): void {
    const key = streamKey(userId, streamType)
    this.#views.get(key)?.picture.close()
    this.#views.delete(key)
    this.#update()
  }

  /** `*` applies to all users and clears individual settings. */
  muteAudio(userId: string, mute: boolean): void {
    if (userId === '*') this.#muted.clear()
    this.#muted.set(userId, mute)
    this.sound.setMuted((id) => !this.#wantsAudioOf(id))
    this.#update()
  }

  /** The element that shows a picture. */
  videoOf({ userId, streamType = 'main' }: RemoteVideoTarget): HTMLVideoElement | undefined {
    return this.#views.get(streamKey(userId, streamType))?.picture.video
  }

  /** Idempotent. */
  close(): void {
    this.#closed = true
    clearTimeout(this.#timer)
    this.#voices.play([])
    this.#flv.play([])
    this.sound.close()
    for (const { picture } of this.#views.values()) picture.close()
    this.#views.clear()
  }

  #note(userId: string, { streamType, hasAudio, hasVideo }: UserStream): void {
    if (streamType === 'small') return
    if (hasAudio) this.#seen.add(`${streamKey(userId, streamType)} audio`)
    if (hasVideo) this.#seen.add(`${streamKey(userId, streamType)} video`)
  }

  #wantsAudioOf(userId: string): boolean {
    return !(this.#muted.get(userId) ?? this.#muted.get('*') ?? !this.#options.autoReceiveAudio)
  }

  /** Shows immediately, and updates the subscription at the end of this turn. */
  #update(): void {
    this.#present()
    this.#timer ??= setTimeout(() => {
      this.#timer = undefined
      this.#updateSubscription()
    }, 0)
  }

  #updateSubscription(): void {
    if (this.#closed) return
    for (const view of this.#views.values()) view.width = widthFor(view.picture.wantedWidth, view.width)
    const views = [...this.#views.values()].map(({ userId, streamType, fixedWidth, width }) => {
      return { userId, streamType, maxWidth: fixedWidth ?? width }
    })
    const subscription = subscriptionOf(this.#subscribesToNothing ? [] : this.#users, {
      autoReceiveVideo: this.#options.autoReceiveVideo,
      unseenWidth: this.#options.unseenWidth,
      views,
      wantsAudioOf: (userId) => this.#wantsAudioOf(userId),
      wasThere: (userId, streamType, kind) => this.#seen.has(`${streamKey(userId, streamType)} ${kind}`),
    })
    const text = JSON.stringify(subscription)
    if (text === this.#lastSubscription) return
    this.#lastSubscription = text
    this.#options.subscribe(subscription)
  }

  #present(): void {
    if (this.#closed) return
    const byWebRtc = this.#path === 'webrtc'
    // Before a track is shown: mpegts.js takes whatever the element has from it when it lets go.
    if (byWebRtc) this.#flv.play([])
    for (const [key, { userId, streamType, picture }] of this.#views) {
      picture.turn(byWebRtc ? 0 : (this.#rotations.get(key) ?? 0))
      const shows = byWebRtc && this.#streamOf(userId, streamType)?.hasVideo === true
      picture.show(shows ? this.#trackOf(userId, streamType, 'video') : undefined)
    }
    this.#voices.play(
      byWebRtc ? this.#tracks.filter(({ kind, userId }) => kind === 'audio' && this.#isHere(userId)) : [],
    )
    if (!byWebRtc) this.#flv.play(this.#flvRequests())
  }

  #flvRequests(): FlvRequest[] {
    return this.#users.flatMap(({ userId, streams }) =>
      streams.flatMap(({ streamType, hasAudio, hasVideo, play }) => {
        if (streamType === 'small') return []
        const picture = hasVideo ? this.#views.get(streamKey(userId, streamType))?.picture : undefined
        if (picture === undefined && !(hasAudio && this.#wantsAudioOf(userId))) return []
        picture?.expectFrame()
        return [{ userId, streamType, url: play.wsFlv, video: picture?.video }]
      }),
    )
  }

  #isHere(userId: string): boolean {
    return this.#users.some((user) => user.userId === userId)
  }

  #streamOf(userId: string, streamType: PublishedStreamType): UserStream | undefined {
    const user = this.#users.find((candidate) => candidate.userId === userId)
    return user?.streams.find((stream) => stream.streamType === streamType)
  }

  #trackOf(userId: string, streamType: PublishedStreamType, kind: TrackKind): MediaStreamTrack | undefined {
    return this.#tracks.find((it) => it.userId === userId && it.streamType === streamType && it.kind === kind)?.track
  }
}
