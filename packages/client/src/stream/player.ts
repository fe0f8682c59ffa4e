import { holdStill } from '../media/still.js'
import { decide, planFor, type Setback } from './plan.js'
import type {
  Failure,
  OpenSource,
  Preference,
  Protocol,
  Sample,
  Source,
  SourceEvents,
  StreamAddress,
} from './source.js'
import { Upgrade, type MovableSource } from './upgrade.js'

/** What the player does, for the page to say. `setbacks` are the ways that were tried before this one. */
export type PlayerState =
  | { readonly kind: 'idle' }
  /** `again`: why the attempt before the pause failed, when this is not the first one. */
  | {
      readonly kind: 'connecting'
      readonly protocol: Protocol
      readonly setbacks: readonly Setback[]
      readonly again?: Failure
    }
  | { readonly kind: 'blocked'; readonly protocol: Protocol; readonly setbacks: readonly Setback[] }
  | { readonly kind: 'playing'; readonly protocol: Protocol; readonly setbacks: readonly Setback[] }
  | { readonly kind: 'waiting'; readonly failure: Failure; readonly retryInMs: number }
  | { readonly kind: 'stopped'; readonly setbacks: readonly Setback[] }

/** From the attempt to the server's answer, and from there to the first picture. A group of pictures may last 10 s. */
const CONNECT_MS = 7_000
const FIRST_PICTURE_MS = 15_000

/** Plays one stream at a time by the first protocol that works, and comes back when it breaks. */
export class Player {
  readonly #video: HTMLVideoElement
  readonly #openers: Readonly<Record<Protocol, OpenSource>>
  readonly #changed: (state: PlayerState) => void
  #state: PlayerState = { kind: 'idle' }
  #address: StreamAddress | undefined
  #preference: Preference = 'auto'
  #setbacks: Setback[] = []
  #round = 0
  /** Why the player waits, or waited before this attempt. */
  #lastFailure: Failure | undefined
  #source: Source | undefined
  #playingSince: number | undefined
  #timer: ReturnType<typeof setTimeout> | undefined
  #upgrade: Upgrade | undefined
  readonly #makeVideo: () => HTMLVideoElement
  /** Counts attempts, so that a source that was given up cannot speak any more. */
  #attempt = 0

  constructor(
    video: HTMLVideoElement,
    openers: Readonly<Record<Protocol, OpenSource>>,
    changed: (state: PlayerState) => void,
    makeVideo = () => document.createElement('video'),
  ) {
    this.#makeVideo = makeVideo
    this.#video = video
    this.#openers = openers
    this.#changed = changed
  }

  get state(): PlayerState {
    return this.#state
  }

  /** Plays `address`; leaves the previous one. */
  open(address: StreamAddress, preference: Preference): void {
    this.close()
    this.#address = address
    this.#preference = preference
    this.#begin()
  }

  /** Tries again now, from the first way on. */
  retry(): void {
    if (this.#address !== undefined) this.open(this.#address, this.#preference)
  }

  /** Leaves the stream. Idempotent. */
  close(): void {
    this.#letGo()
    this.#address = undefined
    this.#round = 0
    this.#lastFailure = undefined
    if (this.#state.kind !== 'idle') this.#set({ kind: 'idle' })
  }

  /** Current measurements; undefined while nothing plays. */
  async sample(): Promise<Sample | undefined> {
    return this.#source?.sample()
  }

  #begin(): void {
    this.#setbacks = []
    this.#try(planFor(this.#preference)[0]!)
  }

  #try(protocol: Protocol): void {
    this.#letGo()
    const attempt = this.#attempt
    const failed = (failure: Failure): void => {
      if (attempt === this.#attempt) this.#fail(protocol, failure)
    }
    const again = this.#lastFailure
    this.#set({ kind: 'connecting', protocol, setbacks: this.#setbacks, ...(again === undefined ? {} : { again }) })
    this.#deadline(CONNECT_MS, failed)
    this.#openers[protocol](this.#video, this.#address!, this.#eventsFor(protocol, attempt, failed)).then(
      (source) => {
        if (attempt === this.#attempt) this.#source = source
        else source.close()
      },
      (error: unknown) => failed({ reason: 'unsupported', detail: String(error) }),
    )
  }

  #eventsFor(protocol: Protocol, attempt: number, failed: (failure: Failure) => void): SourceEvents {
    const whenCurrent = (act: () => void) => () => {
      if (attempt === this.#attempt) act()
    }
    return {
      connected: whenCurrent(() => this.#deadline(FIRST_PICTURE_MS, failed)),
      playing: whenCurrent(() => {
        clearTimeout(this.#timer)
        this.#playingSince ??= performance.now()
        this.#lastFailure = undefined
        this.#set({ kind: 'playing', protocol, setbacks: this.#setbacks })
        this.#seekBetter(protocol)
      }),
      blocked: whenCurrent(() => {
        clearTimeout(this.#timer)
        this.#set({ kind: 'blocked', protocol, setbacks: this.#setbacks })
      }),
      failed,
    }
  }

  /** What broke the first choice is over some time: it is tried beside what plays, for as long as that plays. */
  #seekBetter(protocol: Protocol): void {
    const best = planFor(this.#preference)[0]!
    const isImpossible = this.#setbacks.some((it) => it.protocol === best && it.failure.reason === 'unsupported')
    if (protocol === best || isImpossible || this.#upgrade !== undefined) return
    this.#upgrade = new Upgrade({
      open: (events) => {
        const video = this.#makeVideo()
        video.muted = true
        return this.#openers[best](video, this.#address!, events)
      },
      adopt: (source) => this.#adopt(best, source),
      failed: (failure) => this.#fail(best, failure),
    })
  }

  #adopt(protocol: Protocol, source: MovableSource): void {
    const release = holdStill(this.#video)
    this.#letGo()
    this.#source = source
    this.#playingSince = performance.now()
    this.#setbacks = []
    source.moveTo(this.#video)
    onNextPicture(this.#video, release)
    this.#set({ kind: 'playing', protocol, setbacks: [] })
  }

  #fail(protocol: Protocol, failure: Failure): void {
    const playedMs = this.#playingSince === undefined ? 0 : performance.now() - this.#playingSince
    this.#letGo()
    if (playedMs > 0) this.#round = 0
    this.#setbacks = [...this.#setbacks, { protocol, failure }]
    const step = decide(planFor(this.#preference), this.#setbacks, playedMs, this.#round)
    if (step.kind === 'next') return this.#try(step.protocol)
    if (step.kind === 'stop') return this.#set({ kind: 'stopped', setbacks: this.#setbacks })
    this.#round++
    this.#lastFailure = failure
    this.#set({ kind: 'waiting', failure, retryInMs: step.ms })
    this.#timer = setTimeout(() => this.#begin(), step.ms)
  }

  #deadline(ms: number, failed: (failure: Failure) => void): void {
    clearTimeout(this.#timer)
    this.#timer = setTimeout(() => failed({ reason: 'timeout' }), ms)
  }

  #letGo(): void {
    this.#attempt++
    this.#upgrade?.close()
    this.#upgrade = undefined
    clearTimeout(this.#timer)
    this.#source?.close()
    this.#source = undefined
    this.#playingSince = undefined
  }

  #set(state: PlayerState): void {
    this.#state = state
    this.#changed(state)
  }
}

/** Firefox before 132 does not tell of pictures. */
function onNextPicture(video: HTMLVideoElement, act: () => void): void {
  if ('requestVideoFrameCallback' in video) video.requestVideoFrameCallback(act)
  else (video as HTMLVideoElement).addEventListener('timeupdate', act, { once: true })
}
