import type { VNode } from 'preact'
import { say, type Phrase } from '../i18n/say.js'
import type { DeviceKind } from '../pages/room/devices.js'
import type { LocalMedia } from '../pages/room/local-media.js'

const WORDS: Readonly<Record<DeviceKind, readonly [name: Phrase, unnamed: Phrase]>> = {
  camera: ['camera', 'cameraNumber'],
  microphone: ['microphone', 'microphoneNumber'],
  speaker: ['speaker', 'speakerNumber'],
}

/** A list of devices; not there while the browser names none. */
export function DeviceSelect({ local, kind }: { local: LocalMedia; kind: DeviceKind }): VNode | null {
  const list = local.devices.lists[kind].value
  if (list.length === 0) return null
  const [name, unnamed] = WORDS[kind]
  const known = list.some(({ id }) => id === 'default')
  return (
    <label class="field">
      <span>{say(name)}</span>
      <select
        value={local.devices.chosen[kind].value}
        onChange={(event) => void local.choose(kind, event.currentTarget.value)}
      >
        {known ? null : <option value="">{say('systemDefault')}</option>}
        {list.map((device, index) => (
          <option key={device.id} value={device.id === 'default' ? '' : device.id}>
            {device.name === '' ? say(unnamed, { number: index + 1 }) : device.name}
          </option>
        ))}
      </select>
    </label>
  )
}
