/** What a client needs of the machine it runs on: WeChat's `wx`, or a double of it in tests and in the simulator. */
export interface Platform {
  /** Opens a WebSocket; all of what it says comes through `handlers`, `closed` once and last. */
  connect(url: string, handlers: SocketHandlers): Socket
  /** Milliseconds of a clock that does not need to be the wall's. */
  now(): number
  /** 0 ≤ x < 1. */
  random(): number
  /** Calls `run` once after `ms` milliseconds; the answer cancels it. */
  after(ms: number, run: () => void): () => void
  /** Calls `changed` when the network is another one or is back; the answer ends that. */
  watchNetwork(changed: () => void): () => void
}

export interface SocketHandlers {
  open(): void
  text(text: string): void
  closed(code: number, reason: string): void
}

export interface Socket {
  send(text: string): void
  /** Idempotent. */
  close(code: number, reason: string): void
}
