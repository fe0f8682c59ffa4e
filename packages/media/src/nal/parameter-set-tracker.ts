import { bytesEqual } from '../bytes/equality.js'
import type { VideoConfig } from '../model/frame.js'
import type { VideoHints } from '../model/video-hints.js'

/** The codec's part of a ParameterSetTracker. */
export interface ParameterSetCodec {
  /** A number that is the same for sets that replace each other (type and id); -1 for other units and malformed sets. */
  keyOf(nal: Uint8Array): number
  /** The config of these sets, the newest first; undefined when they do not suffice. */
  configOf(sets: readonly Uint8Array[], hints: VideoHints): VideoConfig | undefined
}

interface ParameterSet {
  readonly key: number
  readonly bytes: Uint8Array
}

/**
 * Follows the parameter sets of a stream that carries them between its pictures: a set with another content under the
 * same id makes a new config, a repetition does not. Holds at most one copy per id.
 */
export class ParameterSetTracker {
  readonly #codec: ParameterSetCodec
  #sets: ParameterSet[] = []

  constructor(codec: ParameterSetCodec) {
    this.#codec = codec
  }

  /** Forgets everything and begins with the sets of a decoder configuration record. */
  reset(sets: readonly Uint8Array[]): void {
    this.#sets = []
    for (const bytes of sets) {
      const key = this.#codec.keyOf(bytes)
      if (key >= 0) this.#sets.push({ key, bytes })
    }
  }

  /** Takes the parameter sets among the units of one access unit; true when one of them is new or different. */
  observe(units: readonly Uint8Array[]): boolean {
    let changed = false
    for (let index = 0; index < units.length; index++) {
      const unit = units[index]!
      const key = this.#codec.keyOf(unit)
      if (key >= 0 && this.#put(key, unit)) changed = true
    }
    return changed
  }

  /** The config of the sets known now, a new object each time; undefined when they do not suffice. */
  config(hints: VideoHints = {}): VideoConfig | undefined {
    return this.#codec.configOf(
      this.#sets.map(({ bytes }) => bytes),
      hints,
    )
  }

  #put(key: number, unit: Uint8Array): boolean {
    const known = this.#sets.findIndex((set) => set.key === key)
    if (known >= 0 && bytesEqual(this.#sets[known]!.bytes, unit)) return false
    if (known >= 0) this.#sets.splice(known, 1)
    this.#sets.unshift({ key, bytes: unit.slice() })
    return true
  }
}
