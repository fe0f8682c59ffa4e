import { computed, signal } from '@preact/signals'
import type {
  ConnectionState,
  FallbackReason,
  KickReason,
  NetworkQuality,
  RequestedRole,
  Role,
  TrackKind,
  User,
} from '@crossroom/client'
import { say } from '../../i18n/say.js'
import { ChatLog } from './chat-log.js'
import type { ClientClass, RoomClient } from './client.js'
import { demoCredentials, type Credentials } from './credentials.js'
import { sentenceOf } from './failure.js'
import { nameOfUserId } from './identity.js'
import { LinkMic } from './link-mic.js'
import { LocalMedia } from './local-media.js'
import { Notices } from './notices.js'
import { personOf, tilesOf, type Person } from './people.js'
import { SpeakerFollower } from './speaker.js'

/** Where this page is. `out`: the server put it out, or the room ended. */
export type Phase =
  | { readonly kind: 'outside'; readonly failure?: string }
  | { readonly kind: 'entering' }
  | { readonly kind: 'inside' }
  | { readonly kind: 'left' }
  | { readonly kind: 'out'; readonly reason: KickReason; readonly message: string }

/** The user of this page in the room. */
export interface Self {
  readonly roomId: string
  readonly userId: string
  readonly name: string
  readonly role: Role
}

export interface Entry {
  readonly roomId: string
  readonly userId: string
  readonly name: string
  readonly role: RequestedRole
  /** From an invitation; else the server is asked for some. */
  readonly credentials?: Credentials
}

/** A room as pages show it: signals that follow the SDK's events, and what a person can do. No method rejects. */
export class RoomModel {
  readonly client: RoomClient
  readonly local: LocalMedia
  readonly chat = new ChatLog()
  readonly notices = new Notices()

  readonly phase = signal<Phase>({ kind: 'outside' })
  readonly self = signal<Self | undefined>(undefined)
  readonly users = signal<readonly User[]>([])
  readonly audienceCount = signal(0)
  /** Files are made of what members send. */
  readonly isRecorded = signal(false)
  readonly connection = signal<ConnectionState>('disconnected')
  /** 0 to 100 by user; who is silent is absent. */
  readonly levels = signal<ReadonlyMap<string, number>>(new Map())
  /** The worse of both ways, by user. */
  readonly quality = signal<ReadonlyMap<string, NetworkQuality>>(new Map())
  /** The browser waits for a click before it plays sound. */
  readonly resumeSound = signal<(() => Promise<void>) | undefined>(undefined)
  /** What the owner has withheld, `USER KIND`. */
  readonly withheld = signal<ReadonlySet<string>>(new Set())
  /** Sizes of pictures by {@link Tile.key}, as they come. */
  readonly sizes = signal<ReadonlyMap<string, { readonly width: number; readonly height: number }>>(new Map())
  /** Entered with credentials of a link: the server may want some of every guest. */
  isSigned = false
  /** Why others arrive over WebSocket-FLV; undefined over WebRTC. */
  readonly fallback = signal<FallbackReason | undefined>(undefined)
  readonly speaker = signal<string | undefined>(undefined)

  readonly people = computed<readonly Person[]>(() => {
    const others = this.users.value.map(personOf)
    const self = this.#selfAsPerson()
    return self === undefined ? others : [self, ...others]
  })
  readonly tiles = computed(() => tilesOf(this.people.value))
  readonly isOwner = computed(() => this.self.value?.role === 'owner')
  readonly maySend = computed(() => this.self.value !== undefined && this.self.value.role !== 'audience')
  readonly #follower = new SpeakerFollower()
  readonly mic: LinkMic

  constructor(client: RoomClient, clientClass: ClientClass) {
    this.client = client
    this.local = new LocalMedia(client, clientClass)
    this.#followRoom()
    this.#followPeople()
    this.#followModeration()
    this.mic = new LinkMic(this)
  }

  /** Enters, or sets `phase` to the reason why not. Credentials still to be requested are a function. */
  async enter(entry: Entry | (() => Promise<Entry>)): Promise<void> {
    this.phase.value = { kind: 'entering' }
    try {
      const { credentials, userId, roomId, name, role } = typeof entry === 'function' ? await entry() : entry
      this.isSigned = credentials !== undefined
      const { sdkAppId, userSig, privateMapKey } = credentials ?? (await demoCredentials(userId, roomId))
      const entered = await this.client.enterRoom({
        roomId,
        userId,
        userName: name,
        role,
        ...(sdkAppId === undefined ? {} : { sdkAppId }),
        ...(userSig === undefined ? {} : { userSig }),
        ...(privateMapKey === undefined ? {} : { privateMapKey }),
      })
      this.self.value = { roomId: entered.room.roomId, userId: entered.userId, name, role: entered.role }
      this.audienceCount.value = entered.audienceCount
      this.phase.value = { kind: 'inside' }
      await this.local.useSpeaker()
    } catch (error) {
      this.phase.value = { kind: 'outside', failure: sentenceOf(error) }
    }
  }

  async leave(): Promise<void> {
    this.phase.value = { kind: 'left' }
    await Promise.allSettled([this.client.exitRoom(), this.local.close()])
    this.#forget()
  }

  /** Ends the room for everybody. */
  disband(): Promise<void> {
    return this.notices.attempt(() => this.client.disband())
  }

  toggleRecording(): Promise<void> {
    return this.notices.attempt(() =>
      this.isRecorded.value ? this.client.stopRecording() : this.client.startRecording(),
    )
  }

  kick(userId: string): Promise<void> {
    return this.notices.attempt(() => this.client.kick(userId))
  }

  /** The owner withholds the audio or the video of a member. */
  mute(userId: string, kind: TrackKind, muted: boolean): Promise<void> {
    return this.notices.attempt(() => this.client.mute(userId, kind, muted))
  }

  /** True when it went out. */
  async say(text: string): Promise<boolean> {
    const self = this.self.value
    const trimmed = text.trim()
    if (trimmed === '' || self === undefined) return false
    try {
      const { messageId } = await this.client.sendMessage(trimmed)
      const message = { messageId, from: self.userId, to: null, kind: 'text', data: trimmed, at: Date.now() } as const
      this.chat.add(message, self.name, true)
      return true
    } catch (error) {
      this.notices.showFailure(error)
      return false
    }
  }

  switchRole(role: RequestedRole): Promise<void> {
    return this.notices.attempt(async () => {
      await this.client.switchRole(role)
      this.#setOwnRole(role)
    })
  }

  async toggleScreen(): Promise<void> {
    const failure = await this.local.setScreen(this.local.screen.value === 'off')
    if (failure !== undefined) this.notices.show(failure, true)
  }

  /** To be called in a click or a key. */
  async playSound(): Promise<void> {
    const resume = this.resumeSound.value
    this.resumeSound.value = undefined
    await resume?.().catch((error: unknown) => this.notices.showFailure(error))
  }

  /** Audience is in no list; their ids begin with their names. */
  nameOf(userId: string): string {
    return this.people.value.find((person) => person.userId === userId)?.name ?? nameOfUserId(userId)
  }

  #selfAsPerson(): Person | undefined {
    const self = this.self.value
    if (self === undefined) return undefined
    const { camera, microphone, screen } = this.local
    return {
      userId: self.userId,
      name: self.name,
      kind: 'browser',
      role: self.role,
      isSelf: true,
      hasSound: microphone.value === 'on' && !this.withheld.value.has(`${self.userId} audio`),
      hasPicture: camera.value === 'on',
      hasScreen: screen.value === 'on',
    }
  }

  #followRoom(): void {
    const { client } = this
    client.on('connection-state-changed', ({ state }) => (this.connection.value = state))
    client.on('kicked-out', ({ reason, message }) => {
      this.phase.value = { kind: 'out', reason, message }
      this.#forget()
      void this.local.close()
    })
    client.on('autoplay-failed', ({ resume }) => (this.resumeSound.value = resume))
    client.on('play-path-changed', ({ why }) => (this.fallback.value = why))
    client.on('error', (error) => this.notices.showFailure(error))
    client.on('message', (message) => {
      const { from, fromName = from } = message
      if (message.kind === 'custom') return
      const isOwn = from === this.self.value?.userId
      // Falls back to the user id when a user has no name.
      this.chat.add(message, fromName === from ? this.nameOf(from) : fromName, isOwn)
    })
    client.on('recording-changed', ({ recording }) => {
      this.isRecorded.value = recording
      this.notices.show(say(recording ? 'recordingBegan' : 'recordingEnded'))
    })
    client.on('signature-expiring', () => void this.#renew())
  }

  #followPeople(): void {
    const { client } = this
    client.on('user-list', ({ users }) => (this.users.value = users))
    for (const event of ['first-video-frame', 'video-size-changed'] as const) {
      client.on(event, ({ userId, streamType, width, height }) => {
        const own = userId === '' || userId === this.self.value?.userId
        const key = `${own ? (this.self.value?.userId ?? '') : userId}/${streamType}`
        this.sizes.value = new Map(this.sizes.value).set(key, { width, height })
      })
    }
    client.on('audience-count', ({ count }) => (this.audienceCount.value = count))
    client.on('audio-volume', ({ volumes }) => {
      this.levels.value = new Map(volumes.map(({ userId, volume }) => [userId, volume]))
      const others = new Map(this.users.value.map(({ userId }) => [userId, this.levels.value.get(userId) ?? 0]))
      this.speaker.value = this.#follower.update(performance.now(), others)
    })
    client.on('network-quality', ({ userId, uplink, downlink }) => {
      const worse = uplink > downlink ? uplink : downlink
      this.quality.value = new Map(this.quality.value).set(userId, worse)
    })
    client.on('remote-user-exit', ({ userId }) => {
      const quality = new Map(this.quality.value)
      quality.delete(userId)
      this.quality.value = quality
    })
  }

  #followModeration(): void {
    const { client } = this
    client.on('role-changed', ({ userId, role }) => {
      if (userId === this.self.value?.userId) this.#setOwnRole(role)
    })
    client.on('muted', ({ userId, kind, muted }) => {
      const withheld = new Set(this.withheld.value)
      if (muted) withheld.add(`${userId} ${kind}`)
      else withheld.delete(`${userId} ${kind}`)
      this.withheld.value = withheld
      if (userId !== this.self.value?.userId) return
      if (kind === 'audio') this.notices.show(say(muted ? 'ownerMutedYou' : 'ownerUnmutedYou'))
      else this.notices.show(say(muted ? 'ownerHidYou' : 'ownerShowedYou'))
    })
  }

  #setOwnRole(role: Role): void {
    const self = this.self.value
    if (self === undefined) return
    if (role === 'owner' && self.role !== 'owner') this.notices.show(say('youAreOwner'))
    this.self.value = { ...self, role }
    if (role === 'audience') void this.local.close()
    else this.mic.isOffered.value = false
  }

  async #renew(): Promise<void> {
    const self = this.self.value
    if (self === undefined) return
    const { userSig, privateMapKey } = await demoCredentials(self.userId, self.roomId)
    if (userSig === undefined) return
    await this.client
      .renewSignature({ userSig, ...(privateMapKey === undefined ? {} : { privateMapKey }) })
      .catch((error: unknown) => this.notices.showFailure(error))
  }

  #forget(): void {
    this.self.value = undefined
    this.users.value = []
    this.isRecorded.value = false
    this.mic.forget()
    this.sizes.value = new Map()
    this.resumeSound.value = undefined
    this.fallback.value = undefined
    this.levels.value = new Map()
    this.quality.value = new Map()
    this.withheld.value = new Set()
    this.chat.clear()
  }
}
