import type { MediaFrame, Micros } from '@crossroom/media'
import { compositeLimits } from '../../config/index.js'
import type { Clock, StreamHub, StreamKey } from '../../hub/index.js'
import type { Log } from '../../observe/index.js'
import type { Channel } from '../channel.js'
import { MadeStream } from '../made-stream.js'
import type { Mixer, RunningMix } from '../mix/index.js'
import type { HeldInputs } from '../shared-inputs.js'
import type { CompositeGroup } from './composite-group.js'
import { orderOf, shownIn, type CompositeFormat, type Scene } from './scene.js'

/** After a failure a composite is tried again after so long. */
const RETRY: Micros = 1_000_000
/** A frame of mixed sound comes out two frames after its first sample was due. */
const SOUND_BEHIND: Micros = (2 * 1024 * 1_000_000) / 48_000
/** Sound that is further off than this is put where it belongs: mixes were left out. */
const SOUND_OFF: Micros = 100_000

export interface CompositeStreamOptions {
  readonly roomId: string
  readonly key: StreamKey
  readonly format: CompositeFormat
  readonly scene: Scene
  /** See `CompositeGroup.addImage`. */
  readonly image: number | undefined
  readonly font: string | undefined
  readonly group: CompositeGroup
  readonly mixer: Mixer
  readonly hub: StreamHub
  readonly clock: Clock
  readonly log: Log
  /** Called once, when the hub has ended it. */
  readonly onEnded: () => void
}

/**
 * One composite in the hub, while it is played: as many pictures per second as were asked for, whatever its sources do,
 * and the mixed sound on the same clock. The codec process paints when it is told to, so that only the server has a clock.
 */
export class CompositeStream {
  /** Pictures that were not painted because the process was behind, or away. */
  skipped = 0
  /** From the beat to the coded picture, of the last one. */
  lag: Micros = 0
  readonly #options: CompositeStreamOptions
  readonly #stream: MadeStream
  readonly #mix: RunningMix | undefined
  readonly #interval: Micros
  #scene: Scene
  #image: number | undefined
  #held: HeldInputs
  #channel: Channel | undefined
  #isReady = false
  #wasReady = false
  /** Beats that were told and not answered yet. */
  #unanswered = 0
  #nextAt: Micros
  /** From the time of the mixed sound to the server's. */
  #soundOffset: Micros | undefined
  #cancelBeat: () => void = () => undefined
  #cancelRetry: () => void = () => undefined
  #isClosed = false

  constructor(options: CompositeStreamOptions) {
    this.#options = options
    const { roomId, key, hub, clock, format, scene, image, mixer, group } = options
    this.#scene = scene
    this.#image = image
    this.#interval = 1_000_000 / format.fps
    this.#nextAt = clock.now()
    const onEnded = (): void => {
      this.close()
      options.onEnded()
    }
    this.#stream = new MadeStream({ hub, key, onEnded, requestKeyframe: () => this.#channel?.requestKeyframe() })
    this.#held = group.inputs.take(shownIn(scene, format).map((picture) => picture.key))
    this.#mix = mixer.make(roomId, scene.sounds, key.label, (frame) => this.#handleSound(frame))
    this.#open()
    this.#beat()
  }

  update(scene: Scene, image: number | undefined): void {
    this.#scene = scene
    this.#image = image
    // The new ones first: a source that stays is not given up in between.
    const before = this.#held
    const { group, format } = this.#options
    this.#held = group.inputs.take(shownIn(scene, format).map(({ key }) => key))
    this.#channel?.update(this.#order)
    before.release()
    this.#mix?.update(scene.sounds)
  }

  /** Idempotent; ends the stream for its players. */
  close(): void {
    if (this.#isClosed) return
    this.#isClosed = true
    this.#cancelBeat()
    this.#cancelRetry()
    this.#channel?.close()
    this.#mix?.close()
    this.#held.release()
    this.#stream.close()
  }

  get #order() {
    const { format, font } = this.#options
    return orderOf(this.#scene, format, this.#held.inputs, { image: this.#image, font })
  }

  #open(): void {
    const { group, clock, log, key } = this.#options
    this.#channel = group.process.open(this.#order, {
      handleReady: () => {
        this.#isReady = this.#wasReady = true
        this.#unanswered = 0
      },
      handleFrame: (frame) => this.#handlePicture(frame),
      handleLost: () => (this.#isReady = false),
      handleFailed: (reason) => {
        log.warn({ stream: key.label, reason }, 'A composite cannot be made')
        this.#isReady = false
        this.#channel?.close()
        this.#cancelRetry = clock.after(RETRY, () => this.#open())
      },
    })
  }

  /** Also when the server itself was held up, every picture is told; only far behind are some left out. */
  #beat(): void {
    const { clock } = this.#options
    const now = clock.now()
    const { behindMicros } = compositeLimits
    while (this.#nextAt <= now) {
      const isBehind = now - this.#nextAt > behindMicros || this.#unanswered * this.#interval > behindMicros
      if (this.#isReady && !isBehind) {
        this.#channel?.advance(Math.round(this.#nextAt))
        this.#unanswered += 1
      } else if (this.#wasReady) this.skipped += 1
      this.#nextAt += this.#interval
    }
    this.#cancelBeat = clock.after(Math.max(0, this.#nextAt - now), () => this.#beat())
  }

  #handlePicture(frame: MediaFrame): void {
    this.#unanswered = Math.max(0, this.#unanswered - 1)
    const receivedAt = this.#options.clock.now()
    this.lag = receivedAt - frame.pts
    this.#stream.push({ ...frame, receivedAt })
  }

  #handleSound(frame: MediaFrame): void {
    const due = frame.receivedAt - SOUND_BEHIND
    const at = this.#soundOffset === undefined ? undefined : frame.pts + this.#soundOffset
    if (at === undefined || Math.abs(due - at) > SOUND_OFF) this.#soundOffset = due - frame.pts
    const pts = Math.round(frame.pts + this.#soundOffset!)
    this.#stream.push({ ...frame, pts, dts: pts })
  }
}
