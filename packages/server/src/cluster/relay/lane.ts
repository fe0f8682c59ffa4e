import type { Socket } from 'node:net'
import { Driver } from '@crossroom/media'
import type { Clock } from '../../hub/index.js'
import { RelayConnection, type RelayConnectionEvent, type RelayConnectionOptions } from './relay-connection.js'

export interface LaneHandlers {
  event(event: RelayConnectionEvent, lane: Lane): void
  /** What was written before has been taken: more may be written. */
  drained(lane: Lane): void
}

/** What writes frames to a lane: it is called in turn while the lane takes more. */
export interface LaneSource {
  /** Writes its next message; false when it has none. */
  writeNext(): boolean
}

/** A connection on its socket. Messages of one turn of the event loop go out together. */
export class Lane {
  readonly connection: RelayConnection
  readonly #socket: Socket
  readonly #driver: Driver<Uint8Array, Uint8Array, RelayConnectionEvent>
  readonly #waiting = new Set<LaneSource>()
  #isCorked = false
  #isFree = true
  #isClosed = false
  bytesOut = 0
  bytesIn = 0

  constructor(
    socket: Socket,
    options: RelayConnectionOptions,
    clock: Clock,
    onEvent: (event: RelayConnectionEvent) => void,
  ) {
    this.#socket = socket
    this.connection = new RelayConnection(options, clock.now())
    this.#driver = new Driver(this.connection, clock, {
      output: (bytes) => this.write(bytes),
      event: (event) => {
        onEvent(event)
        if (event.type === 'ended') this.close()
      },
    })
    socket.on('data', (bytes: Buffer) => {
      this.bytesIn += bytes.length
      this.#driver.handleInput(bytes)
    })
    socket.on('drain', () => this.#handleDrain())
    socket.on('error', () => undefined)
    socket.once('close', () => {
      this.connection.handleClosed()
      this.#driver.drain()
    })
    this.#driver.drain()
  }

  /** It takes frames; others wait in `ask`. */
  get isFree(): boolean {
    return this.#isFree && this.#waiting.size === 0
  }

  get queuedBytes(): number {
    return this.#socket.writableLength
  }

  /** A whole message, behind all before it. */
  write(message: Uint8Array): void {
    if (this.#isClosed) return
    if (!this.#isCorked) {
      this.#isCorked = true
      this.#socket.cork()
      process.nextTick(this.#uncork)
    }
    this.bytesOut += message.length
    if (!this.#socket.write(message)) this.#isFree = false
  }

  /** After commands to the connection. */
  drain(): void {
    this.#driver.drain()
  }

  /** The source has more than the lane takes: it is asked in its turn. */
  ask(source: LaneSource): void {
    this.#waiting.add(source)
  }

  forget(source: LaneSource): void {
    this.#waiting.delete(source)
  }

  /** Idempotent. What was written is still sent. */
  close(): void {
    if (this.#isClosed) return
    this.#isClosed = true
    this.#waiting.clear()
    this.#driver.close()
    // The greeting's refusal is a courtesy, and nothing else is worth a wait.
    this.#socket.end()
    this.#socket.destroySoon()
  }

  readonly #uncork = (): void => {
    this.#isCorked = false
    this.#socket.uncork()
  }

  #handleDrain(): void {
    this.#isFree = true
    for (;;) {
      for (const source of [...this.#waiting]) {
        if (!this.#isFree) return
        if (!source.writeNext()) this.#waiting.delete(source)
      }
      if (this.#waiting.size === 0) return
    }
  }
}
