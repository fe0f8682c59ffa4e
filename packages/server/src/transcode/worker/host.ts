import {
  type CodecConfig,
  configFromJson,
  configToJson,
  controlMessage,
  frameMessage,
  isWarmUp,
  type MediaFrame,
  parseControl,
  parseFrameMessage,
  type WireMessage,
} from '@crossroom/media'
import { transcodeLimits } from '../../config/limits.js'
import type { ChannelOrder } from '../channel.js'
import { MESSAGE_TYPE, parseAdvance } from '../ipc/message.js'
import type { Converter, Emit, Engine, Fail, Studio } from './converter.js'
import { LevelConverter } from './level-converter.js'
import { MixDesk } from './mix/mix-desk.js'

interface Running {
  readonly converter: Converter
  config: CodecConfig | undefined
  lastOutput: CodecConfig | undefined
}

/** The conversions of one codec process: messages in, messages out through `write`. */
export class ConversionHost {
  readonly #engine: Engine
  readonly #write: (message: Uint8Array) => void
  readonly #nowMs: () => number
  readonly #desk: MixDesk
  #studio: Studio | undefined
  readonly #running = new Map<number, Running>()
  #signedAt = 0

  /** `write` takes each message at once, also while another is being handled; `nowMs` never goes back. */
  constructor(engine: Engine, write: (message: Uint8Array) => void, nowMs: () => number) {
    this.#engine = engine
    this.#write = write
    this.#nowMs = nowMs
    this.#desk = new MixDesk(engine)
  }

  readonly handleMessage = (message: WireMessage): void => {
    const { channel: conversion } = message
    // Heartbeats queue behind earlier messages, such as a cached start that takes seconds to decode.
    const now = this.#nowMs()
    if (message.type === MESSAGE_TYPE.ping || now - this.#signedAt > transcodeLimits.signOfLifeMs) {
      this.#signedAt = now
      this.#write(controlMessage(MESSAGE_TYPE.pong, 0))
    }
    try {
      this.#handle(message)
    } catch (error) {
      this.#fail(conversion, error instanceof Error ? error.message : String(error))
    }
  }

  close(): void {
    for (const conversion of [...this.#running.keys()]) this.#close(conversion)
    this.#desk.close()
  }

  #handle(message: WireMessage): void {
    const { channel: conversion } = message
    if (message.type === MESSAGE_TYPE.open) return this.#open(conversion, parseControl(message) as ChannelOrder)
    if (message.type === MESSAGE_TYPE.close) return this.#close(conversion)
    const running = this.#running.get(conversion)
    if (running === undefined) return
    if (message.type === MESSAGE_TYPE.config) running.config = configFromJson(parseControl(message))
    else if (message.type === MESSAGE_TYPE.frame) this.#handleFrame(running, message)
    else if (message.type === MESSAGE_TYPE.update)
      running.converter.handleOrder?.(parseControl(message) as ChannelOrder)
    else if (message.type === MESSAGE_TYPE.keyframe) running.converter.handleKeyframeRequest()
    else if (message.type === MESSAGE_TYPE.advance) {
      const pts = parseAdvance(message)
      if (pts !== undefined) running.converter.handleAdvance(pts)
    }
  }

  #handleFrame(running: Running, message: WireMessage): void {
    if (running.config === undefined) return
    const frame = parseFrameMessage(message, running.config)
    if (frame !== undefined) running.converter.handleFrame(frame, isWarmUp(message))
  }

  #open(conversion: number, order: ChannelOrder): void {
    this.#close(conversion)
    const emit = (frame: MediaFrame): void => this.#emit(conversion, frame)
    const fail = (reason: string): void => {
      if (this.#running.get(conversion) === running) this.#fail(conversion, reason)
    }
    const running: Running = {
      converter: this.#createConverter(order, emit, fail),
      config: undefined,
      lastOutput: undefined,
    }
    this.#running.set(conversion, running)
  }

  #createConverter(order: ChannelOrder, emit: Emit, fail: Fail): Converter {
    if (order.kind === 'audio' || order.kind === 'video') return this.#engine.createConverter(order, emit, fail)
    if (order.kind === 'snapshot') return this.#engine.createSnapshot(order, emit, fail)
    if (order.kind === 'level') return new LevelConverter(this.#engine.audioCodecs(fail), emit)
    if (order.kind === 'mix-room' || order.kind === 'mix-input' || order.kind === 'mix-output')
      return this.#desk.createConverter(order, emit, fail)
    this.#studio ??= this.#engine.createStudio?.()
    if (this.#studio === undefined) throw new Error('Pictures are composed by the engine node-av only')
    return this.#studio.createConverter(order, emit)
  }

  #fail(conversion: number, reason: string): void {
    this.#close(conversion)
    this.#write(controlMessage(MESSAGE_TYPE.failed, conversion, { reason }))
  }

  #emit(conversion: number, frame: MediaFrame): void {
    const running = this.#running.get(conversion)
    if (running === undefined) return
    if (frame.config !== running.lastOutput) {
      running.lastOutput = frame.config
      this.#write(controlMessage(MESSAGE_TYPE.config, conversion, configToJson(frame.config)))
    }
    const message = frameMessage(conversion, frame)
    if (message !== undefined) this.#write(message)
  }

  #close(conversion: number): void {
    const running = this.#running.get(conversion)
    this.#running.delete(conversion)
    running?.converter.close()
  }
}
