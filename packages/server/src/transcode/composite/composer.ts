import { compositeLimits } from '../../config/index.js'
import type { Clock, StreamHub, StreamKey, StreamResolver } from '../../hub/index.js'
import type { Log } from '../../observe/index.js'
import type { SpawnChild } from '../codec-process.js'
import type { Mixer } from '../mix/index.js'
import { costOf, refusalOf } from './budget.js'
import { CompositeGroup } from './composite-group.js'
import { CompositeStream } from './composite-stream.js'
import type { CompositeFormat, Scene } from './scene.js'

export interface ComposerOptions {
  readonly hub: StreamHub
  readonly mixer: Mixer
  /** Starts the codec process of a room: node-av, for no other engine composes. */
  readonly spawn: SpawnChild
  readonly clock: Clock
  readonly log: Log
  /** A font file; without one no names are drawn. */
  readonly font: string | undefined
  readonly cores: number
  /** Default: by what a picture costs at present. */
  readonly refusalOf?: typeof refusalOf
}

/** What a composite is announced with; see `Composer` of the rooms, which this fits by shape. */
export interface CompositeOptions {
  readonly roomId: string
  readonly key: StreamKey
  readonly format: CompositeFormat
  readonly scene: Scene
  /** The file of a picture behind the tiles. */
  readonly background: Uint8Array | undefined
}

/** One announced composite. */
export interface Composite {
  readonly status: CompositeStatus
  /** `background`: absent, the same as before; null for none. */
  update(scene: Scene, background?: Uint8Array | null): void
  /** Idempotent. */
  close(): void
}

export interface CompositeStatus {
  readonly isRunning: boolean
  readonly lagMs: number
  readonly skipped: number
}

interface Announced extends Omit<CompositeOptions, 'background'> {
  readonly group: CompositeGroup
  readonly cost: number
  scene: Scene
  image: ReturnType<CompositeGroup['addImage']> | undefined
  stream: CompositeStream | undefined
  skipped: number
}

/**
 * Paints the members of rooms into one picture. An announced composite costs memory: it is made when the hub is asked for
 * its key, and ends some seconds after its last viewer. It is refused when the machine could not keep up with it.
 */
export class Composer implements StreamResolver {
  readonly #options: ComposerOptions
  readonly #announced = new Map<string, Announced>()
  readonly #groups = new Map<string, { readonly group: CompositeGroup; users: number }>()
  /** One is tried at a time, or two at once would each find the machine free. */
  #trials: Promise<unknown> = Promise.resolve()
  /** By those that are over. */
  #skipped = 0
  #isClosed = false

  constructor(options: ComposerOptions) {
    this.#options = options
    options.hub.addResolver(this)
  }

  get hasFont(): boolean {
    return this.#options.font !== undefined
  }

  /** For metrics. */
  get status(): { readonly announced: number; readonly running: number; readonly skipped: number } {
    const all = [...this.#announced.values()]
    return {
      announced: all.length,
      running: all.filter(({ stream }) => stream !== undefined).length,
      skipped: all.reduce((sum, one) => sum + statusOf(one).skipped, this.#skipped),
    }
  }

  /** Announces a composite. Rejects with a sentence when there are no codecs or too little CPU for it. */
  async open(options: CompositeOptions): Promise<Composite> {
    if (this.#announced.size >= compositeLimits.composites)
      throw new Error(`The server has ${String(compositeLimits.composites)} composites already.`)
    const { group } = this.#enter(options.roomId)
    try {
      const trial = this.#trials.then(() => this.#accept(group, options))
      this.#trials = trial.catch(() => undefined)
      return await trial
    } catch (error) {
      this.#leave(options.roomId)
      throw error
    }
  }

  resolve(key: StreamKey, giveUp: () => void): boolean {
    const announced = this.#announced.get(key.text)
    if (announced === undefined) return false
    announced.stream ??= this.#start(announced, giveUp)
    return true
  }

  release(key: StreamKey): void {
    const announced = this.#announced.get(key.text)
    if (announced !== undefined) stop(announced)
  }

  /** Ends every composite and its processes. Idempotent. */
  close(): void {
    this.#isClosed = true
    for (const announced of this.#announced.values()) stop(announced)
    this.#announced.clear()
    for (const { group } of this.#groups.values()) group.close()
    this.#groups.clear()
  }

  async #accept(group: CompositeGroup, options: CompositeOptions): Promise<Composite> {
    const { format } = options
    await group.ready()
    const trial = await group.trial(format)
    const all = [...this.#announced.values()].reduce((sum, { cost }) => sum + cost, 0)
    const taken = { room: group.taken, all, cores: this.#options.cores }
    const refusal = (this.#options.refusalOf ?? refusalOf)(trial, format.fps, taken)
    if (refusal !== undefined) throw new Error(refusal)
    if (this.#isClosed) throw new Error('The server shuts down.')
    const cost = costOf(trial, format.fps)
    group.taken += cost
    const image = options.background && group.addImage(options.background)
    const announced: Announced = { ...options, group, cost, image, stream: undefined, skipped: 0 }
    this.#announced.set(options.key.text, announced)
    return this.#handle(announced)
  }

  #handle(announced: Announced): Composite {
    let isOpen = true
    return {
      get status() {
        return statusOf(announced)
      },
      update: (scene, background) => {
        if (!isOpen) return
        const before = announced.image
        if (background !== undefined)
          announced.image = background === null ? undefined : announced.group.addImage(background)
        announced.scene = scene
        announced.stream?.update(scene, announced.image?.image)
        if (before !== announced.image) before?.close()
      },
      close: () => {
        if (!isOpen) return
        isOpen = false
        this.#announced.delete(announced.key.text)
        stop(announced)
        this.#skipped += announced.skipped
        announced.image?.close()
        announced.group.taken -= announced.cost
        this.#leave(announced.roomId)
      },
    }
  }

  #start(announced: Announced, giveUp: () => void): CompositeStream {
    const onEnded = (): void => {
      announced.stream = undefined
      giveUp()
    }
    return new CompositeStream({ ...this.#options, ...announced, image: announced.image?.image, onEnded })
  }

  #enter(roomId: string): { readonly group: CompositeGroup; users: number } {
    const present = this.#groups.get(roomId)
    if (present !== undefined) {
      present.users += 1
      return present
    }
    const made = { group: new CompositeGroup(this.#options), users: 1 }
    this.#groups.set(roomId, made)
    return made
  }

  #leave(roomId: string): void {
    const present = this.#groups.get(roomId)
    if (present === undefined) return
    present.users -= 1
    if (present.users > 0) return
    this.#groups.delete(roomId)
    present.group.close()
  }
}

function statusOf({ stream, skipped }: Announced): CompositeStatus {
  const ofStream = stream?.skipped ?? 0
  return { isRunning: stream !== undefined, lagMs: Math.round((stream?.lag ?? 0) / 1000), skipped: skipped + ofStream }
}

function stop(announced: Announced): void {
  const { stream } = announced
  announced.stream = undefined
  announced.skipped += stream?.skipped ?? 0
  stream?.close()
}
