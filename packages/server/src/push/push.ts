import { pushLimits } from '../config/index.js'
import { WantedStream, type Clock, type SourceFor, type Stream, type StreamHub, type StreamKey } from '../hub/index.js'
import { retryDelayMs } from '../jobs/index.js'
import type { Log } from '../observe/index.js'
import { shownAddress, withoutSecrets, type PushAddress } from './address.js'
import { PUSH_NEEDS } from './needs.js'
import type { OpenSender, Sender, SendFailure } from './sender.js'
import { isPushed, type PushPlace, type PushSpec } from './spec.js'

const RETRY = { firstMs: pushLimits.retryFirstMs, maxMs: pushLimits.retryMaxMs }
const DENIED_RETRY = { firstMs: pushLimits.deniedFirstMs, maxMs: pushLimits.deniedMaxMs }
const MILLISECOND = 1000

export interface PushServices {
  readonly clock: Clock
  readonly hub: StreamHub
  readonly log: Log
  readonly sourceFor: SourceFor
  readonly openSender: OpenSender
  /** Wall clock in milliseconds. */
  readonly nowMs: () => number
  /** 0 to 1, 1 excluded. */
  readonly random: () => number
  /** The key of what is pushed, where it is known; undefined while nobody publishes it. */
  keyOf(place: PushPlace): Promise<StreamKey | undefined>
}

/** `waiting`: for the stream; `connecting`: the target has not accepted it; `retrying`: the next attempt comes after a pause. */
export type PushState = 'waiting' | 'connecting' | 'pushing' | 'retrying' | 'ended'

export interface PushOptions extends Pick<PushSpec, 'bearer' | 'onDemand' | 'once'> {
  readonly id: string
  readonly address: PushAddress
  readonly place: PushPlace
  readonly isForward: boolean
}

interface Attempt {
  readonly stream: Stream
  sender: Sender | undefined
  cancelDeadline: (() => void) | undefined
  /** When the target accepted the stream, in listened time. */
  sendingAt: number | undefined
}

/** Pushes one stream to one target: while the stream is live it connects, sends, and tries again after a pause that grows. */
export class Push {
  readonly address: PushAddress
  readonly #options: PushOptions
  readonly #services: PushServices
  readonly #demand: WantedStream | undefined
  #attempt: Attempt | undefined
  #cancelRetry: (() => void) | undefined
  #nextTryAt: number | undefined
  #sendingSince: number | undefined
  #isOn = false
  #hasEnded = false
  #hasSent = false
  #isFinishing = false
  /** In a row. */
  #failures = 0
  #failed = 0
  #error: string | undefined
  #bytes = 0
  #dropped = 0

  constructor(options: PushOptions, services: PushServices) {
    this.#options = options
    this.#services = services
    this.address = options.address
    const { hub, clock } = services
    if (!options.onDemand)
      this.#demand = new WantedStream({ hub, clock, kind: 'push', keyOf: () => services.keyOf(options.place) })
  }

  get state(): PushState {
    if (this.#hasEnded) return 'ended'
    if (this.#attempt !== undefined) return this.#attempt.sendingAt === undefined ? 'connecting' : 'pushing'
    return this.#cancelRetry === undefined ? 'waiting' : 'retrying'
  }

  /** Why the last attempt failed, as a sentence without secrets; undefined once one succeeds. */
  get error(): string | undefined {
    return this.#error
  }

  /** Of the next attempt, in Unix milliseconds. */
  get nextTryAt(): number | undefined {
    return this.#nextTryAt
  }

  /** When the target accepted the stream, in Unix milliseconds; undefined while it has not. */
  get sendingSince(): number | undefined {
    return this.#attempt?.sendingAt === undefined ? undefined : this.#sendingSince
  }

  get bytesOut(): number {
    return this.#bytes + (this.#attempt?.sender?.bytesOut ?? 0)
  }

  get droppedFrames(): number {
    return this.#dropped + (this.#attempt?.sender?.droppedFrames ?? 0)
  }

  /** Attempts that failed since the push was made. */
  get failed(): number {
    return this.#failed
  }

  start(): void {
    this.#isOn = true
    this.#seek()
  }

  /** Idempotent. */
  stop(): void {
    this.#isOn = false
    this.#demand?.stop()
    this.#cancelRetry?.()
    this.#cancelRetry = undefined
    this.#nextTryAt = undefined
    this.#finish()
  }

  /** A stream has a publisher, and its tracks are known. */
  handleTracksKnown(stream: Stream): void {
    if (isPushed(this.#options.place, stream.key)) this.#connect(stream)
  }

  /** A push on demand goes with the others. */
  handleDemand(stream: Stream): void {
    if (!this.#options.onDemand || !isPushed(this.#options.place, stream.key)) return
    if (this.#attempt === undefined) {
      if (stream.tracksKnown) this.#connect(stream)
    } else if (this.#attempt.stream === stream && !this.#isThereForOthers(stream)) this.#finish()
  }

  handleClosed(stream: Stream): void {
    if (!isPushed(this.#options.place, stream.key)) return
    this.#demand?.handleClosed()
    if (this.#options.once && this.#isOn && this.#hasSent) this.#endForGood()
  }

  /** Connects if the stream is there, and waits for it otherwise. */
  #seek(): void {
    const { hub } = this.#services
    const { place } = this.#options
    const stream = hub.list().find(({ key, tracksKnown }) => tracksKnown && isPushed(place, key))
    if (stream === undefined) this.#demand?.start()
    else this.#connect(stream)
  }

  #connect(stream: Stream): void {
    if (!this.#isOn || this.#attempt !== undefined || this.#cancelRetry !== undefined) return
    if (this.#options.onDemand && !this.#isThereForOthers(stream)) return
    this.#demand?.stop()
    const { clock, sourceFor, openSender } = this.#services
    const { address, bearer, isForward } = this.#options
    const attempt: Attempt = { stream, sender: undefined, cancelDeadline: undefined, sendingAt: undefined }
    this.#attempt = attempt
    attempt.cancelDeadline = clock.after(pushLimits.connectMicros, () =>
      this.#handleFailure(attempt, { message: 'The target did not accept the stream in time.' }),
    )
    attempt.sender = openSender(
      { source: sourceFor(stream, PUSH_NEEDS[address.kind]), address, bearer, isForward },
      {
        sending: () => this.#handleSending(attempt),
        over: () => this.#handleOver(attempt),
        failed: (failure) => this.#handleFailure(attempt, failure),
      },
    )
  }

  #handleSending(attempt: Attempt): void {
    if (this.#attempt !== attempt) return
    attempt.cancelDeadline?.()
    attempt.sendingAt = this.#services.clock.listened()
    this.#sendingSince = this.#services.nowMs()
    this.#error = undefined
    this.#hasSent = true
  }

  /** The publisher is gone: the next one, or the same again, is pushed as well. */
  #handleOver(attempt: Attempt): void {
    if (this.#attempt !== attempt) return
    // Before the sender leaves it, so that the stream waits for its publisher.
    this.#demand?.start(attempt.stream)
    this.#finish()
    this.#failures = 0
    if (this.#isOn) this.#seek()
  }

  #handleFailure(attempt: Attempt, { message, denied = false }: SendFailure): void {
    if (this.#attempt !== attempt) return
    const { clock, log, random, nowMs } = this.#services
    const { sendingAt } = attempt
    this.#finish()
    const wasSteady = sendingAt !== undefined && clock.listened() - sendingAt >= pushLimits.steadyMicros
    this.#failures = wasSteady ? 1 : this.#failures + 1
    this.#failed += 1
    const error = withoutSecrets(message, this.address, this.#options.bearer)
    if (error !== this.#error)
      log.warn({ push: this.#options.id, url: shownAddress(this.address), error }, 'A push failed')
    this.#error = error
    if (!this.#isOn) return
    const pauseMs = retryDelayMs(this.#failures, denied ? DENIED_RETRY : RETRY, random)
    this.#nextTryAt = nowMs() + pauseMs
    this.#cancelRetry = clock.after(pauseMs * MILLISECOND, () => {
      this.#cancelRetry = undefined
      this.#nextTryAt = undefined
      this.#seek()
    })
  }

  #finish(): void {
    const attempt = this.#attempt
    if (attempt === undefined || this.#isFinishing) return
    // Its leaving changes the demand, which is told to this push as well.
    this.#isFinishing = true
    attempt.cancelDeadline?.()
    const { sender } = attempt
    sender?.close()
    this.#bytes += sender?.bytesOut ?? 0
    this.#dropped += sender?.droppedFrames ?? 0
    this.#attempt = undefined
    this.#isFinishing = false
  }

  #endForGood(): void {
    this.stop()
    this.#hasEnded = true
  }

  /** A stream that is fetched as long as there is demand is not kept for its pushes alone. */
  #isThereForOthers({ key, demand }: Stream): boolean {
    if (!this.#services.hub.isFetched(key)) return true
    return [...demand.keys()].some((kind) => !kind.startsWith('push'))
  }
}
