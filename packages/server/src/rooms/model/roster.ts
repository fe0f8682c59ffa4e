import type { ExitReason, RequestedRole, Role, TrackKind } from '@crossroom/protocol'
import type { Permissions } from '../../auth/index.js'
import { roomLimits } from '../../config/index.js'
import { LinkMic } from './link-mic.js'
import { mayBeAnchor, type Kinds } from './policy.js'
import { RoomError } from './room-error.js'

/** A member as the roster knows it. Only the roster changes roles and mutes by others. */
export interface Person {
  readonly userId: string
  readonly permissions: Permissions
  /** Its node cannot be reached: it keeps its place for a while. */
  readonly isAway?: boolean
  role: Role
  /** Kinds that the owner or an operator muted. */
  mutedByOthers: Kinds
}

/** The events of a transition, in notification order. The roster has changed already. */
export type RosterEvent<P> =
  /** `by` took the place of the same user. */
  | { readonly kind: 'replaced'; readonly person: P; readonly by: P }
  | { readonly kind: 'entered'; readonly person: P }
  | { readonly kind: 'exited'; readonly person: P; readonly reason: ExitReason }
  /** It may send from now on, or no longer. */
  | { readonly kind: 'listed' | 'unlisted'; readonly person: P }
  /** `entering` reads it in the answer to its own request. */
  | { readonly kind: 'role'; readonly person: P; readonly by?: string | undefined; readonly entering?: P | undefined }
  | {
      readonly kind: 'muted'
      readonly person: P
      readonly track: TrackKind
      readonly muted: boolean
      readonly by: string | undefined
    }
  /** A member asks for the microphone. */
  | { readonly kind: 'asked'; readonly person: P; readonly owner: P }
  /** No answer is needed: the member withdrew the request, left, or already sends. */
  | { readonly kind: 'withdrawn'; readonly person: P; readonly owner: P }
  | { readonly kind: 'answered'; readonly person: P; readonly accepted: boolean; readonly by: string | undefined }

type Events<P> = RosterEvent<P>[]

/**
 * The members of a room, their roles and the owner. Pure: each transition checks, changes the roster, and returns
 * events. A refusal throws RoomError before anything has changed.
 */
export class Roster<P extends Person> {
  /** By user id, in the order in which they came. */
  readonly #members = new Map<string, P>()
  readonly #mic = new LinkMic()
  readonly #isAlone: boolean
  #owner: P | undefined
  /** The owner by `setOwner`, in the room or not. */
  #ownerId: string | undefined
  #audience = 0

  /** Alone it decides who owns the room. Else no node does by itself, and `setOwner` tells. */
  constructor(isAlone = true) {
    this.#isAlone = isAlone
  }

  get owner(): P | undefined {
    return this.#owner
  }

  get size(): number {
    return this.#members.size
  }

  get audience(): number {
    return this.#audience
  }

  /** Owner, anchors and devices. */
  get anchors(): number {
    return this.#members.size - this.#audience
  }

  get members(): Iterable<P> {
    return this.#members.values()
  }

  member(userId: string): P | undefined {
    return this.#members.get(userId)
  }

  /** Throws USER_NOT_FOUND. */
  require(userId: string): P {
    const member = this.#members.get(userId)
    if (member === undefined) throw new RoomError('USER_NOT_FOUND', 'No user with this id is in the room.')
    return member
  }

  /**
   * Throws if no further member, or no further sending member, may enter. A replacing member takes the place of the
   * replaced one.
   */
  check(replaced: P | undefined, isAudience: boolean): void {
    const members = this.size - (replaced === undefined ? 0 : 1)
    if (members >= roomLimits.members)
      throw new RoomError('ROOM_FULL', `The room is full: the limit is ${String(roomLimits.members)} members.`)
    const anchors = this.anchors - (replaced !== undefined && isListed(replaced) ? 1 : 0)
    if (!isAudience && anchors >= roomLimits.anchors)
      throw new RoomError(
        'TOO_MANY_ANCHORS',
        `The room already has ${String(roomLimits.anchors)} sending members; enter as audience.`,
      )
  }

  /** Comes in, instead of the same user if that is here; {@link check} was asked before. */
  enter(person: P): Events<P> {
    const events: Events<P> = []
    const present = this.#members.get(person.userId)
    const wasOwner = present !== undefined && present === this.#owner
    if (present !== undefined) {
      this.#remove(present)
      if (wasOwner) this.#owner = undefined
      person.mutedByOthers = present.mutedByOthers
      events.push({ kind: 'replaced', person: present, by: person })
    }
    if (isListed(person)) events.push(...this.withdrawMic(person))
    if (this.#becomesOwner(person, wasOwner)) this.#makeOwner(person, events, person)
    this.#members.set(person.userId, person)
    if (!isListed(person)) this.#audience++
    events.push({ kind: 'entered', person })
    if (wasOwner && this.#owner === undefined) this.#passOwnership(events)
    return events
  }

  /** It was decided elsewhere. `entering` reads it in the answer to its own request. */
  setOwner(userId: string | undefined, entering?: P): Events<P> {
    this.#ownerId = userId
    const person = userId === undefined ? undefined : this.#members.get(userId)
    const events: Events<P> = []
    if (person !== undefined && person === this.#owner) return events
    if (person?.role === 'anchor') {
      this.#makeOwner(person, events, person === entering ? person : undefined)
      events.push(...this.waiting(person))
    } else if (this.#owner !== undefined) {
      this.#owner.role = 'anchor'
      events.push({ kind: 'role', person: this.#owner })
      this.#owner = undefined
    }
    return events
  }

  /** To own the room: the longest-present anchor with permission to create rooms. */
  get candidate(): P | undefined {
    for (const person of this.#members.values())
      if (
        (person.role === 'anchor' || person.role === 'owner') &&
        person.permissions.createRoom &&
        person.isAway !== true
      )
        return person
    return undefined
  }

  /** Its own node changed its role: nothing is checked here. */
  reflectRole(person: P, role: RequestedRole | 'device', by?: string): Events<P> {
    const isAnchor = role !== 'audience'
    return isListed(person) === isAnchor ? [] : this.#turn(person, isAnchor, by)
  }

  reflectAsking(person: P, isAsking: boolean): Events<P> {
    if (!isAsking) return this.withdrawMic(person)
    if (this.#mic.has(person.userId)) return []
    this.#mic.ask(person.userId)
    return this.#owner === undefined ? [] : [{ kind: 'asked', person, owner: this.#owner }]
  }

  isAsking(userId: string): boolean {
    return this.#mic.has(userId)
  }

  /** Nothing when it is gone already. */
  exit(person: P, reason: ExitReason): Events<P> {
    if (this.#members.get(person.userId) !== person) return []
    this.#remove(person)
    const events: Events<P> = [{ kind: 'exited', person, reason }, ...this.withdrawMic(person)]
    if (person === this.#owner) this.#passOwnership(events)
    return events
  }

  /** An anchor needs permission to send; an owner who steps back hands the room on. */
  setRole(person: P, role: RequestedRole, by?: string): Events<P> {
    const events = this.#become(person, role, by)
    return role === 'anchor' ? [...events, ...this.withdrawMic(person)] : events
  }

  #become(person: P, role: RequestedRole, by?: string): Events<P> {
    if (role === 'anchor' && !mayBeAnchor(person.permissions))
      throw new RoomError('NO_PERMISSION', 'The signature does not allow sending.')
    if (isListed(person) === (role === 'anchor')) return []
    if (role === 'anchor') this.check(person, false)
    return this.#turn(person, role === 'anchor', by)
  }

  #turn(person: P, isAnchor: boolean, by?: string): Events<P> {
    const events: Events<P> = []
    person.role = isAnchor ? 'anchor' : 'audience'
    if (isAnchor) {
      this.#audience--
      events.push({ kind: 'listed', person })
    } else {
      this.#audience++
      events.push({ kind: 'unlisted', person })
      if (person === this.#owner) this.#passOwnership(events)
    }
    if (isAnchor && this.#becomesOwner(person, false)) this.#makeOwner(person, events)
    else events.push({ kind: 'role', person, by })
    return events
  }

  /** Throws USER_NOT_FOUND. */
  mute(userId: string, track: TrackKind, muted: boolean, by?: string): Events<P> {
    const person = this.require(userId)
    person.mutedByOthers = { ...person.mutedByOthers, [track]: muted }
    return [{ kind: 'muted', person, track, muted, by }]
  }

  /** Removes the owner for good; further leaves transfer no ownership. */
  disown(): void {
    this.#owner = undefined
  }

  askForMic(person: P): Events<P> {
    if (!mayBeAnchor(person.permissions)) throw new RoomError('NO_PERMISSION', 'Your signature does not allow sending.')
    this.#mic.ask(person.userId)
    return this.#owner === undefined ? [] : [{ kind: 'asked', person, owner: this.#owner }]
  }

  /** Nothing when it does not ask. */
  withdrawMic(person: P): Events<P> {
    const wasAsking = this.#mic.forget(person.userId)
    return wasAsking && this.#owner !== undefined ? [{ kind: 'withdrawn', person, owner: this.#owner }] : []
  }

  answerMic(userId: string, accepted: boolean, by?: string): Events<P> {
    const person = this.#members.get(userId)
    if (person === undefined || !this.#mic.has(userId))
      throw new RoomError('USER_NOT_FOUND', 'No user with this id requests the microphone.')
    const events = accepted ? this.#become(person, 'anchor', by) : []
    this.#mic.forget(userId)
    events.push({ kind: 'answered', person, accepted, by })
    return events
  }

  removeMic(userId: string, by?: string): Events<P> {
    const person = this.#members.get(userId)
    if (person?.role !== 'anchor') throw new RoomError('USER_NOT_FOUND', 'No anchor with this id is in the room.')
    return this.setRole(person, 'audience', by)
  }

  /** Members still waiting for an answer, for an owner who was absent when they asked. */
  waiting(owner: P): Events<P> {
    const events: Events<P> = []
    for (const userId of this.#mic.asking) {
      const person = this.#members.get(userId)
      if (person !== undefined) events.push({ kind: 'asked', person, owner })
    }
    return events
  }

  #remove(person: P): void {
    this.#members.delete(person.userId)
    if (!isListed(person)) this.#audience--
  }

  #becomesOwner({ role, permissions, userId }: P, wasOwner: boolean): boolean {
    if (!this.#isAlone) return role === 'anchor' && userId === this.#ownerId
    return (
      role === 'owner' || (role === 'anchor' && (wasOwner || (permissions.createRoom && this.#owner === undefined)))
    )
  }

  #makeOwner(person: P, events: Events<P>, entering?: P): void {
    const before = this.#owner
    if (before !== undefined && before !== person) {
      before.role = 'anchor'
      events.push({ kind: 'role', person: before, entering })
    }
    this.#owner = person
    person.role = 'owner'
    events.push({ kind: 'role', person, entering })
  }

  /** To the longest-present anchor with permission to create rooms; otherwise the room has no owner. */
  #passOwnership(events: Events<P>): void {
    this.#owner = undefined
    if (!this.#isAlone) return
    for (const person of this.#members.values()) {
      if (person.role !== 'anchor' || !person.permissions.createRoom) continue
      this.#makeOwner(person, events)
      events.push(...this.waiting(person))
      return
    }
  }
}

function isListed({ role }: Person): boolean {
  return role !== 'audience'
}
