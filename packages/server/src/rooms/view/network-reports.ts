import type { Micros } from '@crossroom/media'
import type { ParamsOf, NetworkQuality } from '@crossroom/protocol'
import { roomLimits } from '../../config/index.js'
import type { Clock } from '../../hub/index.js'

/** How one member's network does, each way. */
export interface Quality {
  readonly uplink: NetworkQuality
  readonly downlink: NetworkQuality
}

/** Measurements of one member's network: by the gateway for a browser, by LiteAV for a phone. */
export class NetworkReports {
  readonly #clock: Clock
  readonly #tell: (quality: Quality) => void
  #told: Quality | undefined
  #toldAt: Micros = -Infinity
  #uplink: NetworkQuality = 0
  #downlink: NetworkQuality = 0
  #cancelTelling: (() => void) | undefined

  /** `tell` is called when the quality changed, at most every two seconds. */
  constructor(clock: Clock, tell: (quality: Quality) => void) {
    this.#clock = clock
    this.#tell = tell
  }

  /** The last notification; undefined before the first measurement. */
  get quality(): Quality | undefined {
    return this.#told
  }

  handleQuality(uplink: NetworkQuality, downlink: NetworkQuality): void {
    this.#uplink = uplink
    this.#downlink = downlink
    this.#tellChange()
  }

  /** LiteAV's `netQualityLevel` has our scale: 0 unknown, 1 best … 6 down. */
  handleReport({ direction, netstatus }: ParamsOf<'media.report'>): void {
    const level = netstatus['netQualityLevel']
    if (!isQuality(level)) return
    if (direction === 'publish') this.#uplink = level
    else this.#downlink = level
    this.#tellChange()
  }

  close(): void {
    this.#cancelTelling?.()
  }

  #tellChange(): void {
    this.#cancelTelling?.()
    this.#cancelTelling = undefined
    const now = this.#clock.now()
    const uplink = this.#uplink
    const downlink = this.#downlink
    const isSame = this.#told?.uplink === uplink && this.#told.downlink === downlink
    if (isSame) return
    const wait = this.#toldAt + roomLimits.qualityMicros - now
    if (wait > 0) {
      this.#cancelTelling = this.#clock.after(wait, () => this.#tellChange())
      return
    }
    this.#toldAt = now
    this.#told = { uplink, downlink }
    this.#tell(this.#told)
  }
}

function isQuality(value: unknown): value is NetworkQuality {
  return typeof value === 'number' && Number.isInteger(value) && value >= 0 && value <= 6
}
