import type { PublishedParams } from '@crossroom/protocol'

import type { Platform } from './platform.js'
import { pusherCodes } from './pusher-codes.js'

/**
 * Delays between push attempts: LiteAV has made three of its own before -1307, so the first is immediate. The attempts
 * last half a minute, twice the grace time in which the server keeps viewers and member.
 */
const RETRY_MS: readonly number[] = [200, 1000, 2000, 4000, 5000, 5000, 5000]

/** After pushing again the server must see frames within this time; until then what it says of the old push is ignored. */
const LIVE_WITHIN_MS = 5000

export interface PushKeeperOptions {
  readonly platform: Platform
  /** Stop the pusher, then start it with the same URL. */
  restart(): void
  /** Every attempt failed. */
  gaveUp(): void
}

/**
 * Keeps a push alive while the app wants one. LiteAV says when it lost its connection (-1307, 3004), the server says when
 * frames stay away (`media.published` stalled or ended): both end in stop and start with the same address, which the
 * server takes as the same member going on.
 */
export class PushKeeper {
  readonly #options: PushKeeperOptions
  #wanted = false
  #framesExpected = true
  /** Pushed again, and the server has not seen frames of it yet. */
  #settling = false
  #attempt = 0
  #cancel: (() => void) | undefined

  constructor(options: PushKeeperOptions) {
    this.#options = options
  }

  get wanted(): boolean {
    return this.#wanted
  }

  /** The app wants to publish, and the pusher has its address. */
  want(): void {
    this.#wanted = true
    this.#attempt = 0
  }

  /** The app has left, pauses or was refused: no attempt is made any more. */
  unwant(): void {
    this.#wanted = false
    this.#disarm()
  }

  /** With camera and microphone off some phones send nothing at all: silence is then no reason to push again. */
  expectFrames(expected: boolean): void {
    this.#framesExpected = expected
    if (!expected) this.#settling = false
  }

  handleCode(code: number): void {
    if (code === pusherCodes.disconnected || code === pusherCodes.serverClosed) this.#retry()
  }

  handlePublished(published: PublishedParams): void {
    if (published.state === 'live') {
      this.#attempt = 0
      this.#disarm()
    } else if (published.state === 'refused') {
      this.unwant()
    } else if (this.#framesExpected && !this.#settling) {
      this.#retry()
    }
  }

  /**
   * At once, whatever the pusher believes: the page is shown again, and Android may have stopped the camera meanwhile without a
   * word; or the member is at another node, and the old one may be frozen.
   */
  pushAgain(): void {
    if (this.#wanted) this.#restart()
  }

  #retry(): void {
    if (!this.#wanted || (this.#cancel && !this.#settling)) return
    this.#disarm()
    const wait = RETRY_MS[this.#attempt]
    if (wait === undefined) {
      this.unwant()
      this.#options.gaveUp()
      return
    }
    this.#attempt++
    this.#cancel = this.#options.platform.after(wait, () => this.#restart())
  }

  #restart(): void {
    this.#disarm()
    this.#options.restart()
    if (!this.#framesExpected) return
    this.#settling = true
    this.#cancel = this.#options.platform.after(LIVE_WITHIN_MS, () => this.#retry())
  }

  #disarm(): void {
    this.#settling = false
    this.#cancel?.()
    this.#cancel = undefined
  }
}
