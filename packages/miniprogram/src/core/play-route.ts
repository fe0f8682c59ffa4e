import type { PlayAddresses } from '@crossroom/protocol'

import { playerCodes, type PlayProtocol } from './pusher-codes.js'

/** How often a player may say that it reconnects before the other protocol is tried. */
const RECONNECTS_BEFORE_CHANGE = 2

/**
 * Which address one player is given. It begins with the preferred protocol and goes to the other when the player gives
 * up (-2301) or reconnects without success (2103): firewalls that swallow RTMP leave HTTP alone, and the reverse.
 */
export class PlayRoute {
  #play: Pick<PlayAddresses, PlayProtocol>
  #protocol: PlayProtocol
  #reconnects = 0
  #generation = 0

  constructor(play: Pick<PlayAddresses, PlayProtocol>, prefer: PlayProtocol) {
    this.#play = play
    this.#protocol = prefer
  }

  get url(): string {
    return this.#play[this.#protocol]
  }

  get protocol(): PlayProtocol {
    return this.#protocol
  }

  /**
   * Grows whenever the player must be created again: LiteAV does not play a changed `src` reliably in the same element.
   */
  get generation(): number {
    return this.#generation
  }

  /** New addresses of the same stream; returns whether the player must be created again. */
  update(play: Pick<PlayAddresses, PlayProtocol>): boolean {
    const before = this.url
    this.#play = play
    if (this.url === before) return false
    this.#generation++
    return true
  }

  /** Handles an event of the player; returns whether it must be created again. */
  handleCode(code: number): boolean {
    if (code === playerCodes.begin) {
      this.#reconnects = 0
      return false
    }
    if (code === playerCodes.reconnecting && ++this.#reconnects < RECONNECTS_BEFORE_CHANGE) return false
    if (code !== playerCodes.reconnecting && code !== playerCodes.disconnected) return false
    this.#protocol = this.#protocol === 'rtmp' ? 'flv' : 'rtmp'
    this.restart()
    return true
  }

  /** The element must be created again with the same address, as Android requires after a page was hidden. */
  restart(): void {
    this.#reconnects = 0
    this.#generation++
  }
}
