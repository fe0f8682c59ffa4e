import { byId, element } from './dom.js'
import { text, type TextKey } from './texts.js'

/** The list of cameras or of microphones; hidden while there is nothing to choose from. */
export class DeviceChoice {
  readonly #kind: MediaDeviceKind
  readonly #unnamed: TextKey
  readonly #choice: HTMLLabelElement
  readonly #select: HTMLSelectElement

  /** `unnamed` is how a device is called whose name the browser keeps to itself. */
  constructor(id: string, kind: MediaDeviceKind, unnamed: TextKey, choose: (deviceId: string) => void) {
    this.#kind = kind
    this.#unnamed = unnamed
    this.#choice = byId(`${id}-choice`, HTMLLabelElement)
    this.#select = byId(id, HTMLSelectElement)
    this.#select.addEventListener('change', () => choose(this.#select.value))
  }

  /** Shows the devices there are, with the one of `track` chosen. */
  show(devices: readonly MediaDeviceInfo[], track: MediaStreamTrack | undefined): void {
    const known = devices.filter(({ kind, deviceId }) => kind === this.#kind && deviceId !== '')
    this.#choice.hidden = track === undefined || known.length === 0
    const options = known.map(({ deviceId, label }, index) => {
      const option = element('option', '', label === '' ? text(this.#unnamed, { number: index + 1 }) : label)
      option.value = deviceId
      return option
    })
    this.#select.replaceChildren(...options)
    this.#select.value = track?.getSettings().deviceId ?? ''
  }
}
