import type { Failure, Source, SourceEvents } from './source.js'

/** A source that can show elsewhere what it plays. */
export interface MovableSource extends Source {
  moveTo(video: HTMLVideoElement): void
}

/** Between attempts, doubled up to the last. */
const FIRST_WAIT_MS = 5_000
const LONGEST_WAIT_MS = 60_000
/** From the beginning of an attempt to its first picture. */
const GIVE_UP_MS = 20_000

export interface UpgradeOptions {
  /** Begins an attempt beside what plays. */
  readonly open: (events: SourceEvents) => Promise<Source>
  /** It plays: from now on its failures go to the caller. */
  readonly adopt: (source: MovableSource) => void
  /** An adopted source failed. */
  readonly failed: (failure: Failure) => void
}

/** Looks for the better way while a worse one plays: again and again, with growing pauses, until it is closed or adopted. */
export class Upgrade {
  readonly #options: UpgradeOptions
  #waitMs = FIRST_WAIT_MS
  #timer: ReturnType<typeof setTimeout>
  #source: Source | undefined
  #attempt = 0

  constructor(options: UpgradeOptions) {
    this.#options = options
    this.#timer = setTimeout(() => this.#try(), this.#waitMs)
  }

  /** Idempotent. Adopted sources belong to the caller. */
  close(): void {
    this.#attempt++
    clearTimeout(this.#timer)
    this.#source?.close()
    this.#source = undefined
  }

  #try(): void {
    const attempt = ++this.#attempt
    let plays = false
    let adopted = false
    const failed = (failure: Failure): void => {
      if (adopted) this.#options.failed(failure)
      else if (attempt === this.#attempt) this.#again()
    }
    const settle = (): void => {
      if (!plays || adopted || attempt !== this.#attempt || !isMovable(this.#source)) return
      const source = this.#source
      adopted = true
      this.#source = undefined
      clearTimeout(this.#timer)
      this.#options.adopt(source)
    }
    this.#timer = setTimeout(() => failed({ reason: 'timeout' }), GIVE_UP_MS)
    const playing = (): void => {
      plays = true
      settle()
    }
    this.#options.open({ connected: () => undefined, playing, blocked: playing, failed }).then(
      (source) => {
        if (attempt !== this.#attempt) return source.close()
        this.#source = source
        settle()
      },
      (error: unknown) => failed({ reason: 'unsupported', detail: String(error) }),
    )
  }

  #again(): void {
    this.close()
    this.#waitMs = Math.min(LONGEST_WAIT_MS, 2 * this.#waitMs)
    this.#timer = setTimeout(() => this.#try(), this.#waitMs)
  }
}

function isMovable(source: Source | undefined): source is MovableSource {
  return source !== undefined && 'moveTo' in source
}
