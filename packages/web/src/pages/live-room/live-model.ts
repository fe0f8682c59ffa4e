import { computed, effect, signal } from '@preact/signals'
import type { RequestedRole } from '@crossroom/client'
import type { ClientClass, RoomClient } from '../room/client.js'
import type { Invited } from '../room/credentials.js'
import { takeOwnInvitation } from '../room/guest.js'
import { nameOfUserId, remember, userIdOf } from '../room/identity.js'
import { tilesOf } from '../room/people.js'
import { RoomModel } from '../room/room-model.js'

/** The role of a user on a live page. */
export type Part = 'watching' | 'on-stage' | 'host'

export interface LiveOptions {
  readonly client: RoomClient
  readonly clientClass: ClientClass
  readonly roomId: string
  readonly invited: Invited
  /** The saved name; empty if there is none. */
  readonly name: string
  /** The mark of this tab. */
  readonly mark: string
  /** The display name of a user without a name. */
  readonly guestName: string
}

/** A room with one who shows and many who watch, until they are asked to join in. No method rejects. */
export class LiveModel {
  readonly room: RoomModel
  readonly roomId: string
  readonly name = signal('')
  readonly part = computed<Part>(() => {
    const role = this.room.self.value?.role
    if (role === 'owner') return 'host'
    return role === undefined || role === 'audience' ? 'watching' : 'on-stage'
  })
  /** Those who are seen: the host first, then who joined in. */
  readonly tiles = computed(() => {
    const people = this.room.people.value.filter(({ role }) => role !== 'audience')
    return tilesOf([...people].sort((a, b) => Number(b.role === 'owner') - Number(a.role === 'owner')))
  })
  /** Another user is live, or about to be. */
  readonly isLive = computed(() => this.room.users.value.length > 0)
  /** The host put this page on stage: its devices wait for a click. */
  readonly isCalled = computed(() => this.part.value !== 'watching' && !this.#agreed.value)
  readonly #options: LiveOptions
  #invited: Invited
  /** The person asked for the stage, or said yes to it. */
  readonly #agreed = signal(false)

  constructor(options: LiveOptions) {
    this.#options = options
    this.#invited = options.invited
    this.roomId = options.roomId
    this.name.value = options.invited.name ?? options.name
    this.room = new RoomModel(options.client, options.clientClass)
    this.#openDevicesOnStage()
    // A yes counts for the request it was given with: declined, withdrawn or not answered, it is over.
    let wasAsking = false
    effect(() => {
      const isAsking = this.room.mic.isAsking.value
      if (wasAsking && !isAsking && this.part.peek() === 'watching') this.#agreed.value = false
      wasAsking = isAsking
    })
  }

  /** Whom a link names, as others will see them; the click that this waits for is {@link watch}. */
  get guest(): string {
    const { userId, isGuest = false } = this.#invited
    if (this.name.value !== '') return this.name.value
    return userId === undefined || isGuest ? this.#options.guestName : nameOfUserId(userId)
  }

  /** Comes in to watch. */
  watch(): Promise<void> {
    return this.#enter('audience')
  }

  /** The name changed, so the page enters the room again. */
  async setName(name: string): Promise<void> {
    this.name.value = name
    remember(name, this.roomId)
    await this.#enterAnew('audience')
  }

  /** An entering anchor becomes the owner of a room without one. */
  goLive(): Promise<void> {
    this.#agreed.value = true
    return this.#enterAnew('anchor')
  }

  /** Asks for the stage: a yes opens the devices. */
  askForStage(): Promise<void> {
    this.#agreed.value = true
    return this.room.mic.ask()
  }

  /** Says yes to a stage that was offered. */
  agree(): void {
    this.#agreed.value = true
  }

  /** Back among those who watch; they stay and wait. */
  async stop(): Promise<void> {
    this.#agreed.value = false
    await this.room.local.close()
    if (this.part.value === 'host') await this.#enterAnew('audience')
    else await this.room.switchRole('audience')
  }

  async #enterAnew(role: RequestedRole): Promise<void> {
    await this.room.client.exitRoom().catch(() => undefined)
    await this.#enter(role)
  }

  #enter(role: RequestedRole): Promise<void> {
    return this.room.enter(async () => {
      const { mark } = this.#options
      this.#invited = await takeOwnInvitation(this.#invited, this.roomId)
      const { credentials, userId = userIdOf(this.name.value, mark) } = this.#invited
      const entry = { roomId: this.roomId, userId, name: this.guest, role }
      return credentials === undefined ? entry : { ...entry, credentials }
    })
  }

  /** Devices open on stage only with the user's consent: a host cannot turn on a guest's camera. */
  #openDevicesOnStage(): void {
    let wasSeen = false
    effect(() => {
      const isSeen = this.part.value !== 'watching' && this.#agreed.value
      if (isSeen && !wasSeen) void this.room.local.open()
      wasSeen = isSeen
    })
  }
}
