import {
  attributesOf,
  isAndroid,
  isDevTools,
  PLAYER_ATTRIBUTES,
  PlayRoute,
  playsOf,
  type AttributeValue,
} from '../index.js'
import { pickAttributes, propertiesOf } from '../tags/properties.js'

interface PlayerElement {
  readonly data: Readonly<Record<string, unknown>>
  readonly properties: Readonly<Record<string, AttributeValue>> & { readonly playerAttributes: object }
  route: PlayRoute | undefined
  /** Counts the created players, so that each gets its own key. */
  made: number
  isPageHidden: boolean
  /** The player was made while the page was hidden, which Android never recovers from. */
  madeHidden: boolean
  setData(patch: object): void
  triggerEvent(name: string, detail: object): void
}

interface TagEvent {
  readonly type: string
  readonly detail?: { readonly code?: number }
}

/** Every method of LivePlayerContext; WeChat's names and parameters. */
const CONTEXT_METHODS = [
  'play',
  'stop',
  'pause',
  'resume',
  'mute',
  'snapshot',
  'requestFullScreen',
  'exitFullScreen',
  'requestPictureInPicture',
  'exitPictureInPicture',
  'requestBackgroundPlayback',
  'exitBackgroundPlayback',
  'startCasting',
  'switchCasting',
  'reconnectCasting',
  'exitCasting',
] as const

type Method = (this: PlayerElement, ...parameters: unknown[]) => unknown

function contextMethods(): Record<string, Method> {
  const methods: Record<string, Method> = {}
  for (const name of CONTEXT_METHODS) {
    methods[name] = function (...parameters) {
      const context = wx.createLivePlayerContext('room-player', this as never) as unknown as Readonly<
        Record<string, Method | undefined>
      >
      return context[name]?.apply(context as never, parameters)
    }
  }
  return methods
}

Component({
  properties: {
    ...propertiesOf(PLAYER_ATTRIBUTES),
    /** `playurl` of 1020 or 1033, or any address that `<live-player>` takes. */
    src: { type: String, value: '' },
    /** The same stream by the other protocol; not needed for addresses of a room that this app is in. */
    fallback: { type: String, value: '' },
    autoplay: { type: Boolean, value: true },
    playerAttributes: { type: Object, value: {} },
  },

  data: { players: [], player: {}, simulated: false },

  observers: {
    '**'(this: PlayerElement) {
      if (this.made !== undefined) drawAttributes(this)
    },
    'src, fallback'(this: PlayerElement) {
      if (this.made !== undefined) follow(this)
    },
  },

  lifetimes: {
    attached(this: PlayerElement) {
      this.made = 0
      this.isPageHidden = false
      this.madeHidden = false
      drawAttributes(this)
      follow(this)
    },
  },

  pageLifetimes: {
    hide(this: PlayerElement) {
      this.isPageHidden = true
    },
    show(this: PlayerElement) {
      this.isPageHidden = false
      if (this.madeHidden && isAndroid()) draw(this)
    },
  },

  methods: {
    ...contextMethods(),
    onPlayer(this: PlayerElement, event: TagEvent): void {
      const detail = event.detail ?? {}
      this.triggerEvent(event.type, detail)
      if (event.type === 'statechange' && this.route?.handleCode(detail.code ?? 0)) draw(this)
    },
  },
})

/** A page that hears of a player that gave up may give the address that is played by now: that one goes on. */
function follow(element: PlayerElement): void {
  const before = element.route?.url
  const src = String(element.properties['src'] ?? '')
  const fallback = String(element.properties['fallback'] ?? '')
  const protocol = /^rtmps?:/i.test(src) ? 'rtmp' : 'flv'
  const other = fallback || src
  const plays = playsOf(src) ?? (protocol === 'rtmp' ? { rtmp: src, flv: other } : { rtmp: other, flv: src })
  element.route = src ? new PlayRoute(plays, protocol) : undefined
  if (element.route?.url !== before) draw(element)
}

/** A player under a new key: LiteAV does not play a changed address reliably in the same element. */
function draw(element: PlayerElement): void {
  const url = element.route?.url
  element.made++
  element.madeHidden = element.isPageHidden
  element.setData({
    players: url && !isDevTools() ? [{ key: `player-${element.made}`, url }] : [],
    simulated: isDevTools() && url !== undefined,
  })
}

function drawAttributes(element: PlayerElement): void {
  const properties = pickAttributes(PLAYER_ATTRIBUTES, element.properties)
  const player = attributesOf(PLAYER_ATTRIBUTES, properties, element.properties.playerAttributes)
  if (JSON.stringify(player) !== JSON.stringify(element.data['player'])) element.setData({ player })
}
