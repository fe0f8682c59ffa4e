import { signal, type Signal } from '@preact/signals'
import { read, write } from '../../ui/storage.js'
import type { ClientClass } from './client.js'

export type DeviceKind = 'camera' | 'microphone' | 'speaker'

/** A device as a list shows it; the name is empty until the person has allowed one of them. */
export interface Device {
  readonly id: string
  readonly name: string
}

const KINDS: readonly DeviceKind[] = ['camera', 'microphone', 'speaker']

/** Cameras, microphones and speakers, and which of each was chosen. */
export class Devices {
  readonly #source: ClientClass
  readonly lists: Readonly<Record<DeviceKind, Signal<readonly Device[]>>> = {
    camera: signal([]),
    microphone: signal([]),
    speaker: signal([]),
  }
  /** Empty until something was chosen: the system's default. */
  readonly chosen: Readonly<Record<DeviceKind, Signal<string>>> = {
    camera: signal(read('local', storedAt('camera')) ?? ''),
    microphone: signal(read('local', storedAt('microphone')) ?? ''),
    speaker: signal(read('local', storedAt('speaker')) ?? ''),
  }

  constructor(source: ClientClass) {
    this.#source = source
  }

  /** Asks the browser again: names appear with the first permission, devices come and go. Never rejects. */
  async refresh(): Promise<void> {
    const [camera, microphone, speaker] = await Promise.all([
      listed(() => this.#source.getCameraList()),
      listed(() => this.#source.getMicrophoneList()),
      listed(() => this.#source.getSpeakerList()),
    ])
    this.lists.camera.value = camera
    this.lists.microphone.value = microphone
    this.lists.speaker.value = speaker
    for (const kind of KINDS) this.#forgetLost(kind)
  }

  choose(kind: DeviceKind, id: string): void {
    this.chosen[kind].value = id
    write('local', storedAt(kind), id)
  }

  /** What to ask the browser for; nothing when the default will do. */
  preferred(kind: DeviceKind): { deviceId?: string } {
    const id = this.chosen[kind].value
    return id === '' ? {} : { deviceId: id }
  }

  /** A device that was unplugged gives way to the default; before the first permission lists are without ids. */
  #forgetLost(kind: DeviceKind): void {
    const list = this.lists[kind].value
    const id = this.chosen[kind].value
    if (list.length > 0 && id !== '' && !list.some((device) => device.id === id)) this.chosen[kind].value = ''
  }
}

async function listed(ask: () => Promise<MediaDeviceInfo[]>): Promise<Device[]> {
  const devices = await ask().catch(() => [])
  return devices.filter(({ deviceId }) => deviceId !== '').map(({ deviceId, label }) => ({ id: deviceId, name: label }))
}

function storedAt(kind: DeviceKind): string {
  return `crossroom.${kind}`
}
