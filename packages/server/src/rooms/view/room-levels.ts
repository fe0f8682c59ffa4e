import type { Micros } from '@crossroom/media'
import { roomLimits } from '../../config/index.js'
import type { Clock } from '../../hub/index.js'
import type { ListedStream } from '../media/listed-stream.js'
import { SpeakerOrder } from './speaker-order.js'

/** A member that may be heard. */
export interface Speaker {
  readonly userId: string
  readonly main: ListedStream | undefined
}

/** Those of the members that are listed. */
export function* speakersOf(
  members: Iterable<{
    readonly userId: string
    readonly isListed: boolean
    streamOf(streamType: 'main'): ListedStream | undefined
  }>,
): Generator<Speaker, void> {
  for (const member of members) if (member.isListed) yield { userId: member.userId, main: member.streamOf('main') }
}

export interface RoomLevelsOptions {
  readonly clock: Clock
  readonly speakers: () => Iterable<Speaker>
  /** Number of reported members. */
  readonly audience: () => number
  readonly tell: (levels: readonly { readonly userId: string; readonly level: number }[]) => void
  /** Others are in front than before. */
  readonly reordered: () => void
}

/**
 * Notifies about speaking members and their levels, a few times a second while there are any, and orders them by
 * loudness.
 */
export class RoomLevels {
  readonly #options: RoomLevelsOptions
  readonly #order = new SpeakerOrder()
  #heard = new Set<string>()
  #cancel: (() => void) | undefined

  constructor(options: RoomLevelsOptions) {
    this.#options = options
  }

  /** Users in order of preference if not all can be heard. */
  get order(): readonly string[] {
    return this.#order.order
  }

  /** A member started to be heard. */
  audible(): void {
    this.#cancel ??= this.#options.clock.after(this.#interval, this.#tick)
  }

  close(): void {
    this.#cancel?.()
    this.#cancel = undefined
  }

  get #interval(): Micros {
    const isMany = this.#options.audience() > roomLimits.manyMembers
    return isMany ? roomLimits.levelsManyMicros : roomLimits.levelsMicros
  }

  readonly #tick = (): void => {
    this.#cancel = undefined
    const all = new Map<string, number | undefined>()
    const levels: { userId: string; level: number }[] = []
    const heard = new Set<string>()
    for (const { userId, main } of this.#options.speakers()) {
      const level = main?.takeLevel()
      if (main?.kinds.audio !== true) continue
      all.set(userId, level)
      if (level === undefined) continue
      if (level > 0) heard.add(userId)
      // A member that falls silent is reported with 0 once.
      if (level > 0 || this.#heard.has(userId)) levels.push({ userId, level })
    }
    for (const userId of this.#heard) if (!all.has(userId)) levels.push({ userId, level: 0 })
    this.#heard = heard
    if (this.#order.update(all)) this.#options.reordered()
    if (levels.length === 0) return
    this.#options.tell(levels)
    this.#cancel = this.#options.clock.after(this.#interval, this.#tick)
  }
}
