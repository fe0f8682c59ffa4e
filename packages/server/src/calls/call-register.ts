import { callLimits } from '../config/index.js'
import { ActiveCall, type CallOptions, type CallSide } from './active-call.js'
import { CallError } from './call-error.js'

/** The calls that ring or go on, by their id, room and users. */
export class CallRegister {
  readonly #calls = new Map<string, ActiveCall>()
  /** Those that have a room of their own. */
  readonly #byRoom = new Map<string, ActiveCall>()
  readonly #byUser = new Map<string, Set<ActiveCall>>()

  get size(): number {
    return this.#calls.size
  }

  get all(): ActiveCall[] {
    return [...this.#calls.values()]
  }

  get(callId: string): ActiveCall | undefined {
    return this.#calls.get(callId)
  }

  inRoom(roomId: string): ActiveCall | undefined {
    return this.#byRoom.get(roomId)
  }

  /** Throws CallError when there are too many, or one with this id. */
  open(options: CallOptions): ActiveCall {
    if (this.#calls.has(options.callId)) throw new CallError('CALL_EXISTS', 'There is another call with this id.')
    if (this.#calls.size >= callLimits.calls)
      throw new CallError('CALLS_FULL', 'The server has reached its limit of calls.')
    const call = new ActiveCall(options)
    this.#calls.set(call.callId, call)
    if (options.ownsRoom) this.#byRoom.set(options.roomId, call)
    return call
  }

  close(call: ActiveCall): void {
    this.#calls.delete(call.callId)
    if (call.options.ownsRoom) this.#byRoom.delete(call.options.roomId)
    for (const userId of call.sides.keys()) {
      const calls = this.#byUser.get(userId)
      calls?.delete(call)
      if (calls?.size === 0) this.#byUser.delete(userId)
    }
  }

  /** The user's side of a call, made when it is the first. */
  side(call: ActiveCall, userId: string): CallSide {
    const calls = this.#byUser.get(userId) ?? new Set<ActiveCall>()
    this.#byUser.set(userId, calls.add(call))
    return call.side(userId)
  }

  /** Those that ring or go on for a user. */
  of(userId: string): ActiveCall[] {
    return [...(this.#byUser.get(userId) ?? [])].filter(({ sides }) => {
      const state = sides.get(userId)?.state
      return state === 'ringing' || state === 'accepted'
    })
  }
}
