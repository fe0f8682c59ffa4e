import type { MixInputOrder, MixOrder, MixOutputOrder } from '../../mix/mix-order.js'
import type { Converter, Emit, Engine, Fail } from '../converter.js'
import { MIX_FRAME_MS } from './mix-format.js'
import { MixRoom, type MixOutput } from './mix-room.js'

/** The time of the codec process. */
export interface Timers {
  /** Milliseconds that never go back. */
  nowMs(): number
  /** Calls back once; the answer cancels. */
  after(ms: number, callback: () => void): () => void
}

/** A process that was held up for longer than this begins its count anew, and does not mix what nobody waits for any more. */
const MAX_BEHIND_MS = 200

/** The mixes of every room, on one beat. It stands still while there is none. */
export class MixDesk {
  readonly #engine: Engine
  readonly #timers: Timers
  readonly #rooms = new Map<number, MixRoom>()
  #cancel: (() => void) | undefined
  #nextMs = 0

  constructor(engine: Engine, timers: Timers) {
    this.#engine = engine
    this.#timers = timers
  }

  /** Throws a sentence when the engine has no codecs for it. */
  createConverter(order: MixOrder, emit: Emit, fail: Fail): Converter {
    const converter =
      order.kind === 'mix-input' ? this.#createInput(order, fail) : this.#createOutput(order, emit, fail)
    this.#start()
    return converter
  }

  close(): void {
    this.#cancel?.()
    this.#cancel = undefined
    for (const room of this.#rooms.values()) room.close()
    this.#rooms.clear()
  }

  #createInput({ room: id, input }: MixInputOrder, fail: Fail): Converter {
    const room = this.#roomOf(id)
    const source = room.addInput(input, this.#engine.audioCodecs(fail))
    return {
      handleFrame: (frame) => source.handleFrame(frame),
      handleAdvance: ignore,
      handleKeyframeRequest: ignore,
      close: () => {
        room.removeInput(input)
        this.#forgetIfEmpty(id)
      },
    }
  }

  #createOutput({ room: id, inputs }: MixOutputOrder, emit: Emit, fail: Fail): Converter {
    const room = this.#roomOf(id)
    const output: MixOutput = { inputs: new Set(inputs), emit, fail }
    room.addOutput(output)
    return {
      handleFrame: ignore,
      handleAdvance: ignore,
      handleKeyframeRequest: ignore,
      handleOrder: (order) => {
        if (order.kind !== 'mix-output') return
        output.inputs = new Set(order.inputs)
        room.handleChange()
      },
      close: () => {
        room.removeOutput(output)
        this.#forgetIfEmpty(id)
      },
    }
  }

  #roomOf(id: number): MixRoom {
    const present = this.#rooms.get(id)
    if (present !== undefined) return present
    const room: MixRoom = new MixRoom(this.#engine.audioCodecs((reason) => room.fail(reason)))
    this.#rooms.set(id, room)
    return room
  }

  #forgetIfEmpty(id: number): void {
    const room = this.#rooms.get(id)
    if (room?.isEmpty !== true) return
    room.close()
    this.#rooms.delete(id)
    if (this.#rooms.size > 0) return
    this.#cancel?.()
    this.#cancel = undefined
  }

  #start(): void {
    if (this.#cancel !== undefined) return
    this.#nextMs = this.#timers.nowMs() + MIX_FRAME_MS
    this.#schedule()
  }

  #schedule(): void {
    this.#cancel = this.#timers.after(Math.max(0, this.#nextMs - this.#timers.nowMs()), this.#beat)
  }

  readonly #beat = (): void => {
    const nowMs = this.#timers.nowMs()
    if (nowMs - this.#nextMs > MAX_BEHIND_MS) this.#nextMs = nowMs
    while (this.#nextMs <= nowMs) {
      for (const room of this.#rooms.values()) room.tick()
      this.#nextMs += MIX_FRAME_MS
    }
    if (this.#rooms.size > 0) this.#schedule()
  }
}

const ignore = (): void => undefined
