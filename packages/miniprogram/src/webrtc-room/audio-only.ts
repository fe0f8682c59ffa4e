import type { MixParams, PlayAddresses } from '@crossroom/protocol'

import { PlayRoute, type PlayProtocol } from '../index.js'
import type { Seat } from './seats.js'

/** Android plays six streams at most and stutters with the last (other vendors' figures, measured with live-player). */
export const MAX_PLAYERS_ON_ANDROID = 5

/** The id of the player of mixed sound. */
export const MIX_ID = 'room-mix'

export interface AudioOnlyOptions {
  /** How many players at once. */
  readonly maxPlayers: number
  readonly prefer: PlayProtocol
  /** Asks the server for one stream with the voices of those who have no player. */
  mix(params: MixParams): Promise<{ readonly play: PlayAddresses }>
  /** A member is only heard from now on. */
  entered(userId: string): void
  changed(): void
}

/** The player of mixed sound. */
export interface MixPlayer {
  /** Changes when the element must be created again. */
  readonly key: string
  readonly url: string
}

/** Members for whom this phone has no player left: they are heard together, through one player of mixed sound. */
export class AudioOnly {
  readonly #options: AudioOnlyOptions
  #users: ReadonlySet<string> = new Set()
  /** Of the users, those whose voices are in the mix, as one text. */
  #heard = ''
  #route: PlayRoute | undefined
  #hidden = false
  #madeHidden = false

  constructor(options: AudioOnlyOptions) {
    this.#options = options
  }

  get users(): ReadonlySet<string> {
    return this.#users
  }

  /** Undefined without a mix. */
  get player(): MixPlayer | undefined {
    const route = this.#route
    return route && { key: `mix-${route.generation}`, url: route.url }
  }

  /**
   * Decides again which members have a player, and whose voices are mixed: all others except those that the app has
   * muted.
   */
  update(seats: readonly (Seat | undefined)[], silenced: ReadonlySet<string>): void {
    const before = this.#users
    const users = withoutPlayer(seats, this.#options.maxPlayers)
    this.#users = users
    for (const userId of users) if (!before.has(userId)) this.#options.entered(userId)
    const voices = [...users].filter((userId) => !silenced.has(userId))
    const heard = voices.join(' ')
    if (heard === this.#heard) return
    this.#heard = heard
    if (heard === '') this.#route = undefined
    else void this.#ask(voices)
  }

  /** The session was lost and entered again, so the mix is gone. */
  renew(): void {
    if (this.#heard !== '') void this.#ask(this.#heard.split(' '))
  }

  handleCode(code: number): void {
    if (!this.#route?.handleCode(code)) return
    this.#madeHidden = this.#hidden
    this.#options.changed()
  }

  /** The page is hidden: a player that is made from now on may be dead when it is shown again. */
  hide(): void {
    this.#hidden = true
  }

  /** The page is shown again. On Android a player created meanwhile is created again. */
  show(android: boolean): void {
    this.#hidden = false
    if (this.#madeHidden && android) this.#route?.restart()
    this.#madeHidden = false
  }

  async #ask(audioOf: readonly string[]): Promise<void> {
    try {
      const { play } = await this.#options.mix({ audio: true, video: false, audioOf })
      if (this.#heard === '') return
      if (this.#route === undefined) this.#route = new PlayRoute(play, this.#options.prefer)
      else if (!this.#route.update(play)) return
      this.#madeHidden = this.#hidden
    } catch {
      // A server without codecs mixes nothing: the picture is missing and the sound with it, as `entered` has told.
      this.#route = undefined
    }
    this.#options.changed()
  }
}

/** Screens keep their players before cameras do: a voice does not convey a screen. */
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
