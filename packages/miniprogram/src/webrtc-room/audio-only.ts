import type { MixParams, PlayAddresses } from '@crossroom/protocol'

import { PlayRoute, type PlayProtocol } from '../index.js'
import type { Seat } from './seats.js'

/** Android plays six streams at most and stutters with the last (other vendors' figures, measured with live-player). */
export const MAX_PLAYERS_ON_ANDROID = 5

export interface AudioOnlyOptions {
  /** How many players at once. */
  readonly maxPlayers: number
  readonly prefer: PlayProtocol
  /** Asks the server for one stream with the voices of those who have no player. */
  mix(wish: MixParams): Promise<{ readonly play: PlayAddresses }>
  /** Somebody is heard only from now on. */
  entered(userId: string): void
  changed(): void
}

/** Members for whom this phone has no player left: they are heard together, through one player of mixed sound. */
export class AudioOnly {
  readonly #options: AudioOnlyOptions
  #users: ReadonlySet<string> = new Set()
  #route: PlayRoute | undefined

  constructor(options: AudioOnlyOptions) {
    this.#options = options
  }

  get users(): ReadonlySet<string> {
    return this.#users
  }

  /** Empty: nobody is mixed. */
  get mixUrl(): string {
    return this.#route?.url ?? ''
  }

  /** Decides anew who has a player. */
  update(seats: readonly (Seat | undefined)[]): void {
    const users = withoutPlayer(seats, this.#options.maxPlayers)
    const isSame = users.size === this.#users.size && [...users].every((userId) => this.#users.has(userId))
    if (isSame) return
    const before = this.#users
    this.#users = users
    for (const userId of users) if (!before.has(userId)) this.#options.entered(userId)
    if (users.size === 0) this.#route = undefined
    else void this.#ask([...users])
  }

  handleCode(code: number): void {
    if (this.#route?.handleCode(code)) this.#options.changed()
  }

  async #ask(audioOf: readonly string[]): Promise<void> {
    try {
      const { play } = await this.#options.mix({ audio: true, video: false, audioOf })
      if (this.#users.size === 0) return
      if (this.#route) this.#route.update(play)
      else this.#route = new PlayRoute(play, this.#options.prefer)
    } catch {
      // A server without codecs mixes nothing: the picture is missing and the sound with it, as `entered` has told.
      this.#route = undefined
    }
    this.#options.changed()
  }
}

/** Screens keep their player before cameras do: what is on them cannot be guessed from the voice. */
function withoutPlayer(seats: readonly (Seat | undefined)[], maxPlayers: number): ReadonlySet<string> {
  let free = maxPlayers
  for (const seat of seats) if (seat?.players.get('aux')?.started) free--
  const without = new Set<string>()
  for (const seat of seats) {
    if (!seat?.players.get('main')?.started) continue
    if (free > 0) free--
    else without.add(seat.user.userId)
  }
  return without
}
