import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import type { WebSocket } from 'ws'

import { loadLibrary } from '../codec/library.js'
import { DEFAULT_QUIRKS, type Quirks } from '../quirks.js'
import type { PlayerStats } from '../tags/live-player.js'
import { registerTagDoubles } from './tag-doubles.js'
import { openSimulate } from './window.js'
import { currentDevice, type PhoneDevice } from './device.js'
import { installWx } from './wx.js'

/** For the server's answer to leaving. */
const CLOSE_MS = 1000

/** The options of a simulated phone. The settings of the room are properties of `<webrtc-room>`, whose code runs. */
export interface PhoneOptions {
  /** `http://HOST:8080`, or the address of signaling. */
  readonly server: string
  readonly roomId: string | number
  readonly userId: string
  readonly sdkAppId?: number | undefined
  readonly userSig?: string | undefined
  readonly privateMapKey?: string | undefined
  readonly role?: 'anchor' | 'audience' | undefined
  /** Which protocol players take first. Default `flv`. */
  readonly prefer?: 'rtmp' | 'flv' | undefined
  /** How many others are shown. Default 8. */
  readonly maxMembers?: number | undefined
  /** What to push, looped, in place of the test picture: an FLV file as it is, any other film or `/dev/videoN` through ffmpeg. */
  readonly push?: string | undefined
  /** Whether to decode the played media, to read clocks and levels. Default true; false only counts frames. */
  readonly decode?: boolean | undefined
  /** Hz of the test tone. Default 440. */
  readonly pitch?: number | undefined
  /** `ios` or `android`. Default `ios`. */
  readonly platform?: 'ios' | 'android' | undefined
  readonly quirks?: Partial<Quirks> | undefined
  /** More properties of `<webrtc-room>`: `template`, `pusherAttributes`, … */
  readonly properties?: object | undefined
  /** The folder of the built component. Default: that of the installed `@crossroom/miniprogram`. */
  readonly component?: string | undefined
  readonly handlers?: PhoneHandlers | undefined
}

/** What a phone tells. Codes and messages are those of the tags and of the component. */
export interface PhoneHandlers {
  pusher?(code: number, message: string): void
  player?(userId: string, code: number): void
  room?(event: { readonly tag: string; readonly code: number | string; readonly detail: string }): void
  /** IMEvents; `detail` of a message is an array of messages. Only with the property `enableIM`. */
  message?(event: { readonly tag: string; readonly code: number; readonly detail: unknown }): void
}

/** The element of the component, as far as a phone uses it. */
interface RoomElement {
  readonly instance: Readonly<Record<string, (...parameters: unknown[]) => unknown>>
  addEventListener(name: string, listener: (event: { readonly detail: never }) => void): void
  attach(parent: unknown): void
  detach(): void
  triggerPageLifeTime(name: 'show' | 'hide'): void
}

/** A phone with the Mini Program open. */
export class Phone {
  readonly #device: PhoneDevice
  readonly #element: RoomElement

  private constructor(device: PhoneDevice, element: RoomElement) {
    this.#device = device
    this.#element = element
  }

  /** Opens the Mini Program and enters the room. Rejects when the component or the codecs are not there. */
  static async open(options: PhoneOptions): Promise<Phone> {
    const needsCodecs = options.decode !== false || options.push === undefined
    const library = needsCodecs ? await loadLibrary() : undefined
    const simulate = openSimulate()
    installWx()
    const device: PhoneDevice = {
      platform: options.platform ?? 'ios',
      pusher: undefined,
      players: new Map(),
      networkListeners: new Set(),
      sockets: new Set(),
    }
    const component = options.component ?? installedComponent()
    return currentDevice.run(device, () => {
      const usingComponents = registerTagDoubles(simulate, {
        quirks: { ...DEFAULT_QUIRKS, ...options.quirks },
        library: library,
        file: options.push,
        pitch: options.pitch ?? 440,
        name: options.userId,
      })
      const path = join(component, 'webrtc-room/index')
      const id = simulate.load(path, 'webrtc-room', { compiler: 'simulate', rootPath: component, usingComponents })
      const element = simulate.render(id, propertiesOf(options)) as unknown as RoomElement
      listen(element, options.handlers ?? {})
      element.attach((globalThis as unknown as { document: { body: unknown } }).document.body)
      element.instance['start']!()
      return new Phone(device, element)
    })
  }

  /** Whose streams are played at the moment, by the id of the player: the user's, `USER-aux` for a screen. */
  stats(): ReadonlyMap<string, PlayerStats> {
    return new Map([...this.#device.players].map(([id, player]) => [id, player.stats()]))
  }

  /** A method of the component, as the page calls it. */
  call(method: string, ...parameters: unknown[]): unknown {
    return currentDevice.run(this.#device, () => this.#element.instance[method]?.(...parameters))
  }

  /** Sets properties of the component, as the page's setData does. */
  set(properties: object): void {
    this.call('setData', properties)
  }

  /** From Wi-Fi to 4G: {@link loseNetwork}, then WeChat says that the network is another one. */
  changeNetwork(): void {
    this.loseNetwork()
    currentDevice.run(this.#device, () => {
      for (const listener of [...this.#device.networkListeners]) listener({ isConnected: true, networkType: '4g' })
    })
  }

  /** Sockets, push and plays vanish without a word; the server keeps connections that are half open. */
  loseNetwork(): void {
    currentDevice.run(this.#device, () => {
      for (const socket of this.#device.sockets) socket.pause()
      this.#device.pusher?.changeNetwork()
      for (const player of [...this.#device.players.values()]) player.changeNetwork()
    })
  }

  /** The page is hidden or shown. */
  page(state: 'show' | 'hide'): void {
    currentDevice.run(this.#device, () => this.#element.triggerPageLifeTime(state))
  }

  /** Closes the Mini Program: the component leaves the room. */
  async close(): Promise<void> {
    currentDevice.run(this.#device, () => this.#element.detach())
    await Promise.all([...this.#device.sockets].map(closed))
  }
}

/** Resolves when the socket has closed; one whose network is gone does not answer and is cut off. */
function closed(socket: WebSocket): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(() => socket.terminate(), CLOSE_MS)
    socket.once('close', () => {
      clearTimeout(timer)
      resolve()
    })
  })
}

function propertiesOf(options: PhoneOptions): object {
  return {
    server: options.server,
    roomID: options.roomId,
    userID: options.userId,
    sdkAppID: options.sdkAppId ?? '',
    userSig: options.userSig ?? '',
    privateMapKey: options.privateMapKey ?? '',
    role: options.role ?? 'anchor',
    prefer: options.prefer ?? 'flv',
    template: 'grid',
    maxMembers: options.maxMembers ?? 8,
    ...options.properties,
  }
}

function listen(element: RoomElement, handlers: PhoneHandlers): void {
  element.addEventListener('statechange', ({ detail }: { detail: { code: number; message: string } }) =>
    handlers.pusher?.(detail.code, detail.message),
  )
  element.addEventListener('playerevent', ({ detail }: { detail: PlayerEvent }) => {
    if (detail.type === 'statechange') handlers.player?.(detail.userID, detail.detail.code)
  })
  element.addEventListener('RoomEvent', ({ detail }: { detail: never }) => handlers.room?.(detail))
  element.addEventListener('IMEvent', ({ detail }: { detail: never }) => handlers.message?.(detail))
}

interface PlayerEvent {
  readonly type: string
  readonly userID: string
  readonly detail: { readonly code: number }
}

function installedComponent(): string {
  const require = createRequire(import.meta.url)
  return join(dirname(require.resolve('@crossroom/miniprogram/package.json')), 'miniprogram_dist')
}
