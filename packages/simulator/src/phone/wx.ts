import { WebSocket } from 'ws'

import { currentDevice, type PhoneDevice } from './device.js'

type Listener<Event> = (event: Event) => void
type Done = { readonly success?: () => void; readonly complete?: () => void } | undefined

/** Puts what the component uses of `wx` over what miniprogram-simulate has. Once per process is enough. */
export function installWx(): void {
  const globals = globalThis as unknown as { wx: object }
  Object.assign(globals.wx, {
    getSystemInfoSync: () => ({ platform: device().platform, SDKVersion: '3.3.0' }),
    connectSocket,
    createLivePusherContext: pusherContext,
    createLivePlayerContext: (id: string) => playerContext(id),
    onNetworkStatusChange: (listener: never) => device().networkListeners.add(listener),
    offNetworkStatusChange: (listener: never) => device().networkListeners.delete(listener),
  })
}

function device(): PhoneDevice {
  const current = currentDevice.getStore()
  if (current === undefined) throw new Error('No phone is at work here')
  return current
}

function pusherContext(): object {
  const { pusher } = device()
  const call = (run: () => void) => (done?: Done) => {
    run()
    done?.success?.()
    done?.complete?.()
  }
  return {
    start: call(() => pusher?.start()),
    stop: call(() => pusher?.stop()),
    pause: call(() => pusher?.pause()),
    resume: call(() => pusher?.resume()),
    switchCamera: call(() => undefined),
  }
}

function playerContext(id: string): object {
  const player = device().players.get(id)
  return {
    play: () => player?.play(),
    stop: () => player?.stop(),
    pause: () => player?.stop(),
    resume: () => player?.play(),
    mute: () => undefined,
  }
}

interface ConnectOptions {
  readonly url: string
  readonly fail?: Listener<{ readonly errMsg: string }>
}

function connectSocket({ url }: ConnectOptions): object {
  const { sockets } = device()
  const socket = new WebSocket(url, { perMessageDeflate: false })
  sockets.add(socket)
  socket.once('close', () => sockets.delete(socket))
  return {
    onOpen: (listener: Listener<object>) => socket.on('open', () => listener({})),
    onMessage: (listener: Listener<{ readonly data: string }>) =>
      socket.on('message', (data: Buffer) => listener({ data: data.toString() })),
    onError: (listener: Listener<{ readonly errMsg: string }>) =>
      socket.on('error', ({ message }) => listener({ errMsg: message })),
    onClose: (listener: Listener<{ readonly code: number; readonly reason: string }>) =>
      socket.on('close', (code, reason) => listener({ code, reason: reason.toString() })),
    send: ({ data }: { readonly data: string }) => {
      if (socket.readyState === WebSocket.OPEN) socket.send(data)
    },
    close: ({ code, reason }: { readonly code: number; readonly reason: string }) => socket.close(code, reason),
  }
}
