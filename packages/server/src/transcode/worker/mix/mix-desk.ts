import type { MixInputOrder, MixOrder, MixOutputOrder, MixRoomOrder } from '../../ipc/mix-order.js'
import type { Converter, Emit, Engine, Fail } from '../converter.js'
import { MixRoom, type MixOutput } from './mix-room.js'

/** The mixes of every room. A room mixes when it is told to, so that only the server has a clock. */
export class MixDesk {
  readonly #engine: Engine
  readonly #rooms = new Map<number, MixRoom>()

  constructor(engine: Engine) {
    this.#engine = engine
  }

  /** Throws a sentence when the engine has no codecs for it. */
  createConverter(order: MixOrder, emit: Emit, fail: Fail): Converter {
    switch (order.kind) {
      case 'mix-room':
        return this.#createBeat(order)
      case 'mix-input':
        return this.#createInput(order, fail)
      case 'mix-output':
        return this.#createOutput(order, emit, fail)
    }
  }

  close(): void {
    for (const room of this.#rooms.values()) room.close()
    this.#rooms.clear()
  }

  #createBeat({ room }: MixRoomOrder): Converter {
    return {
      handleFrame: ignore,
      handleAdvance: (now) => this.#rooms.get(room)?.tick(now),
      handleKeyframeRequest: ignore,
      close: ignore,
    }
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
  }
}

const ignore = (): void => undefined
