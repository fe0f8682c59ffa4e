import type { FakeRoomServer } from './room-server.js'

interface Done {
  readonly complete?: () => void
}

type Listener<Event> = (event: Event) => void

/** A call of a method of a pusher's or player's context. */
export interface ContextCall {
  /** `pusher`, or the id of the player. */
  readonly tag: string
  readonly method: string
}

/** The part of `wx` that the package uses, with one signaling server behind `connectSocket`. */
export class FakeWx {
  readonly calls: ContextCall[] = []
  readonly urls: string[] = []
  platform = 'ios'
  readonly #server: FakeRoomServer
  readonly #network = new Set<Listener<{ isConnected: boolean }>>()

  constructor(server: FakeRoomServer) {
    this.#server = server
  }

  /** The object for `globalThis.wx`. */
  api(): object {
    const context = (tag: string): object =>
      new Proxy({}, { get: (_, method) => (options?: Done) => this.#call(tag, String(method), options) })
    return {
      getSystemInfoSync: () => ({ platform: this.platform }),
      connectSocket: (options: { url: string }) => this.#connect(options.url),
      createLivePusherContext: () => context('pusher'),
      createLivePlayerContext: (id: string) => context(id),
      onNetworkStatusChange: (listener: Listener<{ isConnected: boolean }>) => this.#network.add(listener),
      offNetworkStatusChange: (listener: Listener<{ isConnected: boolean }>) => this.#network.delete(listener),
    }
  }

  changeNetwork(): void {
    for (const listener of [...this.#network]) listener({ isConnected: true })
  }

  get networkListeners(): number {
    return this.#network.size
  }

  #call(tag: string, method: string, options: Done | undefined): void {
    this.calls.push({ tag, method })
    options?.complete?.()
  }

  #connect(url: string): object {
    this.urls.push(url)
    let closed: Listener<{ code: number; reason: string }> | undefined
    let message: Listener<{ data: string }> | undefined
    let failed: Listener<{ errMsg: string }> | undefined
    let opened: Listener<object> | undefined
    const server = this.#server
    queueMicrotask(() => {
      if (!server.reachable) {
        failed?.({ errMsg: 'connectSocket:fail' })
        return
      }
      server.socket = {
        url,
        deliver: (data) => queueMicrotask(() => message?.({ data })),
        close: (code, reason) => closed?.({ code, reason }),
      }
      opened?.({})
    })
    return {
      onOpen: (listener: Listener<object>) => (opened = listener),
      onMessage: (listener: Listener<{ data: string }>) => (message = listener),
      onError: (listener: Listener<{ errMsg: string }>) => (failed = listener),
      onClose: (listener: Listener<{ code: number; reason: string }>) => (closed = listener),
      send: ({ data }: { data: string }) => server.receive(data),
      close: ({ code, reason }: { code: number; reason: string }) => closed?.({ code, reason }),
    }
  }
}
