import type { StreamEndReason } from '../auth/index.js'
import { roomLimits } from '../config/index.js'
import { LocalMember, type LocalMemberOptions } from './local-member.js'

export interface DeviceMemberOptions extends Omit<LocalMemberOptions, 'userName' | 'role'> {
  /** Display name; undefined: the user id. */
  readonly userName: string | undefined
  /** How it pushes. */
  readonly kind: 'rtmp' | 'whip'
}

/** A camera, an OBS, an encoder: a member without a socket, there as long as it pushes and 15 s longer. */
export class DeviceMember extends LocalMember {
  readonly sessionId = undefined
  #pushes = 0
  #cancelGone: (() => void) | undefined

  constructor(options: DeviceMemberOptions) {
    super({ ...options, userName: options.userName ?? options.userId, role: 'device' })
  }

  pushOpened(): void {
    this.#pushes++
    this.#cancelGone?.()
    this.#cancelGone = undefined
  }

  /**
   * After a lost connection the device may return; after its signature expired it may not with the same one, and
   * leaves.
   */
  pushClosed(reason: StreamEndReason): void {
    this.#pushes--
    if (this.#pushes > 0) return
    this.#cancelGone?.()
    if (reason === 'expired') this.room.exit(this, 'expired')
    else this.#cancelGone = this.services.clock.after(roomLimits.deviceMicros, () => this.room.exit(this, 'lost'))
  }

  override close(): void {
    this.#cancelGone?.()
    this.#cancelGone = undefined
    this.closeStreams()
  }

  override handlePublished(): void {
    // An encoder is not notified: it knows what it sends.
  }
}
