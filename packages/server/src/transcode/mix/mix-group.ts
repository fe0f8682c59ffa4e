import type { Clock, StreamHub, StreamKey } from '../../hub/index.js'
import type { Log } from '../../observe/index.js'
import type { CodecProcess } from '../codec-process.js'
import { MixBeat } from './mix-beat.js'
import { MixSource } from './mix-source.js'
import { MixStream } from './mix-stream.js'

export interface MixGroupOptions {
  /** Names the group in the codec process. */
  readonly room: number
  readonly hub: StreamHub
  readonly process: CodecProcess
  readonly clock: Clock
  readonly log: Log
}

interface SharedSource {
  readonly source: MixSource
  users: number
}

interface PlayedMix {
  readonly stream: MixStream
  keys: readonly StreamKey[]
}

/** The mixes of one room that are played at the moment, and their sources, each of which is decoded once. */
export class MixGroup {
  readonly #options: MixGroupOptions
  readonly #sources = new Map<string, SharedSource>()
  readonly #played = new Map<string, PlayedMix>()
  /** There while something is played. */
  #beat: MixBeat | undefined
  #lastInput = 0

  constructor(options: MixGroupOptions) {
    this.#options = options
  }

  /** Mixes that are played. */
  get played(): number {
    return this.#played.size
  }

  get sources(): number {
    return this.#sources.size
  }

  /** Begins a mix; does nothing when it is played already. `onEnded`: the hub has ended it. */
  play(key: StreamKey, sources: readonly StreamKey[], onEnded: () => void): void {
    if (this.#played.has(key.text)) return
    const beat = (this.#beat ??= new MixBeat(this.#options))
    const keys = distinct(sources)
    const inputs = keys.map((source) => this.#acquire(source, beat))
    const ended = (): void => {
      this.#forget(key)
      onEnded()
    }
    this.#played.set(key.text, { stream: new MixStream({ ...this.#options, beat, key, inputs, onEnded: ended }), keys })
  }

  update(key: StreamKey, sources: readonly StreamKey[]): void {
    const [mix, beat] = [this.#played.get(key.text), this.#beat]
    if (mix === undefined || beat === undefined) return
    const before = mix.keys
    mix.keys = distinct(sources)
    // The new ones first: a source that stays is not given up in between.
    mix.stream.update(mix.keys.map((source) => this.#acquire(source, beat)))
    for (const source of before) this.#release(source)
  }

  stop(key: StreamKey): void {
    this.#played.get(key.text)?.stream.close()
    this.#forget(key)
  }

  #forget(key: StreamKey): void {
    const mix = this.#played.get(key.text)
    if (!this.#played.delete(key.text) || mix === undefined) return
    for (const source of mix.keys) this.#release(source)
    if (this.#played.size > 0) return
    this.#beat?.close()
    this.#beat = undefined
  }

  #acquire(key: StreamKey, beat: MixBeat): number {
    const present = this.#sources.get(key.text)
    if (present !== undefined) {
      present.users += 1
      return present.source.input
    }
    this.#lastInput += 1
    const source = new MixSource({ ...this.#options, beat, key, input: this.#lastInput })
    this.#sources.set(key.text, { source, users: 1 })
    return this.#lastInput
  }

  #release(key: StreamKey): void {
    const shared = this.#sources.get(key.text)
    if (shared === undefined) return
    shared.users -= 1
    if (shared.users > 0) return
    this.#sources.delete(key.text)
    shared.source.close()
  }
}
function distinct(keys: readonly StreamKey[]): StreamKey[] {
  return [...new Map(keys.map((key) => [key.text, key])).values()]
}
