import { Outbox, type Micros, type Polled } from '@crossroom/media'
import type { Call, CallEndReason, CallRefusal, NotificationMethod, NotificationParams } from '@crossroom/protocol'
import type { ActiveCall, CallSide } from './active-call.js'
import type { Devices } from './devices.js'

type CallNotification = Extract<NotificationMethod, `call.${string}`>

/** A notification for one device. */
export type CallOutput = {
  [Method in CallNotification]: {
    readonly device: string
    readonly method: Method
    readonly params: NotificationParams<Method>
  }
}[CallNotification]

/** A step of a call, for hooks and logs. `ended` comes once for each call, last. */
export interface CallEvent {
  readonly step: 'ringing' | 'accepted' | 'refused' | 'left' | 'ended'
  readonly call: Call
  readonly ownsRoom: boolean
  readonly userId?: string
  readonly reason?: CallEndReason
}

/** Why a call is over, and by whom. */
export type Ended = readonly [CallEndReason, by?: string | undefined]

/** Who is told what of a call. A user who blocked the caller is told nothing. */
export class CallNotices {
  readonly #devices: Devices
  readonly #outbox = new Outbox<CallOutput, CallEvent>()

  constructor(devices: Devices) {
    this.#devices = devices
  }

  take(): Exclude<Polled<CallOutput, CallEvent>, Micros> | undefined {
    return this.#outbox.take()
  }

  ringing(call: ActiveCall, { userId, isBlocked }: CallSide): void {
    if (!isBlocked) this.#tellDevices(userId, 'call.ringing', { call: call.toJSON() })
    this.#step('ringing', call, userId)
  }

  accepted(call: ActiveCall, { userId, device }: CallSide): void {
    for (const other of devicesIn(call))
      if (other !== device) this.#tell(other, 'call.accepted', { callId: call.callId, userId })
    this.#step('accepted', call, userId)
  }

  refused(call: ActiveCall, { userId }: CallSide, reason: CallRefusal, data?: string): void {
    const params = { callId: call.callId, userId, reason, ...(data === undefined ? {} : { data }) }
    for (const device of devicesIn(call)) this.#tell(device, 'call.rejected', params)
    this.#step('refused', call, userId, reason)
  }

  changed(call: ActiveCall, except?: string): void {
    const params = { call: call.toJSON() }
    for (const device of devicesIn(call)) if (device !== except) this.#tell(device, 'call.changed', params)
    for (const { userId, isBlocked } of call.in('ringing'))
      if (!isBlocked) this.#tellDevices(userId, 'call.changed', params)
  }

  left(call: ActiveCall, userId: string, reason: CallEndReason): void {
    this.#step('left', call, userId, reason)
  }

  ended(call: ActiveCall, [reason, by]: Ended): void {
    this.#step('ended', call, by, reason)
  }

  /** The call is over for all devices of a user but one. */
  endForUser({ userId, isBlocked }: CallSide, call: ActiveCall, ended: Ended, except?: string): void {
    if (isBlocked) return
    for (const device of this.#devices.of(userId)) if (device !== except) this.endFor(device, call, ended)
  }

  endFor(device: string, { callId }: ActiveCall, [reason, by]: Ended): void {
    this.#tell(device, 'call.ended', { callId, reason, ...(by === undefined ? {} : { by }) })
  }

  #tellDevices<Method extends CallNotification>(
    userId: string,
    method: Method,
    params: NotificationParams<Method>,
  ): void {
    for (const device of this.#devices.of(userId)) this.#tell(device, method, params)
  }

  #tell<Method extends CallNotification>(device: string, method: Method, params: NotificationParams<Method>): void {
    this.#outbox.send({ device, method, params } as CallOutput)
  }

  #step(step: CallEvent['step'], call: ActiveCall, userId?: string, reason?: CallEndReason): void {
    const { ownsRoom } = call.options
    this.#outbox.tell({ step, call: call.toJSON(), ownsRoom, ...(userId && { userId }), ...(reason && { reason }) })
  }
}

function devicesIn(call: ActiveCall): string[] {
  return call.in('accepted').flatMap(({ device }) => device ?? [])
}
