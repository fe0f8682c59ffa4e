import { Driver, type DriverClock, type Micros } from '@crossroom/media'
import type { Call, CallMethod, NotificationMethod, NotificationParams, ParamsOf } from '@crossroom/protocol'
import { callLimits } from '../config/index.js'
import { KeyedRates } from '../net/index.js'
import type { Log } from '../observe/index.js'
import { CallBook, type CallBookOptions, type ServerCall } from './call-book.js'
import { CallError } from './call-error.js'
import type { CallEvent, CallOutput } from './call-notices.js'

/** The socket of a device. */
export interface CallConnection {
  notify<Method extends NotificationMethod>(method: Method, params: NotificationParams<Method>): void
}

export type CallRequest = Exclude<CallMethod, 'user.online'>

/** A device that is online. */
export interface CallSeat {
  readonly userId: string
  /** Rejects with CallError. */
  request<Method extends CallRequest>(method: Method, params: ParamsOf<Method>): Promise<object>
  /** The socket is gone. Idempotent. */
  lost(): void
}

/** Calls for a backend. */
export interface CallOperations {
  list(): Promise<readonly Call[]>
  get(callId: string): Promise<Call | undefined>
  /** Rejects with CallError. */
  start(call: ServerCall): Promise<Call>
  /** False when there is no such call. */
  end(callId: string): Promise<boolean>
}

export interface CallDeskOptions extends CallBookOptions {
  readonly clock: DriverClock & { listened(): Micros }
  readonly log: Log
  /** The call that owned this room is over. */
  closeRoom(roomId: string): void
  /** Every step of every call. */
  onStep?(event: CallEvent): void
}

const { invitesPerSecond, inviteBurst, ringsPerSecond, ringBurst, countedUsers: keys } = callLimits

/** The calls of this process, with the sockets of those who are online. */
export class CallDesk implements CallOperations {
  readonly #options: CallDeskOptions
  readonly #book: CallBook
  readonly #driver: Driver<never, CallOutput, CallEvent>
  readonly #connections = new Map<string, CallConnection>()
  readonly #closing = new Set<() => void>()
  readonly #ofCallers = new KeyedRates({ perSecond: invitesPerSecond, burst: inviteBurst, keys })
  readonly #ofCallees = new KeyedRates({ perSecond: ringsPerSecond, burst: ringBurst, keys })

  constructor(options: CallDeskOptions) {
    this.#options = options
    this.#book = new CallBook(options)
    this.#driver = new Driver(this.#book, options.clock, {
      output: ({ device, method, params }) => this.#connections.get(device)?.notify(method, params),
      event: (event) => this.#handleStep(event),
    })
  }

  get counts(): { readonly calls: number; readonly users: number } {
    return { calls: this.#book.size, users: this.#book.usersOnline }
  }

  /** See `CallBook.mayEnter`. */
  mayEnter(roomId: string, userId: string): boolean | undefined {
    return this.#book.mayEnter(roomId, userId)
  }

  /** `deviceId`: of the device's own making; without it the device is a new one at each connection. */
  online(
    userId: string,
    deviceId: string | undefined,
    connection: CallConnection,
  ): { readonly seat: CallSeat; readonly calls: readonly Call[] } {
    const device = `${userId}/${deviceId ?? this.#options.newId()}`
    const calls = this.#book.online(device, userId)
    this.#connections.set(device, connection)
    this.#driver.drain()
    const lost = (): void => {
      // The device may be online by another socket already.
      if (this.#connections.get(device) !== connection) return
      this.#connections.delete(device)
      this.#book.lost(this.#now, device)
      this.#driver.drain()
    }
    return { seat: { userId, lost, request: (method, params) => this.#request(device, userId, method, params) }, calls }
  }

  list(): Promise<readonly Call[]> {
    return Promise.resolve(this.#book.list())
  }

  get(callId: string): Promise<Call | undefined> {
    return Promise.resolve(this.#book.get(callId))
  }

  start(call: ServerCall): Promise<Call> {
    return this.#answer(() => this.#book.start(this.#now, call))
  }

  end(callId: string): Promise<boolean> {
    return this.#answer(() => this.#book.end(callId))
  }

  /** Idempotent. */
  close(): void {
    this.#driver.close()
    for (const cancel of this.#closing) cancel()
    this.#connections.clear()
  }

  get #now(): Micros {
    return this.#options.clock.now()
  }

  #request(device: string, userId: string, method: CallRequest, params: ParamsOf<CallRequest>): Promise<object> {
    return this.#answer(() => {
      if ('userIds' in params) this.#countInvite(userId, params.userIds)
      return this.#carryOut(device, method, params) ?? {}
    })
  }

  #carryOut(device: string, method: CallRequest, params: object): object | void {
    const book = this.#book
    const now = this.#now
    const of = <Method extends CallRequest>(): ParamsOf<Method> => params as ParamsOf<Method>
    switch (method) {
      case 'user.block':
        return book.block(device, of<typeof method>().userId, of<typeof method>().blocked)
      case 'call.invite':
        return { call: book.invite(now, device, of<typeof method>()) }
      case 'call.accept':
        return { call: book.accept(now, device, of<typeof method>().callId) }
      case 'call.join':
        return { call: book.join(now, device, of<typeof method>().callId) }
      case 'call.reject':
        return book.reject(now, device, of<typeof method>().callId, of<typeof method>().reason)
      case 'call.cancel':
        return book.cancel(now, device, of<typeof method>().callId)
      case 'call.hangup':
        return book.hangup(now, device, of<typeof method>().callId, of<typeof method>().reason)
      case 'call.add':
        return { call: book.add(now, device, of<typeof method>().callId, of<typeof method>().userIds) }
      case 'call.media':
        return book.setMedia(device, of<typeof method>().callId, of<typeof method>().media)
    }
  }

  #answer<Result>(carryOut: () => Result): Promise<Result> {
    return new Promise<Result>((resolve) => resolve(carryOut())).finally(() => this.#driver.drain())
  }

  /** A flood costs the one who makes it, and at most a few rings to the one it is aimed at. */
  #countInvite(caller: string, callees: readonly string[]): void {
    const now = this.#options.clock.listened()
    if (this.#ofCallers.take(now, caller) > 0)
      throw new CallError('TOO_MANY_REQUESTS', 'Too many calls of this user in a short time.')
    const flooded = callees.find((callee) => this.#ofCallees.take(now, callee) > 0)
    if (flooded !== undefined) throw new CallError('TOO_MANY_REQUESTS', `Too many calls to ${flooded} in a short time.`)
  }

  /** Its members leave by themselves when they hear of the end; whoever does not is put out. */
  #closeRoomSoon(roomId: string): void {
    const cancel = this.#options.clock.after(callLimits.leaveMicros, () => {
      this.#closing.delete(cancel)
      this.#options.closeRoom(roomId)
    })
    this.#closing.add(cancel)
  }

  #handleStep(event: CallEvent): void {
    const { step, call, userId, reason, ownsRoom } = event
    this.#options.log.info({ call: call.callId, step, user: userId, reason }, 'A call changed')
    if (step === 'ended' && ownsRoom) this.#closeRoomSoon(call.roomId)
    this.#options.onStep?.(event)
  }
}
