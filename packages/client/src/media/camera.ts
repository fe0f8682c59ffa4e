import { CrossroomError, toCrossroomError } from '../errors.js'
import type { LocalVideoOptions, VideoProcessor } from '../options.js'
import { Picture } from './picture.js'
import { profileOf } from '../profiles.js'
import { Serial } from '../serial.js'
import { openCamera } from './capture.js'
import type { LocalEvents, LocalTrack } from './local-source.js'

/** The camera: its track, what a processor makes of it, and the preview. */
export class Camera {
  readonly #events: LocalEvents
  readonly #turns = new Serial()
  #options: LocalVideoOptions | undefined
  #raw: MediaStreamTrack | undefined
  /** False for a track of the page's own. */
  #isOurs = true
  #processor: VideoProcessor | undefined
  #processed: MediaStreamTrack | undefined
  #preview: Picture | undefined
  /** Counts stops, for a person may answer a question that is not asked any more. */
  #stops = 0

  constructor(events: LocalEvents) {
    this.#events = events
  }

  /** What others are to get; undefined while nothing is. */
  get sent(): LocalTrack | undefined {
    const { track } = this
    if (track === undefined || this.#options?.publish === false) return undefined
    const profile = profileOf(this.#options?.profile ?? '720p')
    return { streamType: 'main', kind: 'video', track, profile, muted: this.#options?.mute === true }
  }

  /** The picture as it is sent. */
  get track(): MediaStreamTrack | undefined {
    return this.#processed ?? this.#raw
  }

  /** Opens the camera, or changes the open one. Rejects with CrossroomError. */
  start(options: LocalVideoOptions): Promise<void> {
    const stops = this.#stops
    return this.#turns.run(() => this.#apply({ ...this.#options, ...options }, stops))
  }

  /** Lets go of the camera at once. Idempotent. */
  stop(): void {
    this.#stops++
    this.#options = undefined
    this.#preview?.close()
    this.#preview = undefined
    if (this.#raw === undefined) return
    this.#letGo()
    this.#events.changed()
  }

  /** Puts a processor in the way, or takes it out. Rejects with `PROCESSOR_FAILED` and goes on without it. */
  setProcessor(processor: VideoProcessor | undefined): Promise<void> {
    return this.#turns.run(async () => {
      this.#endProcessing()
      this.#processor = processor
      try {
        await this.#process()
      } finally {
        this.#present()
      }
    })
  }

  async #apply(options: LocalVideoOptions, stops: number): Promise<void> {
    const profile = profileOf(options.profile ?? '720p')
    const before = this.#options
    // The view is looked up first: do not ask for a camera that nobody could see.
    this.#showIn(options)
    if (this.#raw === undefined || needsAnother(before, options)) {
      try {
        await this.#open(options, stops)
      } catch (error) {
        // The previous camera was replaced by one that does not work.
        if (before !== undefined && stops === this.#stops) await this.#open(before, stops).catch(() => this.stop())
        else if (stops === this.#stops) this.stop()
        this.#present()
        throw error
      }
    } else if (before?.profile !== options.profile) {
      const { width, height, frameRate } = profile
      await this.#raw.applyConstraints({ width, height, frameRate }).catch(() => undefined)
    }
    this.#options = options
    this.#present()
  }

  async #open(options: LocalVideoOptions, stops: number): Promise<void> {
    // Phones open one camera at a time.
    this.#letGo()
    const { deviceId, facingMode, track } = options
    const profile = profileOf(options.profile ?? '720p')
    const raw = track ?? (await openCamera({ deviceId, facingMode, profile }))
    this.#isOurs = track === undefined
    if (stops !== this.#stops) {
      if (this.#isOurs) raw.stop()
      throw new CrossroomError('STOPPED')
    }
    this.#raw = raw
    raw.addEventListener('ended', () => this.#handleEnded(raw))
    await this.#process().catch((error: unknown) => this.#events.failed(toCrossroomError(error, 'PROCESSOR_FAILED')))
  }

  async #process(): Promise<void> {
    const raw = this.#raw
    if (this.#processor === undefined || raw === undefined) return
    try {
      const processed = await this.#processor.start(raw)
      if (raw === this.#raw) this.#processed = processed
    } catch (error) {
      this.#endProcessing()
      throw toCrossroomError(error, 'PROCESSOR_FAILED')
    }
  }

  #endProcessing(): void {
    this.#processor?.stop()
    this.#processed?.stop()
    this.#processed = undefined
  }

  #letGo(): void {
    this.#endProcessing()
    const raw = this.#raw
    this.#raw = undefined
    if (this.#isOurs) raw?.stop()
  }

  #showIn({ view }: LocalVideoOptions): void {
    if (view !== undefined && (view === null || this.#preview?.isIn(view) !== true)) {
      const next =
        view === null
          ? undefined
          : new Picture(
              view,
              {},
              {
                firstFrame: (width, height) => this.#events.firstFrame('main', width, height),
                sizeChanged: (width, height) => this.#events.sizeChanged('main', width, height),
              },
            )
      this.#preview?.close()
      this.#preview = next
    }
  }

  /** Shows and publishes the current track. */
  #present(): void {
    const { track } = this
    const muted = this.#options?.mute === true
    // A muted camera sends black, so that players do not stop.
    for (const part of [this.#raw, this.#processed]) if (part !== undefined) part.enabled = !muted
    this.#preview?.arrange({ mirror: this.#options?.mirror ?? this.#raw?.getSettings().facingMode !== 'environment' })
    this.#preview?.show(track)
    this.#events.changed()
  }

  /** Not called for tracks stopped here. An unplugged camera is replaced by another one. */
  #handleEnded(raw: MediaStreamTrack): void {
    if (raw !== this.#raw) return
    if (!this.#isOurs) return this.stop()
    const { deviceId: _gone, ...options } = this.#options ?? {}
    this.#options = options
    this.#raw = undefined
    this.start({}).catch((error: unknown) => this.#events.failed(toCrossroomError(error, 'DEVICE_NOT_FOUND')))
  }
}

function needsAnother(before: LocalVideoOptions | undefined, after: LocalVideoOptions): boolean {
  return (['deviceId', 'facingMode', 'track'] as const).some((name) => before?.[name] !== after[name])
}
