import { controlMessage, type Micros, parseControl, type WireMessage } from '@crossroom/media'
import { transcodeLimits } from '../config/index.js'
import type { Clock } from '../hub/index.js'
import type { Log } from '../observe/index.js'
import type { ProcessName } from './catalog.js'
import { OpenChannel } from './channel.js'
import type { Channel, ChannelHandler, ChannelOrder, ChannelOwner, CodecProcessState } from './channel.js'
import { MESSAGE_TYPE } from './ipc/message.js'

/** A running child and the pipe to it. */
export interface Child {
  readonly pid: number | undefined
  write(message: Uint8Array): void
  /** Messages written within `work` are sent together. */
  together(work: () => void): void
  /** Bytes written that the pipe has not taken yet. */
  readonly queuedBytes: number
  /** Ends it at once; `handleExit` follows. */
  kill(): void
}

export interface ChildHandlers {
  handleMessage(message: WireMessage): void
  /** Called once. */
  handleExit(reason: string): void
}

/** Starts a child. */
export type SpawnChild = (handlers: ChildHandlers) => Child

export interface CodecProcessOptions {
  readonly lane: ProcessName
  readonly clock: Clock
  readonly log: Log
  readonly spawn: SpawnChild
  /** Unanswered heartbeats that make a hang. */
  readonly heartbeats: number
  /** Called after each change of state. */
  readonly onState?: (state: CodecProcessState) => void
}

/** Figures of one process since the server's start. */
export interface CodecProcessCounters {
  crashes: number
  hangs: number
  /** Frames that were not sent because the pipe was full. */
  framesLeftOut: number
}

/**
 * One codec process, kept alive: started with the server, watched by heartbeats, killed when it hangs, started again
 * when it ends, switched off for a while when that does not help. Conversions outlive it: each is opened again in the
 * new process, and told so.
 */
export class CodecProcess implements ChannelOwner {
  readonly counters: CodecProcessCounters = { crashes: 0, hangs: 0, framesLeftOut: 0 }
  readonly #options: CodecProcessOptions
  readonly #channels = new Map<number, OpenChannel>()
  readonly #crashTimes: Micros[] = []
  #state: CodecProcessState = 'off'
  #child: Child | undefined
  #engine: string | undefined
  #reasons: readonly string[] = []
  #cancelTimer: (() => void) | undefined
  #unanswered = 0
  #nextConversion = 1
  #closed = false

  constructor(options: CodecProcessOptions) {
    this.#options = options
  }

  get state(): CodecProcessState {
    return this.#state
  }

  get lane(): ProcessName {
    return this.#options.lane
  }

  get pid(): number | undefined {
    return this.#child?.pid
  }

  /** Name of the engine that was found; undefined until the first process is ready, and when there is none. */
  get engine(): string | undefined {
    return this.#engine
  }

  /** Why engines are missing, in sentences. */
  get reasons(): readonly string[] {
    return this.#reasons
  }

  /** Without those that only look how loud something is, or take a picture. */
  get conversions(): number {
    let count = 0
    for (const { order } of this.#channels.values()) if (order.kind !== 'level' && order.kind !== 'snapshot') count++
    return count
  }

  start(): void {
    if (this.#closed || this.#child !== undefined) return
    this.#cancelTimer?.()
    this.#unanswered = 0
    let exited = false
    const child = this.#options.spawn({
      handleMessage: (message) => {
        if (!exited) this.#handleMessage(message)
      },
      handleExit: (reason) => {
        if (exited) return
        exited = true
        this.#handleExit(reason)
      },
    })
    // A child that could not be started has told so already, and its successor may be here.
    if (exited) return
    this.#child = child
    this.#cancelTimer = this.#options.clock.after(transcodeLimits.startMicros, () =>
      this.#kill('did not start in time'),
    )
    this.#setState('starting')
  }

  /** Ends the process for good. Idempotent. */
  close(): void {
    this.#closed = true
    this.#cancelTimer?.()
    this.#cancelTimer = undefined
    this.#child?.kill()
    this.#child = undefined
    this.#setState('off')
  }

  /** Begins a conversion. Its handler is called from later calls, never from within this one. */
  open(order: ChannelOrder, handler: ChannelHandler): Channel {
    const channel = new OpenChannel(this.#nextConversion++, order, handler, this)
    this.#channels.set(channel.conversion, channel)
    if (this.#state === 'ready') {
      this.#beat()
      this.#options.clock.after(0, () => {
        if (this.#state === 'ready' && !channel.opened) this.#openInChild(channel)
      })
    }
    return channel
  }

  /** Called by channels. */
  write(message: Uint8Array): boolean {
    const child = this.#child
    if (child === undefined || this.#state !== 'ready') return false
    if (child.queuedBytes > transcodeLimits.queueBytes) {
      this.counters.framesLeftOut++
      return false
    }
    child.write(message)
    return true
  }

  /** Messages of channels during `work` reach the process in one write. */
  together(work: () => void): void {
    if (this.#child === undefined) work()
    else this.#child.together(work)
  }

  /** Called by channels. */
  forget(channel: OpenChannel): void {
    if (!this.#channels.delete(channel.conversion) || !channel.opened) return
    if (this.#state === 'ready') this.#child?.write(controlMessage(MESSAGE_TYPE.close, channel.conversion))
  }

  #openInChild(channel: OpenChannel): void {
    if (!this.#channels.has(channel.conversion)) return
    channel.handleOpened()
    this.#child?.write(controlMessage(MESSAGE_TYPE.open, channel.conversion, channel.order))
    channel.handler.handleReady()
  }

  #handleMessage(message: WireMessage): void {
    this.#unanswered = 0
    switch (message.type) {
      case MESSAGE_TYPE.ready:
        return this.#handleReady(parseControl(message) as { engine?: string; reasons?: readonly string[] } | undefined)
      case MESSAGE_TYPE.pong:
        return
      default:
        this.#channels.get(message.channel)?.handleMessage(message)
    }
  }

  #handleReady(found: { engine?: string; reasons?: readonly string[] } | undefined): void {
    const { log, lane } = this.#options
    this.#cancelTimer?.()
    this.#reasons = found?.reasons ?? []
    const news = found?.engine !== this.#engine || this.#engine === undefined
    this.#engine = found?.engine
    if (this.#engine === undefined) {
      log.warn({ lane, reasons: this.#reasons }, 'No codec engine: streams are played without conversion')
      this.#closed = true
      this.#child?.kill()
      this.#setState('off')
      return
    }
    if (news) log.info({ lane, engine: this.#engine, ...notEmpty(this.#reasons) }, 'Codec engine is ready')
    this.#setState('ready')
    this.#beat()
    for (const channel of [...this.#channels.values()]) this.#openInChild(channel)
  }

  /**
   * Counts its own ticks, not time: when the server itself was held up, the child is not to blame. While there is
   * nothing to convert, a rare tick will do.
   */
  #beat(): void {
    const { heartbeatMicros, idleHeartbeatMicros } = transcodeLimits
    this.#cancelTimer?.()
    this.#cancelTimer = this.#options.clock.after(
      this.#channels.size > 0 ? heartbeatMicros : idleHeartbeatMicros,
      () => {
        if (this.#unanswered >= this.#options.heartbeats) {
          this.counters.hangs++
          this.#kill('did not answer')
          return
        }
        this.#unanswered++
        this.#child?.write(controlMessage(MESSAGE_TYPE.ping, 0))
        this.#beat()
      },
    )
  }

  #kill(reason: string): void {
    this.#options.log.warn({ lane: this.#options.lane, reason }, 'Codec process is killed')
    this.#child?.kill()
  }

  #handleExit(reason: string): void {
    this.#child = undefined
    this.#cancelTimer?.()
    this.#cancelTimer = undefined
    if (this.#closed) return
    const { clock, log, lane } = this.#options
    const now = clock.now()
    this.counters.crashes++
    this.#crashTimes.push(now)
    while (now - this.#crashTimes[0]! > transcodeLimits.crashWindowMicros) this.#crashTimes.shift()
    const recent = this.#crashTimes.length
    const off = recent >= transcodeLimits.crashes
    if (off) this.#crashTimes.length = 0
    const pause = off ? transcodeLimits.offMicros : restartPause(recent)
    const fields = { lane, reason, conversions: this.#channels.size, restartMs: pause / 1000 }
    if (off) log.error(fields, 'Codec process keeps crashing: conversions are off for a while')
    else log.warn(fields, 'Codec process ended and is restarted')
    this.#setState(off ? 'off' : 'waiting')
    this.#cancelTimer = clock.after(pause, () => this.start())
  }

  #setState(state: CodecProcessState): void {
    if (this.#state === state) return
    const lost = this.#state === 'ready' || state === 'off'
    this.#state = state
    if (lost) for (const channel of [...this.#channels.values()]) channel.handleLost(state)
    this.#options.onState?.(state)
  }
}

/** None at the first crash within the window, then doubling. */
function restartPause(crashes: number): Micros {
  const { restartFirstMicros, restartMaxMicros } = transcodeLimits
  return crashes <= 1 ? 0 : Math.min(restartMaxMicros, restartFirstMicros * 2 ** (crashes - 2))
}

function notEmpty(reasons: readonly string[]): { reasons?: readonly string[] } {
  return reasons.length === 0 ? {} : { reasons }
}
