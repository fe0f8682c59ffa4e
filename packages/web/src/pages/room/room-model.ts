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

/** A member of the audience who asks to speak. */
export interface MicRequest {
  readonly userId: string
  readonly name: string
}

/** A member whom the owner muted or hid asks to be unmuted or shown. */
export interface Plea extends MicRequest {
  readonly kind: TrackKind
}

/** What pages of one room say to each other, as a custom message. */
type PageNote = { readonly crossroom: 'plea'; readonly kind: TrackKind } | { readonly crossroom: 'offer' }

/** So long a request to speak waits for an answer; then it may be made again. */
export const ASK_MS = 60_000

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
  readonly connection = signal<ConnectionState>('disconnected')
  /** 0 to 100 by user; who is silent is absent. */
  readonly levels = signal<ReadonlyMap<string, number>>(new Map())
  /** The worse of both ways, by user. */
  readonly quality = signal<ReadonlyMap<string, NetworkQuality>>(new Map())
  readonly micRequests = signal<readonly MicRequest[]>([])
  /** Asked for the microphone and not answered yet. */
  readonly isAsking = signal(false)
  /** The browser waits for a click before it plays sound. */
  readonly resumeSound = signal<(() => Promise<void>) | undefined>(undefined)
  /** What the owner has withheld, `USER KIND`. */
  readonly withheld = signal<ReadonlySet<string>>(new Set())
  /** Sizes of pictures by {@link Tile.key}, as they come. */
  readonly sizes = signal<ReadonlyMap<string, { readonly width: number; readonly height: number }>>(new Map())
  /** To the owner: who asks to be heard or seen again. */
  readonly pleas = signal<readonly Plea[]>([])
  /** To the owner: whom this page made audience; the audience is in no list. */
  readonly madeAudience = signal<readonly MicRequest[]>([])
  /** The owner asks this page to come back from the audience. */
  readonly isOffered = signal(false)
  /** Entered with credentials of a link: the server may want some of every guest. */
  isSigned = false
  #askTimer: ReturnType<typeof setTimeout> | undefined
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
  /** Whom the owner has asked back from the audience. */
  readonly #offered = new Set<string>()

  constructor(client: RoomClient, clientClass: ClientClass) {
    this.client = client
    this.local = new LocalMedia(client, clientClass)
    this.#followRoom()
    this.#followPeople()
    this.#followMicrophones()
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
    return this.#attempt(() => this.client.disband())
  }

  kick(userId: string): Promise<void> {
    return this.#attempt(() => this.client.kick(userId))
  }

  /** The owner withholds the audio or the video of a member. */
  mute(userId: string, kind: TrackKind, muted: boolean): Promise<void> {
    return this.#attempt(() => this.client.mute(userId, kind, muted))
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
      this.notices.show(sentenceOf(error), true)
      return false
    }
  }

  /** Ends with an answer, with {@link withdrawMic}, or by itself after {@link ASK_MS}. */
  async askForMic(): Promise<void> {
    this.isAsking.value = true
    this.isOffered.value = false
    clearTimeout(this.#askTimer)
    this.#askTimer = setTimeout(() => {
      if (!this.isAsking.value) return
      this.notices.show(say('askTimedOut'))
      void this.withdrawMic()
    }, ASK_MS)
    try {
      await this.client.requestMic()
    } catch (error) {
      this.#stopAsking()
      this.notices.show(sentenceOf(error), true)
    }
  }

  async withdrawMic(): Promise<void> {
    this.#stopAsking()
    await this.client.withdrawMic().catch(() => undefined)
  }

  #stopAsking(): void {
    clearTimeout(this.#askTimer)
    this.isAsking.value = false
  }

  /** Asks the owner to be heard or seen again. */
  async plead(kind: TrackKind): Promise<void> {
    if (await this.#noteToOwner({ crossroom: 'plea', kind })) this.notices.show(say('pleaSent'))
  }

  /** Owner: unmutes or shows a member, or declines the request. */
  answerPlea({ userId, kind }: Plea, accept: boolean): Promise<void> {
    this.pleas.value = this.pleas.value.filter((plea) => plea.userId !== userId || plea.kind !== kind)
    return accept ? this.mute(userId, kind, false) : Promise.resolve()
  }

  /** Owner: invites a member of the audience back; their request is then accepted immediately. */
  offerMic(userId: string): Promise<void> {
    this.#offered.add(userId)
    return this.#attempt(() => this.#note({ crossroom: 'offer' }, userId))
  }

  async #note(note: PageNote, to: string): Promise<void> {
    await this.client.sendMessage({ custom: note }, to)
  }

  async #noteToOwner(note: PageNote): Promise<boolean> {
    const owner = this.users.value.find(({ role }) => role === 'owner')
    if (owner === undefined) return false
    return this.#note(note, owner.userId).then(
      () => true,
      () => false,
    )
  }

  /** Only text is for people; what another page says is checked as anything from outside. */
  #takeNote(from: string, data: unknown): void {
    const note = (typeof data === 'object' && data !== null ? data : {}) as { crossroom?: unknown; kind?: unknown }
    const isFromOwner = this.users.value.some(({ userId, role }) => userId === from && role === 'owner')
    if (note.crossroom === 'offer' && isFromOwner && this.self.value?.role === 'audience') this.isOffered.value = true
    if (!this.isOwner.value) return
    const { kind } = note
    if (note.crossroom !== 'plea' || (kind !== 'audio' && kind !== 'video')) return
    if (!this.withheld.value.has(`${from} ${kind}`)) return
    const others = this.pleas.value.filter((plea) => plea.userId !== from || plea.kind !== kind)
    this.pleas.value = [...others, { userId: from, name: this.nameOf(from), kind }]
  }

  #forgetRequest(userId: string): void {
    this.micRequests.value = this.micRequests.value.filter((request) => request.userId !== userId)
  }

  answerMic(userId: string, accept: boolean): Promise<void> {
    this.#forgetRequest(userId)
    return this.#attempt(() => this.client.answerMic(userId, accept))
  }

  /** Owner: an anchor becomes audience again. */
  removeMic(userId: string): Promise<void> {
    const name = this.nameOf(userId)
    return this.#attempt(async () => {
      await this.client.removeMic(userId)
      const others = this.madeAudience.value.filter((one) => one.userId !== userId)
      this.madeAudience.value = [...others, { userId, name }]
    })
  }

  switchRole(role: RequestedRole): Promise<void> {
    return this.#attempt(async () => {
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
    await resume?.().catch((error: unknown) => this.notices.show(sentenceOf(error), true))
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
    client.on('error', (error) => this.notices.show(sentenceOf(error), true))
    client.on('message', (message) => {
      const { from, fromName = from } = message
      if (message.kind === 'custom') return this.#takeNote(from, message.data)
      const isOwn = from === this.self.value?.userId
      // Falls back to the user id when a user has no name.
      this.chat.add(message, fromName === from ? this.nameOf(from) : fromName, isOwn)
    })
    client.on('signature-expiring', () => void this.#renew())
  }

  #followPeople(): void {
    const { client } = this
    client.on('user-list', ({ users }) => {
      this.users.value = users
      const present = new Set(users.map(({ userId }) => userId))
      this.madeAudience.value = this.madeAudience.value.filter(({ userId }) => !present.has(userId))
      this.pleas.value = this.pleas.value.filter(({ userId }) => present.has(userId))
    })
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

  #followMicrophones(): void {
    const { client } = this
    client.on('mic-requested', ({ userId, userName }) => {
      if (this.#offered.delete(userId)) return void this.answerMic(userId, true)
      const others = this.micRequests.value.filter((request) => request.userId !== userId)
      this.micRequests.value = [...others, { userId, name: userName === '' ? userId : userName }]
    })
    client.on('mic-withdrawn', ({ userId }) => this.#forgetRequest(userId))
    client.on('mic-answered', ({ accepted }) => {
      this.#stopAsking()
      this.notices.show(say(accepted ? 'micAccepted' : 'micDeclined'))
    })
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
    else this.isOffered.value = false
  }

  async #renew(): Promise<void> {
    const self = this.self.value
    if (self === undefined) return
    const { userSig, privateMapKey } = await demoCredentials(self.userId, self.roomId)
    if (userSig === undefined) return
    await this.client
      .renewSignature({ userSig, ...(privateMapKey === undefined ? {} : { privateMapKey }) })
      .catch((error: unknown) => this.notices.show(sentenceOf(error), true))
  }

  async #attempt(act: () => Promise<void>): Promise<void> {
    try {
      await act()
    } catch (error) {
      this.notices.show(sentenceOf(error), true)
    }
  }

  #forget(): void {
    this.self.value = undefined
    this.users.value = []
    this.micRequests.value = []
    this.#stopAsking()
    this.isOffered.value = false
    this.pleas.value = []
    this.madeAudience.value = []
    this.sizes.value = new Map()
    this.#offered.clear()
    this.resumeSound.value = undefined
    this.fallback.value = undefined
    this.levels.value = new Map()
    this.quality.value = new Map()
    this.withheld.value = new Set()
    this.chat.clear()
  }
}
