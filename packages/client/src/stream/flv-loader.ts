import type { Mpegts } from '../media/mpegts.js'
import { failureOfStatus } from './reach.js'
import type { Failure } from './source.js'

/** What a loader tells besides the bytes it hands to mpegts.js. */
export interface LoaderListener {
  /** `bytes` since the beginning. */
  received(bytes: number): void
  ended(failure: Failure): void
}

/** Why mpegts.js cannot go on: it throws when it meets what it does not understand, as some AV1 does. */
function misunderstood(error: unknown): Failure {
  return { reason: 'codec', detail: String(error) }
}

/** Close codes of the server (and RFC 6455 section 7.4.1): 4404 no publisher, 1008 refused, 1001 ended. */
const CLOSE_REASONS: Readonly<Record<number, Failure['reason']>> = {
  4404: 'not-found',
  1008: 'refused',
  1001: 'ended',
  1000: 'ended',
}

/**
 * Loaders of our own in place of those of mpegts.js, because its WebSocket loader does not say why the server closed,
 * its fetch loader keeps the server's sentence to itself, and neither counts bytes.
 */
export function webSocketLoader(mpegts: Mpegts, listener: LoaderListener) {
  return class extends mpegts.BaseLoader {
    #socket: WebSocket | undefined
    #received = 0

    constructor() {
      super('crossroom-websocket')
      this._needStash = false
    }

    override open({ url }: { url: string }): void {
      this._status = mpegts.LoaderStatus.kConnecting
      const socket = new WebSocket(url)
      this.#socket = socket
      socket.binaryType = 'arraybuffer'
      socket.onmessage = ({ data }: MessageEvent<unknown>) => {
        if (!(data instanceof ArrayBuffer)) return
        this._status = mpegts.LoaderStatus.kBuffering
        const start = this.#received
        this.#received += data.byteLength
        listener.received(this.#received)
        try {
          this.onDataArrival(data, start, this.#received)
        } catch (error) {
          listener.ended(misunderstood(error))
        }
      }
      socket.onclose = ({ code, reason }) => {
        this._status = mpegts.LoaderStatus.kComplete
        const failure = CLOSE_REASONS[code] ?? 'network'
        listener.ended({ reason: failure, ...(reason === '' ? {} : { detail: reason }) })
      }
    }

    override abort(): void {
      const socket = this.#socket
      this.#socket = undefined
      if (socket === undefined) return
      socket.onmessage = null
      socket.onclose = null
      socket.close()
      this._status = mpegts.LoaderStatus.kComplete
    }

    override destroy(): void {
      this.abort()
      super.destroy()
    }
  }
}

/** FLV by `fetch`. */
export function httpLoader(mpegts: Mpegts, listener: LoaderListener) {
  return class extends mpegts.BaseLoader {
    #abort: AbortController | undefined

    constructor() {
      super('crossroom-fetch')
      this._needStash = false
    }

    override open({ url }: { url: string }): void {
      this._status = mpegts.LoaderStatus.kConnecting
      const abort = new AbortController()
      this.#abort = abort
      this.#read(url, abort.signal).then(
        (failure) => this.#end(abort.signal, failure),
        () => this.#end(abort.signal, { reason: 'network' }),
      )
    }

    override abort(): void {
      this.#abort?.abort()
      this.#abort = undefined
      this._status = mpegts.LoaderStatus.kComplete
    }

    override destroy(): void {
      this.abort()
      super.destroy()
    }

    async #read(url: string, signal: AbortSignal): Promise<Failure> {
      const response = await fetch(url, { signal, cache: 'no-store', credentials: 'omit' })
      if (!response.ok) return failureOfStatus(response.status, await response.text())
      if (response.body === null) return { reason: 'unsupported' }
      this._status = mpegts.LoaderStatus.kBuffering
      const reader = response.body.getReader()
      let received = 0
      for (;;) {
        const { done, value } = await reader.read()
        if (done) return { reason: 'ended' }
        if (signal.aborted) return { reason: 'ended' }
        const start = received
        received += value.byteLength
        listener.received(received)
        const whole = value.byteOffset === 0 && value.byteLength === value.buffer.byteLength
        try {
          this.onDataArrival(whole ? value.buffer : value.slice().buffer, start, received)
        } catch (error) {
          return misunderstood(error)
        }
      }
    }

    #end(signal: AbortSignal, failure: Failure): void {
      if (signal.aborted) return
      this._status = mpegts.LoaderStatus.kComplete
      listener.ended(failure)
    }
  }
}
