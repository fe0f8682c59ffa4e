import type { ParamsOf, SendMessageParams, SessionMethod } from '@crossroom/protocol'

import { isAndroid, isDevTools, restartPusher, RoomError, wxPlatform } from '../index.js'
import { RoomController, type RoomHost, type TagDetail } from './controller.js'
import { customMessage, textMessage, type CustomMessage } from './im.js'
import { properties, type RoomProperties } from './properties.js'
import type { RoomView } from './view.js'

/** What `this` is in here: WeChat's element with the controller that `created` gave it. */
interface RoomElement {
  readonly data: RoomProperties & RoomView
  readonly properties: RoomProperties
  controller: RoomController
  /** JSON of the last shown values, by key: only changes are sent to the view. */
  shown: Map<string, string>
  setData(patch: object, drawn?: () => void): void
  triggerEvent(name: string, detail: object): void
}

interface TagEvent {
  readonly type: string
  readonly detail?: TagDetail
  /** Some WeChat versions put the data of `error` here. */
  readonly details?: TagDetail
  readonly currentTarget: { readonly dataset: { readonly user?: string; readonly stream?: string } }
}

type Callback = (result?: unknown) => void

Component({
  options: { multipleSlots: true },

  properties,

  data: {
    layout: { template: 'float', size: 'one', self: { name: 'p0', style: '' } },
    pushUrl: '',
    pusher: {},
    pusherImage: '',
    simulated: false,
    selfName: '',
    tiles: [],
    mixes: [],
    mix: {},
    recordingText: '',
    debugText: '',
  },

  observers: {
    'template, maxMembers, roomCreator, userName, smallViewLeft, smallViewTop, smallViewWidth, smallViewHeight, debug':
      redraw,
    'beauty, whiteness, aspect, minBitrate, maxBitrate, pureAudioPushMod, pusherAttributes, playerAttributes': redraw,
    'waitingImg, loadingImg, playerBackgroundImg, pusherBackgroundImg': redraw,
    enableCamera(this: RoomElement) {
      this.controller?.switchChanged('camera')
    },
    muted(this: RoomElement) {
      this.controller?.switchChanged('microphone')
    },
  },

  lifetimes: {
    attached(this: RoomElement) {
      this.shown = new Map()
      this.controller = new RoomController(hostOf(this))
      this.controller.draw()
    },
    detached(this: RoomElement) {
      this.controller.stop()
    },
  },

  pageLifetimes: {
    show(this: RoomElement) {
      this.controller.pageShown()
    },
    hide(this: RoomElement) {
      this.controller.pageHidden()
    },
  },

  methods: {
    start(this: RoomElement): void {
      this.controller.start()
    },
    stop(this: RoomElement): void {
      this.controller.stop()
    },
    pause(this: RoomElement): void {
      this.controller.pause()
    },
    resume(this: RoomElement): void {
      this.controller.resume()
    },
    switchCamera(this: RoomElement): void {
      pusherContext(this)?.switchCamera()
    },
    enableVideo(this: RoomElement, enable: boolean, userId: string): void {
      this.controller.enableVideo(enable, userId)
    },
    enableAudio(this: RoomElement, enable: boolean, userId: string): void {
      this.controller.enableAudio(enable, userId)
    },
    enableCamera(this: RoomElement, enable: boolean): void {
      this.controller.enableCamera(enable)
    },
    enableMicrophone(this: RoomElement, enable: boolean): void {
      this.controller.enableMicrophone(enable)
    },
    sendC2CTextMsg(this: RoomElement, to: string, message: string, done?: Callback, failed?: Callback): void {
      send(this, textMessage(to, message), done, failed)
    },
    sendC2CCustomMsg(this: RoomElement, to: string, message: CustomMessage, done?: Callback, failed?: Callback): void {
      send(this, customMessage(to, message), done, failed)
    },
    sendGroupTextMsg(this: RoomElement, message: string, done?: Callback, failed?: Callback): void {
      send(this, textMessage(null, message), done, failed)
    },
    sendGroupCustomMsg(this: RoomElement, message: CustomMessage, done?: Callback, failed?: Callback): void {
      send(this, customMessage(null, message), done, failed)
    },
    /** From audience to anchor and back; rejects with a sentence. */
    switchRole(this: RoomElement, role: 'anchor' | 'audience'): Promise<void> {
      return this.controller.switchRole(role)
    },
    /** Everything else of the signaling (kick, mute, link-mic); rejects with `code` and a sentence. */
    request(this: RoomElement, method: SessionMethod, params: ParamsOf<SessionMethod>): Promise<unknown> {
      const { session } = this.controller
      if (session) return session.request(method, params)
      return Promise.reject(new RoomError('NOT_ENTERED', 'Enter a room first.'))
    },

    onPusher(this: RoomElement, event: TagEvent): void {
      const detail = event.detail ?? event.details ?? {}
      this.controller.handlePusher(event.type, detail)
      this.triggerEvent('pusherevent', { type: event.type, detail })
    },
    onPlayer(this: RoomElement, event: TagEvent): void {
      const { user = '', stream } = event.currentTarget.dataset
      const detail = event.detail ?? {}
      this.controller.handlePlayer(event.type, detail, { userId: user, streamType: stream === 'aux' ? 'aux' : 'main' })
      this.triggerEvent('playerevent', { type: event.type, userID: user, detail })
    },
    onMix(this: RoomElement, event: TagEvent): void {
      this.controller.handleMix(event.detail?.code ?? 0)
    },
  },
})

function redraw(this: RoomElement): void {
  this.controller?.propertiesChanged()
}

function hostOf(element: RoomElement): RoomHost {
  return {
    platform: wxPlatform,
    isDevTools: isDevTools(),
    isAndroid: isAndroid(),
    properties: () => element.properties,
    show: (view) => show(element, view),
    raise: (name, detail) => element.triggerEvent(name, detail),
    pusher: (method) => pusherContext(element)?.[method](),
    restartPusher: () => restartPusher(pusherContext(element)),
    player: (id, method) => wx.createLivePlayerContext(id, element as never)[method](),
  }
}

/** One live-pusher per page is all that WeChat allows; its context is asked for only while the tag exists. */
function pusherContext(element: RoomElement): WechatMiniprogram.LivePusherContext | undefined {
  return element.data.pushUrl === '' ? undefined : wx.createLivePusherContext()
}

function show(element: RoomElement, view: RoomView): void {
  const patch: Record<string, unknown> = {}
  for (const [key, value] of Object.entries(view) as [string, unknown][]) {
    const json = JSON.stringify(value)
    if (element.shown.get(key) === json) continue
    element.shown.set(key, json)
    patch[key] = value
  }
  if (Object.keys(patch).length > 0) element.setData(patch)
}

function send(element: RoomElement, message: SendMessageParams, done?: Callback, failed?: Callback): void {
  const session = element.controller.session
  if (!session) {
    failed?.({ code: 'NOT_ENTERED', message: 'Enter a room first.' })
    return
  }
  session.request('message.send', message).then(
    (result) => done?.(result),
    (problem: unknown) => failed?.(problem),
  )
}
