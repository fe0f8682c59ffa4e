import { hlsLimits } from '../../config/index.js'
import { SilenceFiller, WithoutTrack, type FrameSource } from '../../hub/index.js'
import type { EndpointEnvironment } from '../environment.js'
import type { PlayFilters } from '../play-filters.js'
import { HlsMuxer, keepWithin } from './muxer.js'

/** Characters that name a muxer at the beginning of its files. */
const ID_LENGTH = 8

interface Shared {
  readonly muxer: HlsMuxer
  users: number
}

/** The muxers that run: one for each stream and what its players may have of it. Each ends with its last user. */
export class HlsMuxers {
  readonly #environment: EndpointEnvironment
  readonly #nowMs: () => number
  readonly #bySource = new Map<FrameSource, Map<string, Shared>>()
  /** By the beginning of the names of its files. */
  readonly #byId = new Map<string, HlsMuxer>()

  constructor(environment: EndpointEnvironment, nowMs: () => number) {
    this.#environment = environment
    this.#nowMs = nowMs
  }

  get size(): number {
    return this.#byId.size
  }

  get bytes(): number {
    return [...this.#byId.values()].reduce((sum, { window }) => sum + window.bytes, 0)
  }

  /** Everybody who knows the name of a file got it from a playlist. */
  ofFile(file: string): HlsMuxer | undefined {
    return this.#byId.get(file.slice(0, ID_LENGTH))
  }

  /** The muxer of a stream, and how to give it back. */
  use(source: FrameSource, { without }: PlayFilters): { readonly muxer: HlsMuxer; readonly release: () => void } {
    const variants = this.#bySource.get(source) ?? new Map<string, Shared>()
    this.#bySource.set(source, variants)
    const variant = without ?? 'all'
    let shared = variants.get(variant)
    if (shared === undefined) {
      shared = { muxer: this.#make(source, without), users: 0 }
      variants.set(variant, shared)
    }
    shared.users++
    let isUsed = true
    const { muxer } = shared
    const release = (): void => {
      if (!isUsed) return
      isUsed = false
      if (--shared.users > 0) return
      variants.delete(variant)
      if (variants.size === 0) this.#bySource.delete(source)
      for (const [id, one] of this.#byId) if (one === muxer) this.#byId.delete(id)
      muxer.close()
    }
    return { muxer, release }
  }

  #make(source: FrameSource, without: 'audio' | 'video' | undefined): HlsMuxer {
    const { clock } = this.#environment
    const newName = (): string => this.#environment.newConnectionId()
    const id = newName().slice(0, ID_LENGTH)
    // Sound at all times makes parts of one length, whatever the pictures do.
    const silence = new SilenceFiller()
    const muxer: HlsMuxer = new HlsMuxer({
      ...{ source, clock, nowMs: this.#nowMs },
      filter: without === undefined ? silence : new WithoutTrack(without, silence),
      newName: () => `${id}${newName()}`,
      onChange: () => {
        if (this.bytes > hlsLimits.totalBytes) keepWithin(muxer, this.#byId.values())
      },
    })
    this.#byId.set(id, muxer)
    return muxer
  }
}
