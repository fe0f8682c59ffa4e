import { PROTOCOL_VERSION } from '../limits.js'
import type { EnterParams, EnterResult, RenewParams } from '../request-shapes.js'
import type { ParamsOf } from '../requests.js'
import type { FailureEvent, ResponseEvent, SessionMethod } from './session-events.js'

/** What the user says on entering; the rest of `room.enter` is the session's own. */
export type SessionEnterParams = Omit<EnterParams, 'protocol' | 'client'>

/** How to get back in. */
export type EntryRequest =
  | { readonly method: 'room.enter'; readonly params: EnterParams }
  | { readonly method: 'room.resume'; readonly params: { readonly resumeToken: string } }

/** What a session shows at the door: a resume token while the server remembers, else the latest signature and role. */
export class Credentials {
  readonly #client: EnterParams['client']
  #latest: SessionEnterParams
  /** Those that the server has accepted, or has before it. */
  #inUse: SessionEnterParams
  #role: EnterParams['role']
  #resumeToken: string | undefined

  constructor(client: EnterParams['client'], params: SessionEnterParams) {
    this.#client = client
    this.#latest = params
    this.#inUse = params
    this.#role = params.role
  }

  get isRenewed(): boolean {
    return this.#latest !== this.#inUse
  }

  get canResume(): boolean {
    return this.#resumeToken !== undefined
  }

  nextRequest(): EntryRequest {
    if (this.#resumeToken !== undefined) return { method: 'room.resume', params: { resumeToken: this.#resumeToken } }
    this.#inUse = this.#latest
    const role = this.#role === undefined ? {} : { role: this.#role }
    return {
      method: 'room.enter',
      params: { ...this.#latest, ...role, protocol: PROTOCOL_VERSION, client: this.#client },
    }
  }

  accepted({ resumeToken }: EnterResult): void {
    this.#resumeToken = resumeToken
  }

  /** The server has forgotten the session, or cannot be asked to resume it. */
  forgotten(): void {
    this.#resumeToken = undefined
  }

  renew(params: RenewParams): void {
    this.#latest = { ...this.#latest, ...params }
  }

  /** Learns from the answer to a request with these parameters. */
  answered(event: ResponseEvent | FailureEvent, params: ParamsOf<SessionMethod>): void {
    if (event.kind === 'failure') {
      const isOwn = event.code === 'TIMEOUT' || event.code === 'CONNECTION_LOST' || event.code === 'TOO_MANY_REQUESTS'
      // A fresh signature that the server refused is worse than the old one.
      if (event.method === 'room.renew' && !isOwn) this.#latest = this.#inUse
    } else if (event.method === 'room.renew') {
      this.#inUse = this.#latest
    } else if (event.method === 'room.switchRole') {
      this.roleGiven((params as ParamsOf<'room.switchRole'>).role)
    }
  }

  /** A role given in the room is the one to come back with. */
  roleGiven(role: EnterParams['role']): void {
    this.#role = role
  }
}
