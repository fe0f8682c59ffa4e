import {
  type AudioConfig,
  type AudioFrame,
  controlMessage,
  type MediaFrame,
  type VideoConfig,
  type VideoFrame,
  WireReader,
} from '@crossroom/media'
import type { Clock } from '../hub/clock.js'
import type { Order } from './catalog.js'
import type { Child, ChildHandlers, SpawnChild } from './codec-process.js'
import { MESSAGE_TYPE } from './ipc/message.js'
import type { AudioCodecs } from './worker/audio-codecs.js'
import type { Converter, Emit, Engine } from './worker/converter.js'
import { ConversionHost } from './worker/host.js'

export const aacConfig: AudioConfig = {
  kind: 'audio',
  codec: 'aac',
  description: new Uint8Array([0x11, 0x90]),
  sampleRate: 48000,
  channels: 2,
  samplesPerFrame: 1024,
  codecString: 'mp4a.40.2',
}

export const h264Config: VideoConfig = {
  kind: 'video',
  codec: 'h264',
  description: new Uint8Array([1]),
  parameterSets: [],
  nalLengthSize: 4,
  width: 640,
  height: 360,
  codecString: 'avc1.64001f',
  reorderFrames: 0,
  orientation: 0,
}

/** First slice of an IDR, a P and a B picture: first_mb 0 and slice types 7, 5 and 6. */
const SLICES = { I: [0x65, 0b1000_1000, 0x80], P: [0x41, 0b1001_1010, 0x80], B: [0x01, 0b1001_1110, 0x80] } as const

export function sound(pts: number, config = aacConfig): AudioFrame {
  return { config, pts, dts: pts, keyframe: true, units: [new Uint8Array([1])], receivedAt: pts, droppable: false }
}

export function picture(type: keyof typeof SLICES, pts: number, config = h264Config, dts = pts): VideoFrame {
  const units = [new Uint8Array(SLICES[type])]
  return { config, pts, dts, keyframe: type === 'I', units, receivedAt: dts, droppable: false }
}

export const rawConfig: AudioConfig = { ...aacConfig, channels: 1, description: new Uint8Array([0x11, 0x88]) }

/** One frame of a raw codec: its bytes are the samples. */
export function rawSound(pts: number, samples: Float32Array, config = rawConfig): AudioFrame {
  return { ...sound(pts, config), units: [new Uint8Array(samples.slice().buffer)] }
}

/** The samples of a raw frame. */
export function rawSamples(frame: MediaFrame): Float32Array {
  return new Float32Array(frame.units[0]!.slice().buffer)
}

/** Codecs whose coded frames are the samples themselves; as AAC, a coded frame comes out one frame later. */
export const rawCodecs: AudioCodecs = {
  isImmediate: true,
  createDecoder: (_config, _channels, handle) => ({
    decode: (frame) => {
      const samples = rawSamples(frame)
      handle(frame.pts, [samples], samples.length)
    },
    close: () => undefined,
  }),
  createEncoder: (_order, _channels, handle) => {
    let held = new Float32Array(1024)
    return {
      config: { ...rawConfig },
      frameSize: 1024,
      delay: 1024,
      encode: (position, fifo) => {
        const before = held
        held = fifo.plane(0).slice(fifo.offset, fifo.offset + 1024)
        handle(position - 1024, new Uint8Array(before.buffer))
      },
      close: () => undefined,
    }
  },
}

/** An engine that answers each frame with one of the other codec and the same time. */
export const echoEngine: Engine = {
  name: 'echo',
  createConverter(order: Order, emit: Emit): Converter {
    let [config, source]: (MediaFrame['config'] | undefined)[] = [undefined, undefined]
    let first = true
    return {
      handleFrame(frame, warmUp) {
        if (frame.units[0]![0] === 0xff) throw new Error('told to fail')
        if (source !== frame.config) {
          source = frame.config
          config = {
            ...frame.config,
            codec: order.to,
            ...('reorderFrames' in source ? { reorderFrames: 0 } : {}),
          } as never
        }
        if (warmUp) return
        emit({ ...frame, config: config!, dts: frame.pts, keyframe: frame.keyframe || first })
        first = false
      },
      handleAdvance: () => undefined,
      handleKeyframeRequest: () => undefined,
      close: () => undefined,
    }
  },
  /** The "file" names the format, the width and the picture. */
  createSnapshot: ({ format, width }, emit) => ({
    handleFrame(frame, warmUp) {
      if (frame.units[0]![0] === 0xff) throw new Error('told to fail')
      const file = `${format} ${String(width)} of ${String(frame.units[0]![0])}`
      if (!warmUp) emit({ ...frame, units: [new TextEncoder().encode(file)] })
    },
    handleAdvance: () => undefined,
    handleKeyframeRequest: () => undefined,
    close: () => undefined,
  }),
  audioCodecs: () => rawCodecs,
}

/** Children that live in this process and on this clock; they answer after a millisecond. */
export class FakeChildren {
  readonly #clock: Clock
  readonly #engine: Engine | null
  /** Children ever started, and those that live. */
  spawned = 0
  readonly alive = new Set<FakeChild>()
  readonly orders: Order[] = []

  constructor(clock: Clock, engine: Engine | null = echoEngine) {
    this.#clock = clock
    this.#engine = engine
  }

  readonly spawn: SpawnChild = (handlers) => {
    this.spawned++
    const child = new FakeChild(this.#clock, this.#engine, handlers, () => this.alive.delete(child))
    this.alive.add(child)
    return child
  }
}

export class FakeChild implements Child {
  readonly pid = 1
  readonly queuedBytes = 0
  readonly #clock: Clock
  readonly #handlers: ChildHandlers
  readonly #onGone: () => void
  readonly #toHost: WireReader
  readonly #toServer: WireReader
  #gone = false
  /** A child that hangs takes everything and answers nothing. */
  hanging = false

  constructor(clock: Clock, engine: Engine | null, handlers: ChildHandlers, onGone: () => void) {
    this.#clock = clock
    this.#handlers = handlers
    this.#onGone = onGone
    this.#toServer = new WireReader((message) => handlers.handleMessage(message))
    const host = new ConversionHost(
      engine ?? echoEngine,
      (message) => this.#answer(message),
      () => clock.now() / 1000,
    )
    this.#toHost = new WireReader(host.handleMessage)
    const found = engine === null ? { reasons: ['echo is not available: not here'] } : { engine: engine.name }
    clock.after(200_000, () => this.#answer(controlMessage(MESSAGE_TYPE.ready, 0, found)))
  }

  write(message: Uint8Array): void {
    if (!this.#gone && !this.hanging) this.#toHost.push(message)
  }

  together(work: () => void): void {
    work()
  }

  kill(): void {
    if (this.#gone) return
    this.#gone = true
    this.#onGone()
    this.#clock.after(1000, () => this.#handlers.handleExit('SIGKILL'))
  }

  #answer(message: Uint8Array): void {
    this.#clock.after(1000, () => {
      if (!this.#gone) this.#toServer.push(message)
    })
  }
}
