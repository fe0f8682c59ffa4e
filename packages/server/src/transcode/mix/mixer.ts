import type { MediaFrame } from '@crossroom/media'
import { mixLimits } from '../../config/index.js'
import type { Clock, StreamHub, StreamKey, StreamResolver } from '../../hub/index.js'
import type { Log } from '../../observe/index.js'
import type { CodecProcess } from '../codec-process.js'
import { MixGroup, type RunningMix } from './mix-group.js'

export interface MixerOptions {
  readonly hub: StreamHub
  /** The codec process for sound. */
  readonly process: CodecProcess
  readonly clock: Clock
  readonly log: Log
}

/** What a mix is announced with; see `AudioMixer` of the rooms, which this fits by shape. */
export interface MixOptions {
  readonly roomId: string
  readonly key: StreamKey
  readonly sources: readonly StreamKey[]
}

/** One announced mix. */
export interface Mix {
  update(sources: readonly StreamKey[]): void
  /** Idempotent. */
  close(): void
}

interface AnnouncedMix {
  readonly group: MixGroup
  sources: readonly StreamKey[]
}

/** Figures, for metrics. */
export interface MixerStatus {
  readonly announced: number
  readonly played: number
  readonly sources: number
}

/**
 * Mixes the sound of rooms, everyone but the receiver. An announced mix costs nothing: it is made when the hub is asked
 * for its key, out of sources that are decoded once per room, and ends some seconds after its last listener.
 */
export class Mixer implements StreamResolver {
  readonly #options: MixerOptions
  readonly #announced = new Map<string, AnnouncedMix>()
  readonly #groups = new Map<string, { readonly group: MixGroup; mixes: number }>()
  #lastRoom = 0

  constructor(options: MixerOptions) {
    this.#options = options
    options.hub.addResolver(this)
  }

  get status(): MixerStatus {
    const groups = [...this.#groups.values()]
    return {
      announced: this.#announced.size,
      played: groups.reduce((sum, { group }) => sum + group.played, 0),
      sources: groups.reduce((sum, { group }) => sum + group.sources, 0),
    }
  }

  /** Announces a mix; undefined when no codecs are there, the key is taken, or there are as many as the server takes. */
  open({ roomId, key, sources }: MixOptions): Mix | undefined {
    const { process } = this.#options
    if (process.state === 'off' || this.#announced.size >= mixLimits.mixes || this.#announced.has(key.text))
      return undefined
    const group = this.#enter(roomId)
    const announced: AnnouncedMix = { group, sources }
    this.#announced.set(key.text, announced)
    let isOpen = true
    return {
      update: (next) => {
        if (!isOpen) return
        announced.sources = next
        group.update(key, next)
      },
      close: () => {
        if (!isOpen) return
        isOpen = false
        this.#announced.delete(key.text)
        group.stop(key)
        this.#leave(roomId)
      },
    }
  }

  /**
   * Makes a mix at once, for `onFrame`: the sound of a composite, say. Undefined when no codecs are there. `label`: for
   * logs.
   */
  make(
    roomId: string,
    sources: readonly StreamKey[],
    label: string,
    onFrame: (frame: MediaFrame) => void,
  ): RunningMix | undefined {
    if (this.#options.process.state === 'off') return undefined
    const mix = this.#enter(roomId).make(label, sources, onFrame)
    let isOpen = true
    return {
      update: (next) => mix.update(next),
      close: () => {
        if (!isOpen) return
        isOpen = false
        mix.close()
        this.#leave(roomId)
      },
    }
  }

  /** Called by the hub on demand for an absent stream. */
  resolve(key: StreamKey, giveUp: () => void): boolean {
    const announced = this.#announced.get(key.text)
    announced?.group.play(key, announced.sources, giveUp)
    return announced !== undefined
  }

  /** Called by the hub some seconds after its last listener. */
  release(key: StreamKey): void {
    this.#announced.get(key.text)?.group.stop(key)
  }

  #enter(roomId: string): MixGroup {
    const present = this.#groups.get(roomId)
    if (present !== undefined) {
      present.mixes += 1
      return present.group
    }
    this.#lastRoom += 1
    const group = new MixGroup({ ...this.#options, room: this.#lastRoom })
    this.#groups.set(roomId, { group, mixes: 1 })
    return group
  }

  #leave(roomId: string): void {
    const present = this.#groups.get(roomId)
    if (present === undefined) return
    present.mixes -= 1
    if (present.mixes === 0) this.#groups.delete(roomId)
  }
}
