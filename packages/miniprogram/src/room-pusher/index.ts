import type { ParamsOf, SessionMethod } from '@crossroom/protocol'

import {
  attributesOf,
  isDevTools,
  PUSHER_ATTRIBUTES,
  restartPusher,
  RoomError,
  wxPlatform,
  type AttributeValue,
} from '../index.js'
import { pickAttributes, propertiesOf } from '../tags/properties.js'
import { PusherController } from './controller.js'

interface PusherElement {
  readonly data: Readonly<Record<string, unknown>> & { readonly pushUrl: string }
  readonly properties: Readonly<Record<string, AttributeValue>> & { readonly pusherAttributes: object }
  controller: PusherController
  setData(patch: object): void
  triggerEvent(name: string, detail: object): void
}

interface TagEvent {
  readonly type: string
  readonly detail?: { readonly code?: number }
  /** Some WeChat versions put the data of `error` here. */
  readonly details?: { readonly code?: number }
}

/** Every method of LivePusherContext but start and stop, which are the room's; WeChat's names and parameters. */
const CONTEXT_METHODS = [
  'pause',
  'resume',
  'switchCamera',
  'snapshot',
  'toggleTorch',
  'playBGM',
  'stopBGM',
  'pauseBGM',
  'resumeBGM',
  'setBGMVolume',
  'setMICVolume',
  'startPreview',
  'stopPreview',
  'sendMessage',
  'getMaxZoom',
  'setZoom',
  'exitPictureInPicture',
  'applyBlusherStickMakeup',
  'applyEyeBrowMakeup',
  'applyEyeShadowMakeup',
  'applyFaceContourMakeup',
  'applyFilter',
  'applyLipStickMakeup',
  'applySticker',
  'clearFilters',
  'clearMakeups',
  'clearStickers',
  'createOffscreenCanvas',
  'onCustomRendererEvent',
] as const

type Method = (this: PusherElement, ...parameters: unknown[]) => unknown

function contextMethods(): Record<string, Method> {
  const methods: Record<string, Method> = {}
  for (const name of CONTEXT_METHODS) {
    methods[name] = function (...parameters) {
      // A method that this version of WeChat has not got answers undefined, as the tag without one would.
      const context = wx.createLivePusherContext() as unknown as Readonly<Record<string, Method | undefined>>
      return context[name]?.apply(context as never, parameters)
    }
  }
  return methods
}

Component({
  properties: {
    ...propertiesOf(PUSHER_ATTRIBUTES),
    /** `room://…`, or any address that `<live-pusher>` takes. */
    url: { type: String, value: '' },
    autopush: { type: Boolean, value: false },
    server: { type: String, value: '' },
    prefer: { type: String, value: 'rtmp' },
    role: { type: String, value: 'anchor' },
    pusherAttributes: { type: Object, value: {} },
  },

  data: { pushUrl: '', pusher: {}, simulated: false },

  observers: {
    '**'(this: PusherElement) {
      if (this.controller) drawAttributes(this)
    },
    url(this: PusherElement) {
      if (this.controller) follow(this)
    },
  },

  lifetimes: {
    attached(this: PusherElement) {
      this.controller = new PusherController({
        platform: wxPlatform,
        showUrl: (url) => this.setData({ pushUrl: isDevTools() ? '' : url, simulated: isDevTools() && url !== '' }),
        raise: (event) => this.triggerEvent('statechange', event),
        stopPusher: () => pusherContext(this)?.stop(),
        restartPusher: () => restartPusher(pusherContext(this)),
      })
      drawAttributes(this)
      follow(this)
    },
    detached(this: PusherElement) {
      this.controller.stop()
    },
  },

  pageLifetimes: {
    show(this: PusherElement) {
      this.controller.pageShown()
    },
  },

  methods: {
    ...contextMethods(),
    start(this: PusherElement): void {
      enter(this)
    },
    stop(this: PusherElement): void {
      this.controller.stop()
    },
    /** Everything else of the signaling (messages, kick, link-mic); rejects with `code` and a sentence. */
    request(this: PusherElement, method: SessionMethod, params: ParamsOf<SessionMethod>): Promise<unknown> {
      const { session } = this.controller
      if (session) return session.request(method, params)
      return Promise.reject(new RoomError('NOT_ENTERED', 'Enter a room first.'))
    },
    onPusher(this: PusherElement, event: TagEvent): void {
      const detail = event.detail ?? event.details ?? {}
      this.triggerEvent(event.type, detail)
      if (event.type === 'statechange') this.controller.handleCode(detail.code ?? 0)
    },
  },
})

/** One live-pusher per page is all that WeChat allows; its context is asked for only while the tag exists. */
function pusherContext(element: PusherElement): WechatMiniprogram.LivePusherContext | undefined {
  return element.data.pushUrl === '' ? undefined : wx.createLivePusherContext()
}

/** A new address is entered at once with `autopush`, and left at once when it is taken away. */
function follow(element: PusherElement): void {
  const { url, autopush } = element.properties
  if (autopush && url) enter(element)
  else if (!url) element.controller.stop()
}

function enter(element: PusherElement): void {
  const { url, server, prefer, role } = element.properties
  element.controller.start({
    url: String(url),
    server: String(server),
    prefer: prefer === 'flv' ? 'flv' : 'rtmp',
    role: role === 'audience' ? 'audience' : 'anchor',
  })
}

function drawAttributes(element: PusherElement): void {
  const properties = pickAttributes(PUSHER_ATTRIBUTES, element.properties)
  const pusher = attributesOf(PUSHER_ATTRIBUTES, properties, element.properties.pusherAttributes)
  element.controller.setMedia(pusher['enableMic'] === true && pusher['muted'] !== true, pusher['enableCamera'] === true)
  if (JSON.stringify(pusher) !== JSON.stringify(element.data['pusher'])) element.setData({ pusher })
}
