import type {
  EndedEvent,
  EnteredEvent,
  IceServer,
  NotificationEvent,
  OfferedTrack,
  ParamsOf,
  PublishedStreamType,
  PublishedTrack,
  ResultOf,
  Role,
  SessionMethod,
  User,
  UsersEvent,
  StreamSubscription,
} from '@crossroom/protocol'
import { CrossroomError, toCrossroomError } from '../errors.js'
import type { ConnectionState, CrossroomEvents, FallbackReason, RemoteStreamEvent } from '../events.js'
import type { LocalTrack } from '../media/local-source.js'
import type { EnteredRoom, EnterRoomOptions } from '../options.js'
import type { ReceivedTrack } from './downlink.js'
import { RemoteMedia } from './remote-media.js'
import { UNSEEN_WIDTH } from './subscriptions.js'
import { MediaPaths } from './media-paths.js'
import { NetworkProbe } from './network-probe.js'
import { watchPage } from './page-watch.js'
import { Roster } from './roster.js'
import { SignalSocket } from '../signal/signal-socket.js'
import { TakeOver } from './take-over.js'
import { WayFinder } from './way-finder.js'

/** What a stay in a room is set up with and tells. */
export interface RoomCallOptions {
  /** `ws(s)://HOST/signal` of each address of the server. */
  readonly signalUrls: readonly string[]
  readonly enter: EnterRoomOptions
  /** Whether this browser can receive by WebRTC at all. */
  readonly canReceiveByWebRtc: boolean
  /** The current local media; {@link RoomCall.localChanged} reports changes. */
  readonly localTracks: () => readonly LocalTrack[]
  readonly emit: <Name extends keyof CrossroomEvents>(name: Name, event: CrossroomEvents[Name]) => void
  /** The stay is over, and not because this side left. */
  readonly ended: () => void
}

/** One stay in one room, from entering to leaving: the socket, the two media connections, and who else is there. */
export class RoomCall {
  readonly remote: RemoteMedia
  readonly #options: RoomCallOptions
  readonly #signal: SignalSocket
  readonly #roster: Roster
  readonly #wayFinder = new WayFinder({
    probe: new NetworkProbe(() => this.#signal.request('room.info', {})),
    restart: () => this.#paths?.restart(),
    networkChanged: () => this.#signal.networkChanged(),
  })
  readonly #unwatch: () => void
  #paths: MediaPaths | undefined
  /** From former connections to those of `#paths`. */
  #takeOver: TakeOver | undefined
  #self: { readonly userId: string; readonly role: Role } | undefined
  #users: readonly User[] = []
  #audienceCount = 0
  #isRecorded = false
  #state: ConnectionState = 'disconnected'
  /** The last `media.state`, by stream. */
  readonly #told = new Map<PublishedStreamType, string>()
  #fallbackReason: FallbackReason | undefined
  #closed = false

  constructor(options: RoomCallOptions) {
    this.#options = options
    const { emit } = options
    const { autoReceiveAudio = true, autoReceiveVideo = true, unseenVideoWidth = UNSEEN_WIDTH } = options.enter
    this.remote = new RemoteMedia({
      autoReceiveAudio,
      autoReceiveVideo,
      unseenWidth: unseenVideoWidth,
      subscribe: (streams) => this.#subscribe(streams),
      firstFrame: (userId, streamType, width, height) =>
        emit('first-video-frame', { userId, streamType, width, height }),
      sizeChanged: (userId, streamType, width, height) =>
        emit('video-size-changed', { userId, streamType, width, height }),
      trackCame: ({ userId, streamType, kind, track }) => emit('track', { userId, streamType, kind, track }),
      blocked: (userId, resume) => emit('autoplay-failed', { userId, resume }),
      failed: (error) => emit('error', error),
    })
    if (!options.canReceiveByWebRtc) this.#fallBack('unsupported')
    this.#roster = new Roster({
      entered: (user) => emit('remote-user-enter', { userId: user.userId, user }),
      exited: (userId, reason) => emit('remote-user-exit', { userId, reason }),
      available: (kind, stream) => emit(`remote-${kind}-available`, stream),
      unavailable: (kind, stream: RemoteStreamEvent) => emit(`remote-${kind}-unavailable`, stream),
    })
    this.#signal = new SignalSocket(options.signalUrls, {
      state: ({ state }) => this.#setState(state === 'idle' || state === 'closed' ? 'disconnected' : state),
      entered: (event) => this.#handleEntered(event),
      users: (event) => this.#handleUsers(event),
      notification: (event) => this.#handleNotification(event),
      ended: (event) => this.#handleEnded(event),
    })
    this.#unwatch = watchPage({
      networkChanged: () => this.#signal.networkChanged(),
      shown: () => this.#signal.wake(),
      // Without a word the others would see this user until the server gives up waiting for a resume.
      closed: () => void this.#signal.leave(),
    })
  }

  get users(): readonly User[] {
    return this.#users
  }

  get audienceCount(): number {
    return this.#audienceCount
  }

  get isRecorded(): boolean {
    return this.#isRecorded
  }

  get self(): { readonly userId: string; readonly role: Role } | undefined {
    return this.#self
  }

  get state(): ConnectionState {
    return this.#state
  }

  /** Both media connections, for statistics. */
  get connections(): { up: RTCPeerConnection | undefined; down: RTCPeerConnection | undefined } {
    return { up: this.#paths?.uplink, down: this.#paths?.downlink }
  }

  get sentTracks(): readonly PublishedTrack[] {
    return this.#paths?.sentTracks ?? []
  }

  get receivedTracks(): readonly OfferedTrack[] {
    return this.remote.tracks
  }

  /** Resolves in the room. Rejects with the server's code and sentence. */
  async enter(): Promise<EnteredRoom> {
    const { roomId, userId, userName, sdkAppId, privateMapKey, role, userSig, token } = this.#options.enter
    const signature = userSig ?? token
    try {
      const result = await this.#signal.enter({
        roomId,
        userId,
        ...(userName === undefined ? {} : { userName }),
        ...(sdkAppId === undefined ? {} : { sdkAppId }),
        ...(signature === undefined ? {} : { userSig: signature }),
        ...(privateMapKey === undefined ? {} : { privateMapKey }),
        ...(role === undefined ? {} : { role }),
      })
      const { room, self, audienceCount } = result
      return { room, userId: self.userId, role: self.role, audienceCount }
    } catch (error) {
      this.#close()
      throw error
    }
  }

  async leave(): Promise<void> {
    await this.#signal.leave()
    this.#close()
  }

  request<Method extends SessionMethod>(method: Method, params: ParamsOf<Method>): Promise<ResultOf<Method>> {
    return this.#signal.request(method, params)
  }

  /** Publishes the current local media. Rejects with CrossroomError when the server does not agree. */
  async localChanged(): Promise<void> {
    const paths = this.#paths
    if (paths === undefined || this.#closed) return
    const tracks = this.#self?.role === 'audience' ? [] : this.#options.localTracks()
    this.#tellMuted(tracks)
    try {
      await paths.send(tracks)
    } catch (error) {
      const failure = toCrossroomError(error, 'NEGOTIATION_FAILED')
      // What failed for want of a connection is done again when there is one.
      if (failure.code !== 'CONNECTION_LOST' && !this.#closed) throw failure
    }
  }

  async switchRole(role: 'anchor' | 'audience'): Promise<void> {
    await this.#signal.request('room.switchRole', { role })
    this.#setRole(role)
  }

  #tellMuted(tracks: readonly LocalTrack[]): void {
    for (const streamType of ['main', 'aux'] as const) {
      const muted = (kind: LocalTrack['kind']): boolean =>
        tracks.some((track) => track.streamType === streamType && track.kind === kind && track.muted)
      const state = { audio: !muted('audio'), video: !muted('video'), streamType }
      const text = JSON.stringify(state)
      const isNews = this.#told.get(streamType) ?? JSON.stringify({ audio: true, video: true, streamType })
      if (isNews === text) continue
      this.#told.set(streamType, text)
      this.#signal.request('media.state', state).catch((error: unknown) => this.#fail(error))
    }
  }

  #subscribe(streams: readonly StreamSubscription[]): void {
    this.#signal.subscribe(streams).catch((error: unknown) => {
      if (error instanceof CrossroomError && error.code === 'WEBRTC_OFF') this.#fallBack('off')
      else this.#fail(error)
    })
  }

  #handleEntered({ how, result }: EnteredEvent): void {
    const { iceServers } = result
    this.#self = result.self
    this.#countAudience(result.audienceCount)
    this.#setRecorded(result.room.recording === true)
    if (this.#paths === undefined) this.#paths = this.#openPaths(iceServers)
    else if (how === 'resumed') this.#resumePaths(this.#paths)
    else this.#startOver(this.#paths, iceServers)
    // After this turn, for the page shall hear who is there before anything else happens.
    queueMicrotask(() => {
      this.localChanged().catch((error: unknown) => this.#fail(error))
    })
  }

  #resumePaths(paths: MediaPaths): void {
    this.#wayFinder.settle(performance.now())
    paths.resume()
  }

  /** This server knows no connections of ours. The former ones, as far as they live, play until the new ones do. */
  #startOver(former: MediaPaths, iceServers: readonly IceServer[]): void {
    this.#takeOver?.finish()
    former.retire()
    this.#takeOver = new TakeOver({
      shown: this.remote.tracks,
      show: (tracks) => this.remote.setTracks(tracks),
      done: () => former.close(),
    })
    this.#paths = this.#openPaths(iceServers)
  }

  #setTracks(tracks: readonly ReceivedTrack[]): void {
    if (this.#takeOver?.isOver === false) this.#takeOver.setTracks(tracks)
    else this.remote.setTracks(tracks)
  }

  #openPaths(iceServers: readonly IceServer[]): MediaPaths {
    return new MediaPaths(iceServers, {
      publish: async (sdp, tracks) => (await this.#signal.request('media.publish', { sdp, tracks })).sdp,
      answer: (sdp, revision) => this.#signal.request('media.answer', { sdp, revision }),
      restart: () => this.#signal.request('media.restart', {}),
      lost: () => this.#signal.networkChanged(),
      doubted: (direction) => {
        if (this.#isMissed(direction)) this.#wayFinder.doubted(performance.now())
      },
      stalled: (direction) => {
        if (this.#isMissed(direction)) void this.#wayFinder.stalled(performance.now())
      },
      tracksChanged: (tracks) => this.#setTracks(tracks),
      receiving: () => this.#setPath({ path: 'webrtc' }),
      unreachable: (why) => this.#fallBack(why),
      failed: (error) => this.#fail(error),
    })
  }

  /** Muted users are not missed, unpublished media needs no answer, and nothing counts while the socket reconnects. */
  #isMissed(direction: 'up' | 'down'): boolean {
    if (this.#state !== 'connected') return false
    return direction === 'up'
      ? this.sentTracks.length > 0
      : this.#users.some(({ streams }) => streams.some(({ hasAudio, hasVideo }) => hasAudio || hasVideo))
  }

  #fallBack(why: FallbackReason): void {
    if (why === 'unsupported') this.remote.subscribeToNothing()
    this.#setPath({ path: 'ws-flv', why })
  }

  /** Told again when the reason is another one, for the page says it. */
  #setPath(next: CrossroomEvents['play-path-changed']): void {
    if (this.#closed || (next.path === this.remote.path && next.why === this.#fallbackReason)) return
    this.#fallbackReason = next.why
    this.remote.setPath(next.path)
    this.#options.emit('play-path-changed', next)
  }

  #handleUsers(event: UsersEvent): void {
    const { emit } = this.#options
    this.#users = event.users
    this.remote.setUsers(event.users)
    this.#roster.update(event)
    emit('user-list', { users: event.users })
    this.#countAudience(event.audienceCount)
  }

  #countAudience(count: number): void {
    if (count === this.#audienceCount) return
    this.#audienceCount = count
    this.#options.emit('audience-count', { count })
  }

  #handleNotification(event: NotificationEvent): void {
    const { emit } = this.#options
    switch (event.method) {
      case 'media.offer':
        if (this.#options.canReceiveByWebRtc) this.#paths?.offer(event.params)
        return
      case 'media.published':
        return emit('publish-state-changed', event.params)
      case 'media.levels':
        return emit('audio-volume', {
          volumes: event.params.levels.map(({ userId, level }) => ({ userId, volume: level })),
        })
      case 'media.quality':
        return emit('network-quality', event.params)
      case 'message.received':
        return emit('message', { ...event.params, data: contentOf(event.params) })
      case 'room.roleChanged':
        if (event.params.userId === this.#self?.userId) this.#setRole(event.params.role)
        return emit('role-changed', event.params)
      case 'room.muted':
        return emit('muted', event.params)
      case 'room.recording':
        return this.#setRecorded(event.params.recording)
      case 'mic.requested':
        return emit('mic-requested', event.params)
      case 'mic.withdrawn':
        return emit('mic-withdrawn', event.params)
      case 'mic.answered':
        return emit('mic-answered', event.params)
      case 'room.expiring':
        return emit('signature-expiring', event.params)
      case 'media.rotation': {
        const { userId, streamType, rotation } = event.params
        if (streamType !== 'small') this.remote.setRotation(userId, streamType, rotation)
        return
      }
      case 'room.userList':
      case 'room.userEnter':
      case 'room.userExit':
      case 'room.videoState':
      case 'room.audioState':
      case 'room.closed':
      case 'call.ringing':
      case 'call.accepted':
      case 'call.rejected':
      case 'call.changed':
      case 'call.ended':
        return
    }
  }

  /** Also when it changed while there was no connection. */
  #setRecorded(recording: boolean): void {
    if (recording === this.#isRecorded) return
    this.#isRecorded = recording
    this.#options.emit('recording-changed', { recording })
  }

  #setRole(role: Role): void {
    if (this.#self === undefined || this.#self.role === role) return
    this.#self = { ...this.#self, role }
    this.localChanged().catch((error: unknown) => this.#fail(error))
  }

  #setState(state: ConnectionState): void {
    const previous = this.#state
    if (state === previous) return
    this.#state = state
    this.#options.emit('connection-state-changed', { state, previous })
  }

  #handleEnded({ reason, code, sentence, retryAfterMs }: EndedEvent): void {
    if (reason === 'left') return
    this.#close()
    this.#options.ended()
    const { emit } = this.#options
    if (reason === 'unreachable') emit('error', new CrossroomError('SERVER_UNREACHABLE', sentence))
    else emit('kicked-out', { reason, message: sentence, ...(retryAfterMs === undefined ? {} : { retryAfterMs }) })
    if (reason === 'refused' && code !== undefined) emit('error', new CrossroomError(code, sentence))
  }

  #fail(error: unknown): void {
    const failure = toCrossroomError(error, 'NEGOTIATION_FAILED')
    if (!this.#closed && failure.code !== 'CONNECTION_LOST') this.#options.emit('error', failure)
  }

  #close(): void {
    if (this.#closed) return
    this.#closed = true
    this.#unwatch()
    this.#wayFinder.close()
    this.#takeOver?.close()
    this.#paths?.close()
    this.remote.close()
    this.#setState('disconnected')
  }
}

/** Custom messages travel as JSON; other clients may send invalid JSON. */
function contentOf({ kind, data }: { readonly kind: string; readonly data: string }): unknown {
  if (kind === 'text') return data
  try {
    return JSON.parse(data) as unknown
  } catch {
    return data
  }
}
