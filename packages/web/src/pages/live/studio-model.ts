import { signal } from '@preact/signals'
import {
  captureMissing,
  failureOfCapture,
  StreamPublisher,
  type CaptureSource,
  type PublishFailure,
  type PublishState,
  type SentReading,
} from '@crossroom/client/stream'
import { growth } from '../../i18n/figures.js'

const SAMPLE_MS = 1_000
export type Kind = 'video' | 'audio'

/** What is sent, over the last second. */
export interface Sent {
  readonly reading: SentReading
  readonly bytesPerSecond: number | undefined
  readonly picturesPerSecond: number | undefined
}

/** "Go live": what is captured, what is sent, and the stream's name. No method rejects. */
export class StudioModel {
  readonly state = signal<PublishState>({ kind: 'idle' })
  readonly isActive = signal(false)
  /** What the person has typed, and what is on air. */
  readonly typed = signal('')
  readonly streamName = signal('')
  readonly isAsking = signal(false)
  readonly refusal = signal<PublishFailure | undefined>(undefined)
  readonly sent = signal<Sent | undefined>(undefined)
  readonly seconds = signal(0)
  readonly devices = signal<readonly MediaDeviceInfo[]>([])
  /** Counts changes of what is captured. */
  readonly changes = signal(0)
  readonly publisher = new StreamPublisher()
  #token: string | undefined
  #liveSinceMs: number | undefined
  #before: { readonly atMs: number; readonly reading: SentReading } | undefined

  constructor() {
    this.publisher.on('state-changed', (state) => this.#handleState(state))
    this.publisher.on('track-changed', () => void this.#lookAtDevices())
    window.addEventListener('online', () => this.publisher.retry())
    if (captureMissing('camera') === undefined)
      navigator.mediaDevices.addEventListener('devicechange', () => void this.#lookAtDevices())
    setInterval(() => void this.#measure(), SAMPLE_MS)
  }

  /** The stream that is published, or is about to be again; undefined when none is. */
  get onAir(): string | undefined {
    return this.isActive.value ? this.streamName.value : undefined
  }

  get wasLive(): boolean {
    return this.#liveSinceMs !== undefined
  }

  /** The page shows the studio: under this name, with this token, unless something is on air already. */
  enter(name: string | undefined, token: string | undefined): void {
    if (this.publisher.isActive) return
    this.#token = token
    if (name !== undefined) this.typed.value = name
  }

  /** The page shows something else: what is on air goes on, a mere preview ends. */
  leave(): void {
    if (!this.publisher.isActive) this.close()
  }

  close(): void {
    this.publisher.close()
    this.changes.value++
  }

  open(source: CaptureSource): Promise<boolean> {
    return this.#asked(() => this.publisher.open(source))
  }

  choose(kind: Kind, deviceId: string): Promise<boolean> {
    return this.#asked(() => this.publisher.useDevice(kind, deviceId))
  }

  toggle(kind: Kind): void {
    this.publisher.mute(kind, !this.publisher.isMuted(kind))
    this.changes.value++
  }

  /** Publishes what is captured, or else the camera. */
  async goLive(stream: string): Promise<void> {
    if (this.publisher.isActive || this.isAsking.value) return
    if (this.publisher.source === undefined && !(await this.open('camera'))) return
    this.refusal.value = undefined
    this.streamName.value = stream
    this.#liveSinceMs = undefined
    const token = this.#token
    this.publisher.start({ stream, server: location.origin, ...(token === undefined ? {} : { token }) })
  }

  async #asked(ask: () => Promise<void>): Promise<boolean> {
    this.isAsking.value = true
    this.refusal.value = undefined
    try {
      await ask()
      return true
    } catch (error) {
      const failure = failureOfCapture(error)
      this.refusal.value = failure.reason === 'left' ? undefined : failure
      return false
    } finally {
      this.isAsking.value = false
      await this.#lookAtDevices()
    }
  }

  async #lookAtDevices(): Promise<void> {
    this.changes.value++
    if (captureMissing('camera') === undefined) this.devices.value = await navigator.mediaDevices.enumerateDevices()
  }

  #handleState(state: PublishState): void {
    if (state.kind === 'live') this.#liveSinceMs ??= performance.now()
    else {
      this.#before = undefined
      this.sent.value = undefined
    }
    this.state.value = state
    this.isActive.value = this.publisher.isActive
    this.#count()
  }

  #count(): void {
    this.seconds.value =
      this.#liveSinceMs === undefined ? 0 : Math.floor((performance.now() - this.#liveSinceMs) / 1_000)
  }

  async #measure(): Promise<void> {
    if (this.state.value.kind !== 'live') return
    const reading = await this.publisher.getStatistics()
    if (reading === undefined || this.state.peek().kind !== 'live') return
    const atMs = performance.now()
    const before = this.#before
    this.#before = { atMs, reading }
    const perSecond = (field: 'bytes' | 'pictures'): number | undefined =>
      growth(before && { atMs: before.atMs, count: before.reading[field] }, { atMs, count: reading[field] })
    this.sent.value = { reading, bytesPerSecond: perSecond('bytes'), picturesPerSecond: perSecond('pictures') }
    this.#count()
  }
}
