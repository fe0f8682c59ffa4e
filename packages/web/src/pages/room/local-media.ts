import { computed, signal } from '@preact/signals'
import type { BeautyOptions } from '@crossroom/client'
import type { ClientClass, RoomClient } from './client.js'
import { Devices, type DeviceKind } from './devices.js'
import { codeOf, sentenceOf } from './failure.js'

/** `starting`: the person may be being asked. */
export type SwitchState = 'off' | 'starting' | 'on'

/** The own camera, microphone and screen, before and in the room. */
export class LocalMedia {
  readonly camera = signal<SwitchState>('off')
  readonly microphone = signal<SwitchState>('off')
  readonly screen = signal<SwitchState>('off')
  /** Why camera or microphone are off although the user wanted them on. */
  readonly failure = signal<string | undefined>(undefined)
  /** Whether each is to be on when this page enters a room: decided before any device is opened. */
  readonly requested = { camera: signal(true), microphone: signal(true) }
  /** Devices were asked for since this page was opened or last left a room. */
  readonly wasOpened = signal(false)
  readonly beauty = signal<Required<BeautyOptions>>({ smoothing: 0, whitening: 0 })
  readonly devices: Devices
  /** There is another camera to change to. */
  readonly canFlip = computed(() => this.devices.lists.camera.value.length > 1)
  readonly #client: RoomClient
  /** A microphone that was opened once is muted, not closed: it resumes immediately. */
  #microphoneOpen = false
  #filter: ReturnType<RoomClient['createBeautyFilter']> | undefined
  #view: HTMLElement | null = null
  /** The last request, because a user may change their mind while a device starts. */
  readonly #wanted = { camera: false, microphone: false }

  constructor(client: RoomClient, clientClass: ClientClass) {
    this.#client = client
    this.devices = new Devices(clientClass)
    client.on('device-changed', () => void this.devices.refresh())
    client.on('screen-share-stopped', () => (this.screen.value = 'off'))
  }

  /** Where the own picture is shown from now on; null nowhere. */
  showIn(view: HTMLElement | null): void {
    this.#view = view
    if (this.camera.value === 'on') this.#client.updateLocalVideo({ view }).catch(() => undefined)
  }

  /** Stops showing in `view`, unless another one has taken over since. */
  hideFrom(view: HTMLElement): void {
    if (this.#view === view) this.showIn(null)
  }

  /**
   * Opens camera and microphone as requested, one after the other: phones ask one question at a time. Only a click, a
   * tap or a key may call this: no link opens devices. Never rejects.
   */
  async open(): Promise<void> {
    this.wasOpened.value = true
    const opensMicrophone = this.microphone.value === 'off' && this.requested.microphone.value
    if (opensMicrophone) {
      this.#wanted.microphone = true
      this.microphone.value = 'starting'
    }
    if (this.camera.value === 'off' && this.requested.camera.value) await this.setCamera(true)
    if (opensMicrophone && this.#wanted.microphone) await this.setMicrophone(true)
  }

  /** Opens the requested devices on entering, unless a preview has done so. */
  async openOnce(): Promise<void> {
    if (!this.wasOpened.value) await this.open()
  }

  /** Never rejects: what went wrong stands in `failure`. */
  async setCamera(on: boolean): Promise<void> {
    this.#wanted.camera = on
    if (!on) {
      this.camera.value = 'off'
      return this.#client.stopLocalVideo().catch(() => undefined)
    }
    this.camera.value = 'starting'
    const done = await this.#attempt(() => this.#startCamera())
    if (done && !this.#wanted.camera) return this.setCamera(false)
    this.camera.value = done ? 'on' : 'off'
    if (done) this.showIn(this.#view)
    await this.devices.refresh()
  }

  /** Never rejects, as {@link setCamera}. */
  async setMicrophone(on: boolean): Promise<void> {
    this.#wanted.microphone = on
    if (this.#microphoneOpen) {
      this.microphone.value = on ? 'on' : 'off'
      return void (await this.#attempt(() => this.#client.updateLocalAudio({ mute: !on })))
    }
    if (!on) return void (this.microphone.value = 'off')
    this.microphone.value = 'starting'
    const done = await this.#attempt(() => this.#startMicrophone())
    if (done && !this.#wanted.microphone) return this.#client.stopLocalAudio().catch(() => undefined)
    this.#microphoneOpen = done
    this.microphone.value = done ? 'on' : 'off'
    await this.devices.refresh()
  }

  /** What a button does; pressed while the device starts it is a change of mind. */
  toggleCamera(): Promise<void> {
    return this.setCamera(this.camera.value === 'off')
  }

  /** As {@link toggleCamera}. */
  toggleMicrophone(): Promise<void> {
    return this.setMicrophone(this.microphone.value === 'off')
  }

  /** Must be called in a click or a key. Resolves to a sentence when it failed for another reason than the person's no. */
  async setScreen(on: boolean): Promise<string | undefined> {
    if (!on) {
      this.screen.value = 'off'
      await this.#client.stopScreenShare().catch(() => undefined)
      return undefined
    }
    this.screen.value = 'starting'
    try {
      await this.#client.startScreenShare()
      this.screen.value = 'on'
      return undefined
    } catch (error) {
      this.screen.value = 'off'
      return codeOf(error) === 'SCREEN_DENIED' ? undefined : sentenceOf(error)
    }
  }

  /** Changes a device, under way too. */
  async choose(kind: DeviceKind, deviceId: string): Promise<void> {
    this.devices.choose(kind, deviceId)
    await this.#attempt(async () => {
      if (kind === 'speaker') await this.#client.setSpeaker(deviceId === '' ? 'default' : deviceId)
      else if (kind === 'camera' && this.camera.value === 'on') await this.#client.updateLocalVideo({ deviceId })
      else if (kind === 'microphone' && this.#microphoneOpen) await this.#client.updateLocalAudio({ deviceId })
    })
  }

  /** The next camera; on a phone the one on its other side. */
  async flipCamera(): Promise<void> {
    const cameras = this.devices.lists.camera.value
    const now = this.#client.getLocalTrack('video')?.getSettings().deviceId
    const next = cameras[(cameras.findIndex(({ id }) => id === now) + 1) % cameras.length]
    if (next !== undefined) await this.choose('camera', next.id)
  }

  /** Uses the speaker that was chosen some other day; a speaker that is gone is no reason to say anything. */
  async useSpeaker(): Promise<void> {
    const deviceId = this.devices.chosen.speaker.value
    if (deviceId !== '') await this.#client.setSpeaker(deviceId).catch(() => undefined)
  }

  /** 0 is off, 9 the most. The filter is made with the first strength above 0. */
  async setBeauty(strengths: BeautyOptions): Promise<void> {
    const next = { ...this.beauty.value, ...strengths }
    this.beauty.value = next
    const off = next.smoothing === 0 && next.whitening === 0
    if (this.#filter !== undefined && !off) return this.#filter.update(next)
    if (off === (this.#filter === undefined)) return
    await this.#attempt(() => {
      this.#filter = off ? undefined : this.#client.createBeautyFilter(next)
      return this.#client.setVideoProcessor(this.#filter ?? null)
    })
  }

  /** Lets go of every device. */
  async close(): Promise<void> {
    this.#microphoneOpen = this.#wanted.camera = this.#wanted.microphone = false
    this.camera.value = this.microphone.value = this.screen.value = 'off'
    this.wasOpened.value = false
    this.requested.camera.value = this.requested.microphone.value = true
    await Promise.allSettled([
      this.#client.stopLocalVideo(),
      this.#client.stopLocalAudio(),
      this.#client.stopScreenShare(),
    ])
  }

  /** A saved device that no longer exists must not prevent the use of another. */
  async #startCamera(): Promise<void> {
    const preferred = this.devices.preferred('camera')
    const start = (device: { deviceId?: string }): Promise<void> =>
      this.#client.startLocalVideo({ view: this.#view, ...device })
    await start(preferred).catch((error: unknown) => retryWithout(preferred, error, () => start({})))
  }

  async #startMicrophone(): Promise<void> {
    const preferred = this.devices.preferred('microphone')
    await this.#client
      .startLocalAudio(preferred)
      .catch((error: unknown) => retryWithout(preferred, error, () => this.#client.startLocalAudio()))
  }

  async #attempt(act: () => Promise<void>): Promise<boolean> {
    try {
      await act()
      this.failure.value = undefined
      return true
    } catch (error) {
      this.failure.value = sentenceOf(error)
      return false
    }
  }
}

function retryWithout(preferred: { deviceId?: string }, error: unknown, again: () => Promise<void>): Promise<void> {
  const isGone = codeOf(error) === 'DEVICE_NOT_FOUND' || codeOf(error) === 'DEVICE_CONSTRAINTS'
  if (preferred.deviceId === undefined || !isGone) throw error
  return again()
}
