import type { ReceivedTrack } from './downlink.js'

/** The former connections are given up after this, whatever the new ones do. */
const TAKE_OVER_MS = 10_000

export interface TakeOverOptions {
  /** What is shown and heard, of the former connections. */
  readonly shown: readonly ReceivedTrack[]
  /** What is to be shown and heard now. */
  readonly show: (tracks: readonly ReceivedTrack[]) => void
  /** The former connections are not needed any more. Called once. */
  readonly done: () => void
}

/** Media goes on by new connections: each track replaces its predecessor when it plays, and not before. */
export class TakeOver {
  readonly #options: TakeOverOptions
  readonly #timer: ReturnType<typeof setTimeout>
  #tracks: readonly ReceivedTrack[] = []
  #unwatch: () => void = () => undefined
  #isOver = false

  constructor(options: TakeOverOptions) {
    this.#options = options
    this.#timer = setTimeout(() => this.finish(), TAKE_OVER_MS)
  }

  get isOver(): boolean {
    return this.#isOver
  }

  /** The complete list of the new connections. */
  setTracks(tracks: readonly ReceivedTrack[]): void {
    this.#unwatch()
    this.#tracks = tracks
    const update = (): void => this.#update()
    for (const { track } of tracks) track.addEventListener('unmute', update)
    this.#unwatch = () => {
      for (const { track } of tracks) track.removeEventListener('unmute', update)
    }
    this.#update()
  }

  /** From now on only the new ones are shown. Idempotent. */
  finish(): void {
    if (!this.#stop()) return
    this.#options.show(this.#tracks)
    this.#options.done()
  }

  /** Without showing anything any more. Idempotent. */
  close(): void {
    if (this.#stop()) this.#options.done()
  }

  #update(): void {
    const { shown, show } = this.#options
    const playing = this.#tracks.filter((next) => !next.track.muted || !shown.some((former) => isSame(former, next)))
    const left = shown.filter((former) => !playing.some((next) => isSame(former, next)))
    if (left.length === 0) this.finish()
    else show([...playing, ...left])
  }

  #stop(): boolean {
    if (this.#isOver) return false
    this.#isOver = true
    clearTimeout(this.#timer)
    this.#unwatch()
    return true
  }
}

function isSame(a: ReceivedTrack, b: ReceivedTrack): boolean {
  return a.userId === b.userId && a.streamType === b.streamType && a.kind === b.kind
}
