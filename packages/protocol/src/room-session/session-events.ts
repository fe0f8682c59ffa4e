import type { User } from '../model.js'
import type { CloseReason, ExitReason, Notification } from '../notifications.js'
import type { EnterResult } from '../request-shapes.js'
import type { CallMethod, RequestMethod, ResultOf } from '../requests.js'

/** What the socket did. After `closed`, or after the output `disconnect`, nothing more of that socket may be said. */
export type SessionInput =
  | { readonly kind: 'open' }
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'closed'; readonly code: number; readonly reason: string }

/**
 * What to do with the socket; there is one at a time, and `connect` comes only when there is none. `turn` rises when the
 * server should be tried at another of its addresses: take them in turn.
 */
export type SessionOutput =
  | { readonly kind: 'connect'; readonly turn: number }
  | { readonly kind: 'send'; readonly text: string }
  | { readonly kind: 'disconnect'; readonly code: number; readonly reason: string }

/** `connecting` until the room was entered for the first time, `reconnecting` whenever the connection is lost after that. */
export type SessionState = 'idle' | 'connecting' | 'connected' | 'reconnecting' | 'closed'

/** What may be asked for with `request`; entering, leaving and the heartbeat are the session's own. */
export type SessionMethod = Exclude<
  RequestMethod,
  'room.enter' | 'room.resume' | 'room.leave' | 'room.ping' | CallMethod
>

/**
 * `resumed`: the same membership, PeerConnections and addresses. `moved`: the same membership and addresses at another node of
 * the cluster, where media must be published again. `re-entered`: a new membership, after the server has forgotten the old one.
 */
export type EntryKind = 'entered' | 'resumed' | 'moved' | 're-entered'

/** `refused`: the server does not take the user in; `unreachable`: there was no server until the deadline of entering. */
export type EndReason = 'left' | 'refused' | 'unreachable' | Exclude<CloseReason, 'drain'>

/** State of the connection; `attempt` counts from 0 and restarts after a connection that lasted. */
export interface StateEvent {
  readonly kind: 'state'
  readonly state: SessionState
  readonly attempt: number
}

export interface EnteredEvent {
  readonly kind: 'entered'
  readonly how: EntryKind
  readonly result: EnterResult
}

/** Changes among the other members. Apply `left` before `entered`: a new member may need the place of a former one. */
export interface UsersEvent {
  readonly kind: 'users'
  readonly left: readonly { readonly userId: string; readonly reason: ExitReason }[]
  readonly entered: readonly User[]
  readonly changed: readonly User[]
  /** Everybody after the change. */
  readonly users: readonly User[]
  readonly audienceCount: number
}

/** The result of a request, discriminated by `method`. */
export type ResponseEvent = {
  [Method in SessionMethod]: {
    readonly kind: 'response'
    readonly id: string
    readonly method: Method
    readonly result: ResultOf<Method>
  }
}[SessionMethod]

export interface FailureEvent {
  readonly kind: 'failure'
  readonly id: string
  readonly method: SessionMethod
  /** An ErrorCode, or a code of a newer server. */
  readonly code: string
  readonly sentence: string
  readonly retryAfterMs?: number
}

/** Something the server told, after the session itself has made use of it. */
export type NotificationEvent = { readonly kind: 'notification' } & Notification

/** The session is over, and with it the membership of everybody in the list. `enter` begins a new one. */
export interface EndedEvent {
  readonly kind: 'ended'
  readonly reason: EndReason
  /** An ErrorCode, or a code of a newer server; absent when the user left. */
  readonly code?: string
  readonly sentence: string
  readonly retryAfterMs?: number
}

export type SessionEvent =
  StateEvent | EnteredEvent | UsersEvent | ResponseEvent | FailureEvent | NotificationEvent | EndedEvent
