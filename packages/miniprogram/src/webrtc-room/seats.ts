import type { User, UserStream } from '@crossroom/protocol'

import { PlayRoute, playerCodes, type PlayProtocol } from '../index.js'

/** One player of one member: the camera, or the screen that lies over it. */
export interface SeatPlayer {
  readonly streamType: 'main' | 'aux'
  readonly route: PlayRoute
  /** A member has been seen or heard here: the element exists from then on, because creating it again flashes black. */
  started: boolean
  loading: boolean
  /** The picture lies on its side and must be turned. */
  sideways: boolean
  /** Made while the page was hidden, which Android never recovers from. */
  madeHidden: boolean
}

export interface Seat {
  user: User
  readonly players: Map<'main' | 'aux', SeatPlayer>
}

export interface SeatsChange {
  /** Members for whom there is no seat. */
  readonly tooMany: readonly User[]
}

/**
 * The fixed row of seats for remote members. Leaving members free their seats before new ones look for one, so that a
 * simultaneous exit and entry works in a full room.
 */
export class Seats {
  readonly #prefer: PlayProtocol
  #seats: (Seat | undefined)[]
  #hidden = false

  constructor(options: { readonly count: number; readonly prefer: PlayProtocol }) {
    this.#prefer = options.prefer
    this.#seats = new Array<Seat | undefined>(options.count).fill(undefined)
  }

  /** In seat order; undefined is a free one. */
  get all(): readonly (Seat | undefined)[] {
    return this.#seats
  }

  /** More or fewer seats; who sits beyond the end moves to a free one or is without until the next list. */
  resize(count: number): void {
    const beyond = this.#seats.slice(count).filter((seat) => seat !== undefined)
    this.#seats = Array.from({ length: count }, (_, index) => this.#seats[index])
    for (const seat of beyond) this.#put(seat)
  }

  /** The whole list as it is now. */
  update(users: readonly User[]): SeatsChange {
    const byId = new Map(users.map((user) => [user.userId, user]))
    this.#seats = this.#seats.map((seat) => (seat && byId.has(seat.user.userId) ? seat : undefined))
    const tooMany: User[] = []
    for (const user of users) {
      const seat = this.find(user.userId) ?? this.#put({ user, players: new Map() })
      if (seat) this.#takeStreams(seat, user)
      else tooMany.push(user)
    }
    return { tooMany }
  }

  clear(): void {
    this.#seats.fill(undefined)
  }

  find(userId: string): Seat | undefined {
    return this.#seats.find((seat) => seat?.user.userId === userId)
  }

  /** What a player said; answers whether the view must be drawn again. */
  handleCode(userId: string, streamType: 'main' | 'aux', code: number): boolean {
    const player = this.find(userId)?.players.get(streamType)
    if (!player) return false
    const wasLoading = player.loading
    if (code === playerCodes.loading) player.loading = true
    if (code === playerCodes.begin) player.loading = false
    const renewed = player.route.handleCode(code)
    if (renewed) this.#renewed(player)
    return renewed || player.loading !== wasLoading
  }

  /** The page is hidden: players created from now on may be dead when it is shown again. */
  hide(): void {
    this.#hidden = true
  }

  /** The page is shown again. On Android, players created meanwhile are created again. */
  show(android: boolean): void {
    this.#hidden = false
    for (const seat of this.#seats) {
      for (const player of seat?.players.values() ?? []) {
        if (player.madeHidden && android) player.route.restart()
        player.madeHidden = false
      }
    }
  }

  /** Every player is created again, with the same address. */
  restart(): void {
    for (const seat of this.#seats) {
      for (const player of seat?.players.values() ?? []) {
        player.route.restart()
        this.#renewed(player)
      }
    }
  }

  /** The sender holds its camera another way. Degrees, clockwise; a player knows upright and sideways. */
  rotate(userId: string, streamType: string, rotation: number): void {
    const player = streamType === 'small' ? undefined : this.find(userId)?.players.get(streamType as 'main' | 'aux')
    if (player) player.sideways = rotation % 180 === 90
  }

  #put(seat: Seat): Seat | undefined {
    const free = this.#seats.indexOf(undefined)
    if (free < 0) return undefined
    this.#seats[free] = seat
    return seat
  }

  #takeStreams(seat: Seat, user: User): void {
    seat.user = user
    for (const streamType of ['main', 'aux'] as const) {
      const stream = user.streams.find((candidate) => candidate.streamType === streamType)
      const player = seat.players.get(streamType)
      if (!stream) seat.players.delete(streamType)
      else if (player) this.#takeStream(player, stream)
      else seat.players.set(streamType, this.#newPlayer(streamType, stream))
    }
  }

  #takeStream(player: SeatPlayer, stream: UserStream): void {
    player.started ||= stream.hasAudio || stream.hasVideo
    if (player.route.update(stream.play)) this.#renewed(player)
  }

  /** The element is created again. */
  #renewed(player: SeatPlayer): void {
    player.loading = true
    player.madeHidden = this.#hidden
  }

  #newPlayer(streamType: 'main' | 'aux', stream: UserStream): SeatPlayer {
    return {
      streamType,
      route: new PlayRoute(stream.play, this.#prefer),
      started: stream.hasAudio || stream.hasVideo,
      loading: true,
      sideways: false,
      madeHidden: this.#hidden,
    }
  }
}
