import {
  type CodecConfig,
  configFromJson,
  configToJson,
  controlMessage,
  frameMessage,
  type MediaFrame,
  type Micros,
  parseControl,
  parseFrameMessage,
  type WireMessage,
} from '@crossroom/media'
import type { Order } from './catalog.js'
import { advanceMessage, MESSAGE_TYPE } from './ipc/message.js'
import type { CompositeOrder } from './ipc/composite-order.js'
import type { MixOrder } from './ipc/mix-order.js'
import type { SnapshotOrder } from './ipc/snapshot-order.js'

/** The life of a codec process seen from here. `off`: no engine, too many crashes, or closed. */
export type CodecProcessState = 'starting' | 'ready' | 'waiting' | 'off'

/** Events of a conversion from the process. */
export interface ChannelHandler {
  /** A process is there that knows nothing of this conversion but its order. Called again after every crash. */
  handleReady(): void
  handleFrame(frame: MediaFrame): void
  /** The process is gone; another will come, if the state is not `off`. */
  handleLost(state: CodecProcessState): void
  /** The engine cannot start or continue this conversion. */
  handleFailed(reason: string): void
}

/** Told to the codec process: say how loud the sound is that comes. */
export interface LevelOrder {
  readonly kind: 'level'
}

/** The jobs for which a channel may be opened. */
export type ChannelOrder = Order | MixOrder | LevelOrder | SnapshotOrder | CompositeOrder

/** The pipe of one conversion. */
export interface Channel {
  /** False if the frame was dropped: no process, or one that is too slow. */
  send(frame: MediaFrame, warmUp?: boolean): boolean
  advance(pts: Micros): void
  requestKeyframe(): void
  /** Changes the order of what runs; a process to come is told the new one. */
  update(order: ChannelOrder): void
  close(): void
}

/** The process side of a channel. */
export interface ChannelOwner {
  /** False without a process, or if its pipe is full. */
  write(message: Uint8Array): boolean
  forget(channel: OpenChannel): void
}

/** A channel of the process: it outlives the child, and is announced to each new one. */
export class OpenChannel implements Channel {
  readonly conversion: number
  readonly handler: ChannelHandler
  readonly #owner: ChannelOwner
  #order: ChannelOrder
  #opened = false
  #sentConfig: CodecConfig | undefined
  #config: CodecConfig | undefined

  constructor(conversion: number, order: ChannelOrder, handler: ChannelHandler, owner: ChannelOwner) {
    this.conversion = conversion
    this.#order = order
    this.handler = handler
    this.#owner = owner
  }

  get order(): ChannelOrder {
    return this.#order
  }

  /** The present process knows of this conversion. */
  get opened(): boolean {
    return this.#opened
  }

  send(frame: MediaFrame, warmUp = false): boolean {
    if (!this.#opened) return false
    if (frame.config !== this.#sentConfig) {
      const message = controlMessage(MESSAGE_TYPE.config, this.conversion, configToJson(frame.config))
      if (!this.#owner.write(message)) return false
      this.#sentConfig = frame.config
    }
    const message = frameMessage(this.conversion, frame, warmUp)
    return message !== undefined && this.#owner.write(message)
  }

  advance(pts: Micros): void {
    if (this.#opened) this.#owner.write(advanceMessage(this.conversion, pts))
  }

  requestKeyframe(): void {
    if (this.#opened) this.#owner.write(controlMessage(MESSAGE_TYPE.keyframe, this.conversion))
  }

  update(order: ChannelOrder): void {
    this.#order = order
    if (this.#opened) this.#owner.write(controlMessage(MESSAGE_TYPE.update, this.conversion, order))
  }

  close(): void {
    this.#owner.forget(this)
    this.#opened = false
  }

  handleOpened(): void {
    this.#opened = true
    this.#sentConfig = undefined
    this.#config = undefined
  }

  handleLost(state: CodecProcessState): void {
    this.#opened = false
    this.handler.handleLost(state)
  }

  handleMessage(message: WireMessage): void {
    if (!this.#opened) return
    if (message.type === MESSAGE_TYPE.config) this.#config = configFromJson(parseControl(message))
    else if (message.type === MESSAGE_TYPE.frame) {
      const frame = this.#config === undefined ? undefined : parseFrameMessage(message, this.#config)
      if (frame !== undefined) this.handler.handleFrame(frame)
    } else if (message.type === MESSAGE_TYPE.failed) {
      const { reason } = (parseControl(message) ?? {}) as { reason?: string }
      this.#opened = false
      this.handler.handleFailed(reason ?? 'unknown')
    }
  }
}
