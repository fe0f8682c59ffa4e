import { compositeLimits, transcodeLimits } from '../../config/index.js'
import type { Clock, StreamHub, StreamKey } from '../../hub/index.js'
import type { Log } from '../../observe/index.js'
import { CodecProcess, type SpawnChild } from '../codec-process.js'
import type { CodecProcessState } from '../channel.js'
import { SharedInputs } from '../shared-inputs.js'
import { StreamInput } from '../stream-input.js'
import type { TrialResult } from './budget.js'
import type { CompositeFormat } from './scene.js'

export interface CompositeGroupOptions {
  readonly hub: StreamHub
  readonly spawn: SpawnChild
  readonly clock: Clock
  readonly log: Log
}

/** The codec process of one room's composites, and the sources of their pictures, each of which is decoded once. */
export class CompositeGroup {
  readonly process: CodecProcess
  readonly inputs: SharedInputs
  /** In cores, of the composites that were accepted. */
  taken = 0
  readonly #clock: Clock
  readonly #waiting = new Set<() => void>()
  #lastImage = 0

  constructor({ hub, spawn, clock, log }: CompositeGroupOptions) {
    this.#clock = clock
    const { videoHeartbeats: heartbeats } = transcodeLimits
    const onState = (_state: CodecProcessState): void => this.#told()
    this.process = new CodecProcess({ lane: 'composite', clock, log, spawn, heartbeats, onState })
    const shared = { process: this.process, hub, clock, log, kind: 'composite' } as const
    this.inputs = new SharedInputs((key: StreamKey, input) => {
      const order = { kind: 'composite-input', input } as const
      return new StreamInput({ ...shared, key, order, send: (channel, frame) => void channel.send(frame) })
    })
    this.process.start()
  }

  /** Resolves when the process can work; rejects with a sentence when it never will. */
  ready(): Promise<void> {
    return new Promise((resolve, reject) => {
      const look = (isLate = false): void => {
        const { state, reasons } = this.process
        if (state !== 'ready' && state !== 'off' && !isLate) return
        this.#waiting.delete(look)
        cancel()
        if (state === 'ready') resolve()
        else reject(new Error(reasons.join(' ') || 'The codec process does not start.'))
      }
      const cancel = this.#clock.after(compositeLimits.startMicros, () => look(true))
      this.#waiting.add(look)
      look()
    })
  }

  /** Codes some pictures, as a composite of this format would. Rejects with a sentence. */
  trial(format: CompositeFormat): Promise<TrialResult> {
    return new Promise((resolve, reject) => {
      const took: number[] = []
      const end = (reason?: string): void => {
        cancel()
        channel.close()
        if (reason === undefined) resolve({ took: took.slice(1) })
        else reject(new Error(reason))
      }
      const late = (): void =>
        took.length > 2 ? end() : end('The server lacks CPU: not even a few pictures were ready in time.')
      const cancel = this.#clock.after(compositeLimits.trialMicros, late)
      const channel = this.process.open(
        { kind: 'composite-output', ...format, tiles: [], colour: '#000000', isTrial: true },
        {
          handleReady: () => {
            for (let picture = 0; picture <= compositeLimits.trialPictures; picture++)
              channel.advance((picture * 1_000_000) / format.fps)
          },
          handleFrame: ({ receivedAt }) => {
            took.push(receivedAt)
            if (took.length > compositeLimits.trialPictures) end()
          },
          handleLost: () => end('The codec process ended.'),
          handleFailed: (reason) => end(reason),
        },
      )
    })
  }

  /** Gives the process a picture for backgrounds; the answer closes it. */
  addImage(file: Uint8Array): { readonly image: number; readonly close: () => void } {
    this.#lastImage += 1
    const image = this.#lastImage
    const ignore = (): void => undefined
    const handler = { handleReady: ignore, handleFrame: ignore, handleLost: ignore, handleFailed: ignore }
    const order = { kind: 'composite-image', image, file: Buffer.from(file).toString('base64') } as const
    const channel = this.process.open(order, handler)
    return { image, close: () => channel.close() }
  }

  /** Idempotent. */
  close(): void {
    this.process.close()
  }

  #told(): void {
    for (const look of [...this.#waiting]) look()
  }
}
