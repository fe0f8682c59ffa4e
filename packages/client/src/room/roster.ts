import type { ExitReason, User, UsersEvent } from '@crossroom/protocol'
import type { RemoteStreamEvent } from '../events.js'

/** What a change of the list means to a page. */
export interface RosterEvents {
  entered(user: User): void
  exited(userId: string, reason: ExitReason): void
  available(kind: 'audio' | 'video', stream: RemoteStreamEvent): void
  unavailable(kind: 'audio' | 'video', stream: RemoteStreamEvent): void
}

const FLAGS = { audio: 'hasAudio', video: 'hasVideo' } as const

/** Turns lists of users into the events of single people and streams: who leaves is told before who enters. */
export class Roster {
  readonly #events: RosterEvents
  /** By userId: `STREAM KIND` of the media reported as available. */
  readonly #available = new Map<string, Map<string, () => void>>()

  constructor(events: RosterEvents) {
    this.#events = events
  }

  update({ left, entered, changed }: UsersEvent): void {
    for (const { userId, reason } of left) this.#remove(userId, reason)
    for (const user of entered) {
      this.#available.set(user.userId, new Map())
      this.#events.entered(user)
      this.#compare(user)
    }
    for (const user of changed) this.#compare(user)
  }

  #remove(userId: string, reason: ExitReason): void {
    for (const end of this.#available.get(userId)?.values() ?? []) end()
    this.#available.delete(userId)
    this.#events.exited(userId, reason)
  }

  #compare({ userId, streams }: User): void {
    const told = this.#available.get(userId) ?? new Map<string, () => void>()
    this.#available.set(userId, told)
    const now = new Set<string>()
    for (const stream of streams) {
      const { streamType } = stream
      if (streamType === 'small') continue
      for (const kind of ['audio', 'video'] as const) {
        if (!stream[FLAGS[kind]]) continue
        const key = `${streamType} ${kind}`
        now.add(key)
        if (told.has(key)) continue
        told.set(key, () => this.#events.unavailable(kind, { userId, streamType }))
        this.#events.available(kind, { userId, streamType })
      }
    }
    for (const [key, end] of told) {
      if (now.has(key)) continue
      told.delete(key)
      end()
    }
  }
}
