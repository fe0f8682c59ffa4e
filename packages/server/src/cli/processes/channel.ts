import type { ChildProcess } from 'node:child_process'
import { ipcLimits } from '../../config/index.js'

/** Messages of Node to and from a process. */
export interface ChannelEnd {
  isConnected(): boolean
  send(message: object, sent: () => void): void
  onMessage(listener: (message: unknown) => void): void
}

export function endToParent(): ChannelEnd {
  return {
    isConnected: () => process.connected,
    send: (message, sent) => void process.send?.(message, undefined, undefined, sent),
    onMessage: (listener) => void process.on('message', listener),
  }
}

export function endToProcess(child: ChildProcess): ChannelEnd {
  return {
    isConnected: () => child.connected,
    send: (message, sent) => void child.send(message, undefined, undefined, sent),
    onMessage: (listener) => void child.on('message', listener),
  }
}

/** Of a message without its values. */
const MESSAGE_BYTES = 200

/** Messages between two processes, with a cap on what waits to be read. */
export class Channel<Sent extends object, Received> {
  readonly #end: ChannelEnd
  readonly #onOverflow: () => void
  #waitingBytes = 0

  /** `onOverflow`: the other end reads too slowly, and this message is not sent. */
  constructor(end: ChannelEnd, onOverflow: () => void) {
    this.#end = end
    this.#onOverflow = onOverflow
  }

  /** `bytes`: of the values in it. Nothing is sent to an end that is gone. */
  send(message: Sent, bytes = 0, sent: () => void = () => undefined): void {
    if (!this.#end.isConnected()) {
      sent()
      return
    }
    const size = bytes + MESSAGE_BYTES
    if (this.#waitingBytes + size > ipcLimits.waitingBytes) {
      this.#onOverflow()
      return
    }
    this.#waitingBytes += size
    this.#end.send(message, () => {
      this.#waitingBytes -= size
      sent()
    })
  }

  onMessage(listener: (message: Received) => void): void {
    // Both ends are ours, of one version.
    this.#end.onMessage((message) => listener(message as Received))
  }
}
