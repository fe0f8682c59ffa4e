import { computed, effect, signal } from '@preact/signals'
import type { RequestedRole } from '@crossroom/client'
import type { ClientClass, RoomClient } from '../room/client.js'
import type { Invited } from '../room/credentials.js'
import { remember, userIdOf } from '../room/identity.js'
import { tilesOf } from '../room/people.js'
import { RoomModel } from '../room/room-model.js'

/** What somebody is on a live page. */
export type Part = 'watching' | 'on-stage' | 'host'

export interface LiveOptions {
  readonly client: RoomClient
  readonly clientClass: ClientClass
  readonly roomId: string
  readonly invited: Invited
  /** What was typed some other time; empty when nothing was. */
  readonly name: string
  /** The mark of this tab. */
  readonly mark: string
  /** How somebody without a name is called. */
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
  /** Somebody else sends, or is about to. */
  readonly isLive = computed(() => this.room.users.value.length > 0)
  readonly #options: LiveOptions

  constructor(options: LiveOptions) {
    this.#options = options
    this.roomId = options.roomId
    this.name.value = options.invited.name ?? options.name
    this.room = new RoomModel(options.client, options.clientClass)
    this.#openDevicesOnStage()
  }

  /** Comes in to watch. */
  watch(): Promise<void> {
    return this.#enter('audience')
  }

  /** From now on others see this name, so the room is entered anew. */
  async setName(name: string): Promise<void> {
    this.name.value = name
    remember(name, this.roomId)
    await this.#enterAnew('audience')
  }

  /** Who comes in as an anchor when nobody else owns the room becomes its owner. */
  goLive(): Promise<void> {
    return this.#enterAnew('anchor')
  }

  /** Back among those who watch; they stay and wait. */
  async stop(): Promise<void> {
    await this.room.local.close()
    if (this.part.value === 'host') await this.#enterAnew('audience')
    else await this.room.switchRole('audience')
  }

  async #enterAnew(role: RequestedRole): Promise<void> {
    await this.room.client.exitRoom().catch(() => undefined)
    await this.#enter(role)
  }

  #enter(role: RequestedRole): Promise<void> {
    const { invited, mark, guestName } = this.#options
    const name = this.name.value === '' ? guestName : this.name.value
    const { credentials } = invited
    return this.room.enter({
      roomId: this.roomId,
      userId: invited.userId ?? userIdOf(this.name.value, mark),
      name,
      role,
      ...(credentials === undefined ? {} : { credentials }),
    })
  }

  /** Whoever comes onto the stage wants to be seen and heard. */
  #openDevicesOnStage(): void {
    let wasOnStage = false
    effect(() => {
      const isOnStage = this.part.value !== 'watching'
      if (isOnStage && !wasOnStage) void this.room.local.open()
      wasOnStage = isOnStage
    })
  }
}
