import {
  CallSession,
  CallStory,
  type Call,
  type CallHappening,
  type CallSessionEvent,
  type CallSessionMethod,
  type OnlineParams,
  type ParamsOf,
  type ResultOf,
} from '@crossroom/protocol'
import { CrossroomError } from '../errors.js'
import { pageClock, SessionDriver } from '../signal/session-driver.js'

/** What happens on the socket of one who is online. */
export interface CallSocketEvents {
  happened(happening: CallHappening): void
  /** `ended`: the server does not take this user in any more. */
  state(state: 'connecting' | 'online' | 'ended', error?: CrossroomError): void
}

interface Waiting {
  resolve(result: unknown): void
  reject(error: CrossroomError): void
}

/** Gives a CallSession a WebSocket and a clock, and promises to those who ask. */
export class CallSocket {
  readonly story: CallStory
  readonly #session: CallSession
  readonly #driver: SessionDriver<CallSessionEvent>
  readonly #events: CallSocketEvents
  readonly #waiting = new Map<string, Waiting>()
  #arriving: Waiting | undefined

  constructor(urls: readonly string[], user: OnlineParams & { readonly deviceId: string }, events: CallSocketEvents) {
    this.#events = events
    this.story = new CallStory(user.userId)
    this.#session = new CallSession({ user, random: Math.random })
    this.#driver = new SessionDriver({
      session: this.#session,
      address: (turn) => urls[turn % urls.length]!,
      tell: (event) => this.#tell(event),
    })
  }

  /** Resolves when the user is online; rejects with the server's code and sentence. */
  open(): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#arriving = { resolve: () => resolve(), reject }
      this.#session.start(pageClock.now())
      this.#driver.drain()
    })
  }

  request<Method extends CallSessionMethod>(method: Method, params: ParamsOf<Method>): Promise<ResultOf<Method>> {
    return new Promise((resolve, reject) => {
      const id = this.#session.request(pageClock.now(), method, params)
      this.#waiting.set(id, { resolve, reject })
      this.#driver.drain()
    })
  }

  renew(userSig: string): void {
    this.#session.renew(userSig)
  }

  networkChanged(): void {
    this.#session.networkChanged(pageClock.now())
    this.#driver.drain()
  }

  /** Looks at the clock: the timers of a hidden page are late. */
  wake(): void {
    this.#driver.drain()
  }

  close(): void {
    this.#session.close()
    this.#driver.drain()
  }

  /** Every call that rings or goes on for this user, on this device or another. */
  get calls(): readonly Call[] {
    return this.#session.calls
  }

  #tell(event: CallSessionEvent): void {
    if (event.kind === 'state') return this.#changeState(event)
    const happenings = this.story.tell(performance.now(), event)
    if (event.kind === 'response') this.#take(event.id)?.resolve(event.result)
    if (event.kind === 'failure') this.#take(event.id)?.reject(new CrossroomError(event.code, event.sentence))
    for (const happening of happenings) this.#events.happened(happening)
  }

  #changeState({ state, error }: Extract<CallSessionEvent, { kind: 'state' }>): void {
    const reason = error && new CrossroomError(error.code, error.sentence)
    const arriving = this.#arriving
    if (state !== 'connecting') this.#arriving = undefined
    if (state === 'online') arriving?.resolve(undefined)
    if (state === 'ended') arriving?.reject(reason ?? new CrossroomError('STOPPED'))
    this.#events.state(state, arriving === undefined ? reason : undefined)
  }

  #take(id: string): Waiting | undefined {
    const waiting = this.#waiting.get(id)
    this.#waiting.delete(id)
    return waiting
  }
}
