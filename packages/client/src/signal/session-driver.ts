import { Driver, type DriverClock, type Machine } from '@crossroom/media'
import type { SessionInput, SessionOutput } from '@crossroom/protocol'

/** Browsers forget a timer that waits longer than a signed 32-bit count of milliseconds. */
const LONGEST_TIMER_MS = 2 ** 31 - 1

/** The page's steady clock and its timers. */
export const pageClock: DriverClock = {
  now: () => Math.round(performance.now() * 1000),
  after: (delay, callback) => {
    const timer = setTimeout(callback, Math.min(Math.max(0, Math.ceil(delay / 1000)), LONGEST_TIMER_MS))
    return () => clearTimeout(timer)
  },
}

export interface SessionDriverOptions<Event> {
  readonly session: Machine<SessionInput, SessionOutput, Event>
  /** `ws(s)://HOST/signal` of an attempt to connect. */
  readonly address: (turn: number) => string
  readonly tell: (event: Event) => void
}

/** Gives the machine of a session a WebSocket and the page's clock. */
export class SessionDriver<Event> {
  readonly #address: (turn: number) => string
  readonly #driver: Driver<SessionInput, SessionOutput, Event>
  #socket: WebSocket | undefined

  constructor({ session, address, tell }: SessionDriverOptions<Event>) {
    this.#address = address
    this.#driver = new Driver(session, pageClock, { output: (output) => this.#act(output), event: tell })
  }

  drain(): void {
    this.#driver.drain()
  }

  #input(socket: WebSocket, input: SessionInput): void {
    if (socket !== this.#socket) return
    if (input.kind === 'closed') this.#socket = undefined
    this.#driver.handleInput(input)
  }

  #act(output: SessionOutput): void {
    switch (output.kind) {
      case 'connect':
        return this.#connect(output.turn)
      case 'send':
        return this.#socket?.send(output.text)
      case 'disconnect': {
        const socket = this.#socket
        this.#socket = undefined
        return socket?.close(output.code, output.reason)
      }
    }
  }

  #connect(turn: number): void {
    const socket = new WebSocket(this.#address(turn))
    this.#socket = socket
    socket.onopen = () => this.#input(socket, { kind: 'open' })
    socket.onmessage = ({ data }: MessageEvent<unknown>) => {
      if (typeof data === 'string') this.#input(socket, { kind: 'text', text: data })
    }
    socket.onclose = ({ code, reason }) => this.#input(socket, { kind: 'closed', code, reason })
  }
}
