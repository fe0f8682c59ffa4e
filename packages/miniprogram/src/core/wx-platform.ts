import type { Platform, Socket, SocketHandlers } from './platform.js'

/** RFC 6455 section 7.4.1: a connection that ended without a close frame. */
const ABNORMAL_CLOSURE = 1006

/** The platform of a real Mini Program (and of WeChat DevTools). */
export const wxPlatform: Platform = {
  connect: connectSocket,
  now: () => Date.now(),
  random: () => Math.random(),
  after(ms, run) {
    const timer = setTimeout(run, ms)
    return () => clearTimeout(timer)
  },
  watchNetwork(changed) {
    const listener = (status: { readonly isConnected: boolean }): void => {
      if (status.isConnected) changed()
    }
    wx.onNetworkStatusChange(listener)
    // WeChat calls it with the listener that was given; its types name another kind of callback.
    return () => wx.offNetworkStatusChange(listener as unknown as WechatMiniprogram.OffNetworkStatusChangeCallback)
  },
}

/** Does the component run where `<live-pusher>` and `<live-player>` are drawn but do nothing? */
export function isDevTools(): boolean {
  return platformName() === 'devtools'
}

/** Android must create players again that were created on a hidden page, and plays few at a time. */
export function isAndroid(): boolean {
  return platformName() === 'android'
}

/** Pushes again with the same address. LiteAV ignores a start that comes before its stop is done. */
export function restartPusher(context: WechatMiniprogram.LivePusherContext | undefined): void {
  context?.stop({ complete: () => context.start() })
}

function platformName(): string {
  return wx.getSystemInfoSync().platform
}

function connectSocket(url: string, handlers: SocketHandlers): Socket {
  let ended = false
  const end = (code: number, reason: string): void => {
    if (ended) return
    ended = true
    handlers.closed(code, reason)
  }
  const task = wx.connectSocket({
    url,
    tcpNoDelay: true,
    fail: (problem) => end(ABNORMAL_CLOSURE, problem.errMsg),
  })
  task.onOpen(() => {
    if (!ended) handlers.open()
  })
  task.onMessage(({ data }) => {
    if (!ended && typeof data === 'string') handlers.text(data)
  })
  task.onError(({ errMsg }) => end(ABNORMAL_CLOSURE, errMsg))
  task.onClose(({ code, reason }) => end(code, reason))
  return {
    send: (data) => {
      if (!ended) task.send({ data })
    },
    close(code, reason) {
      if (ended) return
      task.close({ code, reason })
      end(code, reason)
    },
  }
}
