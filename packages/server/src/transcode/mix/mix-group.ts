import type { MediaFrame } from '@crossroom/media'
import type { Clock, StreamHub, StreamKey } from '../../hub/index.js'
import type { Log } from '../../observe/index.js'
import type { CodecProcess } from '../codec-process.js'
import { MadeStream } from '../made-stream.js'
import { SharedInputs } from '../shared-inputs.js'
import { StreamInput } from '../stream-input.js'
import { MixBeat } from './mix-beat.js'
import { MixOutput } from './mix-output.js'

export interface MixGroupOptions {
  /** Names the group in the codec process. */
  readonly room: number
  readonly hub: StreamHub
  readonly process: CodecProcess
  readonly clock: Clock
  readonly log: Log
}

/** One mix that is made. */
export interface RunningMix {
  update(sources: readonly StreamKey[]): void
  /** Idempotent. */
  close(): void
}

/** The mixes of one room that are made at the moment, and their sources, each of which is decoded once. */
export class MixGroup {
  readonly #options: MixGroupOptions
  readonly #sources: SharedInputs
  readonly #played = new Map<string, { readonly mix: RunningMix; readonly stream: MadeStream }>()
  #running = 0
  /** There while something is made. */
  #beat: MixBeat | undefined

  constructor(options: MixGroupOptions) {
    this.#options = options
    this.#sources = new SharedInputs((key, input) => this.#openSource(key, input))
  }

  /** Mixes that are made. */
  get played(): number {
    return this.#running
  }

  get sources(): number {
    return this.#sources.size
  }

  /** Begins a mix in the hub; does nothing when it is played already. `onEnded`: the hub has ended it. */
  play(key: StreamKey, sources: readonly StreamKey[], onEnded: () => void): void {
    if (this.#played.has(key.text)) return
    const ended = (): void => {
      this.stop(key)
      onEnded()
    }
    const stream = new MadeStream({ hub: this.#options.hub, key, onEnded: ended })
    this.#played.set(key.text, { stream, mix: this.make(key.label, sources, (frame) => stream.push(frame)) })
  }

  update(key: StreamKey, sources: readonly StreamKey[]): void {
    this.#played.get(key.text)?.mix.update(sources)
  }

  stop(key: StreamKey): void {
    const played = this.#played.get(key.text)
    this.#played.delete(key.text)
    played?.mix.close()
    played?.stream.close()
  }

  /** Makes a mix, and gives it to `onFrame`. `label`: for logs. */
  make(label: string, sources: readonly StreamKey[], onFrame: (frame: MediaFrame) => void): RunningMix {
    const beat = (this.#beat ??= new MixBeat(this.#options))
    this.#running += 1
    let held = this.#sources.take(sources)
    const output = new MixOutput({ ...this.#options, beat, inputs: held.inputs, label, onFrame })
    let isOpen = true
    return {
      update: (next) => {
        if (!isOpen) return
        // The new ones first: a source that stays is not given up in between.
        const before = held
        held = this.#sources.take(next)
        output.update(held.inputs)
        before.release()
      },
      close: () => {
        if (!isOpen) return
        isOpen = false
        output.close()
        held.release()
        this.#running -= 1
        if (this.#running > 0) return
        this.#beat?.close()
        this.#beat = undefined
      },
    }
  }

  #openSource(key: StreamKey, input: number): StreamInput {
    const { room } = this.#options
    return new StreamInput({
      ...{ ...this.#options, key, kind: 'mix', order: { kind: 'mix-input', room, input } },
      send: (channel, frame) => this.#beat?.hold(channel, frame),
    })
  }
}
