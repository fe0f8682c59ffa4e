import { signal, type ReadonlySignal } from '@preact/signals'
import type { Role, TrackKind, User } from '@crossroom/client'
import { say } from '../../i18n/say.js'
import type { RoomClient } from './client.js'
import type { Notices } from './notices.js'

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

/** The room, as link-mic sees it. */
interface MicRoom {
  readonly client: RoomClient
  readonly notices: Notices
  readonly self: ReadonlySignal<{ readonly role: Role } | undefined>
  readonly users: ReadonlySignal<readonly User[]>
  readonly isOwner: ReadonlySignal<boolean>
  /** `USER KIND`. */
  readonly withheld: ReadonlySignal<ReadonlySet<string>>
  nameOf(userId: string): string
}

/** So long a request to speak waits for an answer; then it may be made again. */
export const ASK_MS = 60_000

/** Asking to be heard and seen, and the owner's answers. No method rejects. */
export class LinkMic {
  /** To the owner. */
  readonly requests = signal<readonly MicRequest[]>([])
  /** Asked for the microphone and not answered yet. */
  readonly isAsking = signal(false)
  /** To the owner: who asks to be heard or seen again. */
  readonly pleas = signal<readonly Plea[]>([])
  /** To the owner: whom this page made audience; the audience is in no list. */
  readonly madeAudience = signal<readonly MicRequest[]>([])
  /** The owner asks this page to come back from the audience. */
  readonly isOffered = signal(false)
  readonly #room: MicRoom
  /** Whom the owner has asked back from the audience. */
  readonly #offered = new Set<string>()
  #askTimer: ReturnType<typeof setTimeout> | undefined

  constructor(room: MicRoom) {
    this.#room = room
    const { client, notices } = room
    client.on('mic-requested', ({ userId, userName }) => {
      if (this.#offered.delete(userId)) return void this.answer(userId, true)
      const others = this.requests.value.filter((request) => request.userId !== userId)
      this.requests.value = [...others, { userId, name: userName === '' ? userId : userName }]
    })
    client.on('mic-withdrawn', ({ userId }) => this.#forgetRequest(userId))
    client.on('mic-answered', ({ accepted }) => {
      this.#stopAsking()
      notices.show(say(accepted ? 'micAccepted' : 'micDeclined'))
    })
    client.on('user-list', ({ users }) => {
      const present = new Set(users.map(({ userId }) => userId))
      this.madeAudience.value = this.madeAudience.value.filter(({ userId }) => !present.has(userId))
      this.pleas.value = this.pleas.value.filter(({ userId }) => present.has(userId))
    })
    client.on('message', ({ kind, from, data }) => {
      if (kind === 'custom') this.#takeNote(from, data)
    })
  }

  /** Ends with an answer, with {@link withdraw}, or by itself after {@link ASK_MS}. */
  async ask(): Promise<void> {
    const { client, notices } = this.#room
    this.isAsking.value = true
    this.isOffered.value = false
    clearTimeout(this.#askTimer)
    this.#askTimer = setTimeout(() => {
      if (!this.isAsking.value) return
      notices.show(say('askTimedOut'))
      void this.withdraw()
    }, ASK_MS)
    try {
      await client.requestMic()
    } catch (error) {
      this.#stopAsking()
      notices.showFailure(error)
    }
  }

  async withdraw(): Promise<void> {
    this.#stopAsking()
    await this.#room.client.withdrawMic().catch(() => undefined)
  }

  /** Asks the owner to be heard or seen again. */
  async plead(kind: TrackKind): Promise<void> {
    const owner = this.#room.users.value.find(({ role }) => role === 'owner')
    if (owner === undefined) return
    const isSent = await this.#note({ crossroom: 'plea', kind }, owner.userId).then(
      () => true,
      () => false,
    )
    if (isSent) this.#room.notices.show(say('pleaSent'))
  }

  /** Owner: unmutes or shows a member, or declines the request. */
  async answerPlea({ userId, kind }: Plea, accept: boolean): Promise<void> {
    const { client, notices } = this.#room
    this.pleas.value = this.pleas.value.filter((plea) => plea.userId !== userId || plea.kind !== kind)
    if (accept) await notices.attempt(() => client.mute(userId, kind, false))
  }

  answer(userId: string, accept: boolean): Promise<void> {
    const { client, notices } = this.#room
    this.#forgetRequest(userId)
    return notices.attempt(() => client.answerMic(userId, accept))
  }

  /** Owner: an anchor becomes audience again. */
  remove(userId: string): Promise<void> {
    const { client, notices } = this.#room
    const name = this.#room.nameOf(userId)
    return notices.attempt(async () => {
      await client.removeMic(userId)
      const others = this.madeAudience.value.filter((one) => one.userId !== userId)
      this.madeAudience.value = [...others, { userId, name }]
    })
  }

  /** Owner: invites a member of the audience back; their request is then accepted immediately. */
  offer(userId: string): Promise<void> {
    this.#offered.add(userId)
    return this.#room.notices.attempt(() => this.#note({ crossroom: 'offer' }, userId))
  }

  /** After the room. */
  forget(): void {
    this.#stopAsking()
    this.requests.value = []
    this.pleas.value = []
    this.madeAudience.value = []
    this.isOffered.value = false
    this.#offered.clear()
  }

  async #note(note: PageNote, to: string): Promise<void> {
    await this.#room.client.sendMessage({ custom: note }, to)
  }

  /** What another page says is checked as anything from outside. */
  #takeNote(from: string, data: unknown): void {
    const { users, self, isOwner, withheld } = this.#room
    const note = (typeof data === 'object' && data !== null ? data : {}) as { crossroom?: unknown; kind?: unknown }
    const isFromOwner = users.value.some(({ userId, role }) => userId === from && role === 'owner')
    if (note.crossroom === 'offer' && isFromOwner && self.value?.role === 'audience') this.isOffered.value = true
    if (!isOwner.value) return
    const { kind } = note
    if (note.crossroom !== 'plea' || (kind !== 'audio' && kind !== 'video')) return
    if (!withheld.value.has(`${from} ${kind}`)) return
    const others = this.pleas.value.filter((plea) => plea.userId !== from || plea.kind !== kind)
    this.pleas.value = [...others, { userId: from, name: this.#room.nameOf(from), kind }]
  }

  #forgetRequest(userId: string): void {
    this.requests.value = this.requests.value.filter((request) => request.userId !== userId)
  }

  #stopAsking(): void {
    clearTimeout(this.#askTimer)
    this.isAsking.value = false
  }
}
