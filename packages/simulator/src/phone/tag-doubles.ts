import type Simulate from 'miniprogram-simulate'

import { FileCamera } from '../camera/file-camera.js'
import type { Camera, CameraSettings } from '../camera/camera.js'
import { FfmpegCamera } from '../camera/ffmpeg-camera.js'
import { TestCamera } from '../camera/test-camera.js'
import type { Library } from '../codec/library.js'
import type { Quirks } from '../quirks.js'
import { LivePlayer } from '../tags/live-player.js'
import { LivePusher } from '../tags/live-pusher.js'
import { currentDevice } from './device.js'

/** What the doubles of the tags need of their phone. */
export interface TagOptions {
  readonly quirks: Quirks
  /** Absent: nothing is coded or decoded, so a file must be pushed. */
  readonly library: Library | undefined
  /** A file or a device to push in place of the test picture; `.flv` is sent as it is, anything else through ffmpeg. */
  readonly file: string | undefined
  /** Hz of the test tone. */
  readonly pitch: number
  /** Written into the test picture. */
  readonly name: string
}

/** `this` of a double. */
interface Element {
  readonly id: string
  readonly data: Readonly<Record<string, unknown>>
  /** Only a pusher has the first, only a player the second. */
  pusher: LivePusher
  player: LivePlayer
  triggerEvent(name: string, detail: object): void
}

const PUSHER_PROPERTIES = [
  ...['url', 'autopush', 'mode', 'enableCamera', 'enableMic', 'muted', 'minBitrate', 'maxBitrate', 'audioQuality'],
  ...['videoWidth', 'videoHeight', 'fps'],
]
const PLAYER_PROPERTIES = ['src', 'autoplay', 'mode', 'muted', 'minCache', 'maxCache']

let doubles = 0

/** Registers doubles of both tags for one phone; the answer goes into `usingComponents`. */
export function registerTagDoubles(simulate: typeof Simulate, options: TagOptions): Readonly<Record<string, string>> {
  const register = (definition: object): string => simulate.load(definition as never) as unknown as string
  doubles++
  return {
    'live-pusher': register({ id: `live-pusher-${doubles}`, tagName: 'live-pusher', ...pusherDefinition(options) }),
    'live-player': register({ id: `live-player-${doubles}`, tagName: 'live-player', ...playerDefinition(options) }),
  }
}

function anyOf(names: readonly string[]): Record<string, null> {
  return Object.fromEntries(names.map((name) => [name, null]))
}

function pusherDefinition(options: TagOptions): object {
  return {
    template: '<slot/>',
    properties: anyOf(PUSHER_PROPERTIES),
    observers: {
      'enableCamera, enableMic, muted, minBitrate, maxBitrate, videoWidth, videoHeight, fps'(this: Element) {
        this.pusher?.camera?.configure(settingsOf(this.data))
      },
      url(this: Element, url: string) {
        if (this.pusher === undefined) return
        // The real tag pushes to the new address when it was pushing to the old one.
        this.pusher.stop()
        if (this.data['autopush']) this.pusher.start(url)
      },
    },
    lifetimes: {
      attached(this: Element) {
        attachPusher(this, options)
      },
      detached(this: Element) {
        const device = currentDevice.getStore()
        if (device) device.pusher = undefined
        this.pusher.stop()
      },
    },
  }
}

function attachPusher(element: Element, options: TagOptions): void {
  const pusher = new LivePusher({
    quirks: options.quirks,
    openCamera: (failed) => openCamera(settingsOf(element.data), options, failed),
    raise: (code, message) => element.triggerEvent('statechange', { code, message }),
    netstatus: (info) => element.triggerEvent('netstatus', { info }),
  })
  element.pusher = pusher
  const url = (): string => textOf(element.data['url'])
  const device = currentDevice.getStore()
  if (device) {
    device.pusher = {
      start: () => pusher.start(url()),
      stop: () => pusher.stop(),
      pause: () => pusher.pause(),
      resume: () => pusher.resume(),
      changeNetwork: () => pusher.changeNetwork(),
    }
  }
  if (element.data['autopush']) pusher.start(url())
}

function playerDefinition(options: TagOptions): object {
  return {
    template: '<slot/>',
    properties: anyOf(PLAYER_PROPERTIES),
    lifetimes: {
      attached(this: Element) {
        attachPlayer(this, options)
      },
      detached(this: Element) {
        const players = currentDevice.getStore()?.players
        if (players?.get(this.id)?.play === playsOf.get(this.player)) players?.delete(this.id)
        this.player.close()
      },
    },
  }
}

/** Which entry of the device's table is a player's own: a new one under the same id may have replaced it. */
const playsOf = new WeakMap<LivePlayer, () => void>()

function attachPlayer(element: Element, { library, quirks }: TagOptions): void {
  const player = new LivePlayer({
    library,
    quirks,
    cache: () => ({ min: Number(element.data['minCache'] ?? 1), max: Number(element.data['maxCache'] ?? 3) }),
    raise: (code, message) => element.triggerEvent('statechange', { code, message }),
    netstatus: (info) => element.triggerEvent('netstatus', { info }),
  })
  element.player = player
  const { id } = element
  const play = (): void => player.play(textOf(element.data['src']))
  playsOf.set(player, play)
  currentDevice.getStore()?.players.set(id, {
    id,
    play,
    stop: () => player.stop(),
    changeNetwork: () => player.changeNetwork(),
    stats: () => player.stats(),
  })
  if (element.data['autoplay']) play()
}

function openCamera(settings: CameraSettings, options: TagOptions, failed: (sentence: string) => void): Camera {
  const { file, library, name, quirks, pitch } = options
  if (file?.endsWith('.flv')) return new FileCamera(file)
  if (file !== undefined) return new FfmpegCamera(file, { settings, gopSeconds: quirks.gopSeconds, failed })
  if (library === undefined) throw new Error('Without codecs only a file can be pushed')
  return new TestCamera(settings, { library, quirks, name, pitch })
}

function settingsOf(data: Readonly<Record<string, unknown>>): CameraSettings {
  return {
    width: Number(data['videoWidth'] ?? 360),
    height: Number(data['videoHeight'] ?? 640),
    frameRate: Number(data['fps'] ?? 15),
    // LiteAV aims at the upper one while the network takes it; kbit/s.
    bitrate: Number(data['maxBitrate'] ?? 1000) * 1000,
    sampleRate: data['audioQuality'] === 'low' ? 16_000 : 48_000,
    isCameraOn: data['enableCamera'] !== false,
    isMicrophoneOn: data['enableMic'] !== false && data['muted'] !== true,
  }
}

/** An attribute that is not set is null. */
function textOf(value: unknown): string {
  return typeof value === 'string' ? value : ''
}
