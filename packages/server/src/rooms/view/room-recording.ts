import type { NotificationParams } from '@crossroom/protocol'
import { RoomError } from '../model/room-error.js'
import type { RoomCommand } from '../network/room-document.js'
import type { RoomServices } from '../services.js'

/** A room that may be recorded. */
export interface RecordedRoom {
  readonly id: string
  readonly union:
    | {
        readonly isRecordedElsewhere: boolean
        changed(): void
        askOthers(command: RoomCommand): Promise<void>
      }
    | undefined
  /** Those of this node. */
  notifyAll(method: 'room.recording', params: NotificationParams<'room.recording'>): void
}

/** Whether a room is recorded, here or on another node: all members are told, and the owner may change it. */
export class RoomRecording {
  readonly #room: RecordedRoom
  readonly #services: Pick<RoomServices, 'recorder'>
  #told: boolean
  #wasHere: boolean

  constructor(room: RecordedRoom, services: Pick<RoomServices, 'recorder'>) {
    this.#room = room
    this.#services = services
    this.#told = this.#wasHere = this.#isHere
  }

  get isOn(): boolean {
    return this.#isHere || this.#room.union?.isRecordedElsewhere === true
  }

  /** It may have begun or ended: tells whoever does not know. */
  check(): void {
    const { isOn } = this
    const isHere = this.#isHere
    if (isHere !== this.#wasHere) this.#room.union?.changed()
    this.#wasHere = isHere
    if (isOn === this.#told) return
    this.#told = isOn
    this.#room.notifyAll('room.recording', { recording: isOn })
  }

  /** For the owner, on all nodes with members. Nothing happens when it is so already. Rejects with RoomError. */
  async set(recording: boolean): Promise<void> {
    await Promise.all([this.setHere(recording), this.#room.union?.askOthers({ do: 'record', recording })])
  }

  /** On this node. Rejects with RoomError. */
  async setHere(recording: boolean): Promise<void> {
    const recorder = this.#services.recorder?.()
    if (recorder === undefined)
      throw new RoomError('RECORD_OFF', 'This server has no folder for recordings: its operator names one.')
    if (recording) await recorder.start(this.#room.id)
    else await recorder.stop(this.#room.id)
  }

  get #isHere(): boolean {
    return this.#services.recorder?.()?.isRecorded(this.#room.id) === true
  }
}
