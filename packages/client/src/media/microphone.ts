import { CrossroomError, toCrossroomError } from '../errors.js'
import type { LocalAudioOptions } from '../options.js'
import { Serial } from '../serial.js'
import { openMicrophone } from './capture.js'
import type { LocalEvents, LocalTrack } from './local-source.js'

/** The microphone. */
export class Microphone {
  readonly #events: LocalEvents
  readonly #turns = new Serial()
  #options: LocalAudioOptions | undefined
  #track: MediaStreamTrack | undefined
  /** False for a track of the page's own. */
  #isOurs = true
  /** Counts stops, for a person may answer a question that is not asked any more. */
  #stops = 0

  constructor(events: LocalEvents) {
    this.#events = events
  }

  /** What others are to get; undefined while nothing is. */
  get sent(): LocalTrack | undefined {
    if (this.#track === undefined || this.#options?.publish === false) return undefined
    return { streamType: 'main', kind: 'audio', track: this.#track, muted: this.#options?.mute === true }
  }

  get track(): MediaStreamTrack | undefined {
    return this.#track
  }

  /** Opens the microphone, or changes the open one. Rejects with CrossroomError. */
  start(options: LocalAudioOptions): Promise<void> {
    const stops = this.#stops
    return this.#turns.run(async () => {
      const next = { ...this.#options, ...options }
      if (this.#track === undefined || needsAnother(this.#options, next)) await this.#open(next, stops)
      this.#options = next
      // A muted microphone sends silence, so that players do not stop.
      if (this.#track !== undefined) this.#track.enabled = next.mute !== true
      this.#events.changed()
    })
  }

  /** Lets go of the microphone at once. Idempotent. */
  stop(): void {
    this.#stops++
    this.#options = undefined
    if (this.#track === undefined) return
    this.#letGo()
    this.#events.changed()
  }

  #letGo(): void {
    if (this.#isOurs) this.#track?.stop()
    this.#track = undefined
  }

  async #open(options: LocalAudioOptions, stops: number): Promise<void> {
    const { deviceId, echoCancellation = true, noiseSuppression = true, autoGainControl = true } = options
    const isOurs = options.track === undefined
    const processing = { echoCancellation, noiseSuppression, autoGainControl }
    const track = options.track ?? (await openMicrophone({ deviceId, ...processing }))
    if (stops !== this.#stops) {
      if (isOurs) track.stop()
      throw new CrossroomError('STOPPED')
    }
    // Unlike cameras, two microphones can be open: the sound changes over without a gap.
    this.#letGo()
    this.#track = track
    this.#isOurs = isOurs
    track.addEventListener('ended', () => this.#handleEnded(track))
  }

  /** Not called for tracks stopped here. An unplugged microphone is replaced by another one. */
  #handleEnded(track: MediaStreamTrack): void {
    if (track !== this.#track) return
    if (!this.#isOurs) return this.stop()
    const { deviceId: _gone, ...options } = this.#options ?? {}
    this.#options = options
    this.#track = undefined
    this.start({}).catch((error: unknown) => {
      this.#events.changed()
      this.#events.failed(toCrossroomError(error, 'DEVICE_NOT_FOUND'))
    })
  }
}

function needsAnother(before: LocalAudioOptions | undefined, after: LocalAudioOptions): boolean {
  return (['deviceId', 'track', 'echoCancellation', 'noiseSuppression', 'autoGainControl'] as const).some(
    (name) => before?.[name] !== after[name],
  )
}
