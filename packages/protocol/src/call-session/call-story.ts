import type { Call, CallEndReason, CallMedia } from '../call-shapes.js'
import type { CallSessionEvent } from './call-session.js'

export type CallRole = 'caller' | 'callee'

/** What happens in calls, under the names of Tencent's TUICallKit. */
export interface CallHappenings {
  readonly onCallReceived: { readonly call: Call }
  /** Two have accepted, this device is one of them. */
  readonly onCallBegin: { readonly call: Call; readonly role: CallRole }
  /**
   * Once for each call that was received or made here, whether it began or not. `totalMs` is how long this device was in it
   * since it began.
   */
  readonly onCallEnd: {
    readonly call: Call
    readonly role: CallRole
    readonly reason: CallEndReason
    readonly by?: string
    readonly totalMs: number
  }
  readonly onUserJoin: { readonly callId: string; readonly userId: string }
  readonly onUserLeave: { readonly callId: string; readonly userId: string }
  /** `reason`: what the user said. */
  readonly onUserReject: { readonly callId: string; readonly userId: string; readonly reason?: string }
  /** `isOffline`: no device of the user was online. */
  readonly onUserNoResponse: { readonly callId: string; readonly userId: string; readonly isOffline: boolean }
  readonly onUserLineBusy: { readonly callId: string; readonly userId: string }
  readonly onCallMediaTypeChanged: { readonly callId: string; readonly media: CallMedia; readonly before: CallMedia }
  /** After any change, for pages that draw the whole call. */
  readonly onCallChanged: { readonly call: Call }
}

/** One of {@link CallHappenings}. */
export type CallHappening = {
  [Name in keyof CallHappenings]: { readonly name: Name; readonly event: CallHappenings[Name] }
}[keyof CallHappenings]

interface KnownCall {
  call: Call
  /** This device made or accepted it. */
  isMine: boolean
  begunAtMs: number | undefined
}

/** What the events of a CallSession mean to a person. Pure: time is an argument. */
export class CallStory {
  readonly #userId: string
  readonly #calls = new Map<string, KnownCall>()

  constructor(userId: string) {
    this.#userId = userId
  }

  /** The call that this device is in. */
  get current(): Call | undefined {
    return [...this.#calls.values()].find(({ isMine }) => isMine)?.call
  }

  /** Those that ring here, the oldest first. */
  get ringing(): readonly Call[] {
    return [...this.#calls.values()].flatMap(({ call, isMine }) => (isMine ? [] : [call]))
  }

  /** `nowMs`: of any steady clock. */
  tell(nowMs: number, event: CallSessionEvent): readonly CallHappening[] {
    if (event.kind === 'response') return 'call' in event.result ? this.#change(nowMs, event.result.call, true) : []
    if (event.kind !== 'notification') return []
    const { method, params } = event
    switch (method) {
      case 'call.ringing':
        return [
          ...this.#change(nowMs, params.call, false),
          { name: 'onCallReceived', event: { call: params.call } } as const,
        ]
      case 'call.changed':
        return this.#change(nowMs, params.call, false)
      case 'call.accepted':
        return []
      case 'call.rejected': {
        const { callId, userId, reason, data } = params
        const who = { callId, userId }
        if (reason === 'lineBusy') return [{ name: 'onUserLineBusy', event: who }]
        if (reason === 'reject')
          return [{ name: 'onUserReject', event: { ...who, ...(data === undefined ? {} : { reason: data }) } }]
        return [{ name: 'onUserNoResponse', event: { ...who, isOffline: reason === 'offline' } }]
      }
      case 'call.ended':
        return this.#end(nowMs, params)
    }
  }

  #change(nowMs: number, call: Call, isMine: boolean): CallHappening[] {
    const { callId } = call
    const known: KnownCall = this.#calls.get(callId) ?? { call, isMine, begunAtMs: undefined }
    this.#calls.set(callId, known)
    const before = known.call
    known.call = call
    known.isMine ||= isMine
    const happenings: CallHappening[] = []
    if (known.isMine && known.begunAtMs === undefined && call.startedAt !== null) {
      known.begunAtMs = nowMs
      happenings.push({ name: 'onCallBegin', event: { call, role: this.#roleIn(call) } })
    }
    const present = accepted(call)
    const earlier = accepted(before)
    for (const userId of present)
      if (userId !== this.#userId && !earlier.has(userId))
        happenings.push({ name: 'onUserJoin', event: { callId, userId } })
    for (const userId of earlier)
      if (userId !== this.#userId && !present.has(userId))
        happenings.push({ name: 'onUserLeave', event: { callId, userId } })
    const { media } = call
    if (media !== before.media)
      happenings.push({ name: 'onCallMediaTypeChanged', event: { callId, media, before: before.media } })
    return [...happenings, { name: 'onCallChanged', event: { call } }]
  }

  #end(
    nowMs: number,
    { callId, reason, by }: { readonly callId: string; readonly reason: CallEndReason; readonly by?: string },
  ): CallHappening[] {
    const known = this.#calls.get(callId)
    if (known === undefined) return []
    this.#calls.delete(callId)
    const { call, begunAtMs } = known
    const totalMs = begunAtMs === undefined ? 0 : nowMs - begunAtMs
    const event = { call, role: this.#roleIn(call), reason, totalMs, ...(by === undefined ? {} : { by }) }
    return [{ name: 'onCallEnd', event }]
  }

  #roleIn({ inviter }: Call): CallRole {
    return inviter === this.#userId ? 'caller' : 'callee'
  }
}

function accepted({ members }: Call): Set<string> {
  return new Set(members.flatMap(({ userId, state }) => (state === 'accepted' ? [userId] : [])))
}
