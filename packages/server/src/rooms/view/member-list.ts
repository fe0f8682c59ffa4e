import type { Orientation } from '@crossroom/media'
import type { ExitReason, MediaAvailable, MemberKind, Role, StreamType, TrackKind } from '@crossroom/protocol'
import type { ListedLayer, ListedStream } from '../media/listed-stream.js'

/** The part of a member that lists need. */
export interface Listable {
  readonly userId: string
  readonly userName: string
  readonly kind: MemberKind
  readonly role: Role
  readonly streams: Iterable<ListedStream>
}

/** One member at the time of a list, without fields that differ per receiver. */
export interface ListedMember {
  readonly userId: string
  readonly userName: string
  readonly kind: MemberKind
  readonly role: Role
  readonly layers: readonly ListedLayer[]
}

/** The members that are listed, in the order in which they came. Made once for all receivers. */
export type MemberList = ReadonlyMap<string, ListedMember>

export const EMPTY_LIST: MemberList = new Map()

export function listOf(members: Iterable<Listable>): MemberList {
  const list = new Map<string, ListedMember>()
  for (const { userId, userName, kind, role, streams } of members) {
    if (role === 'audience') continue
    const layers: ListedLayer[] = []
    for (const stream of streams) layers.push(...stream.layers)
    list.set(userId, { userId, userName, kind, role, layers })
  }
  return list
}

/** A stream whose sound or picture came or went. */
export interface StateChange {
  readonly kind: TrackKind
  readonly state: MediaAvailable
}

/** A picture that was turned. */
export interface RotationChange {
  readonly userId: string
  readonly streamType: StreamType
  readonly rotation: Orientation
}

/** The changes between two lists. */
export interface ListChange {
  readonly exits: readonly { readonly userId: string; readonly reason: ExitReason }[]
  readonly enters: readonly ListedMember[]
  readonly states: readonly StateChange[]
  readonly rotations: readonly RotationChange[]
}

/** `reasons`: why members left. */
export function changeOf(before: MemberList, after: MemberList, reasons: ReadonlyMap<string, ExitReason>): ListChange {
  const exits: { userId: string; reason: ExitReason }[] = []
  const enters: ListedMember[] = []
  const states: StateChange[] = []
  const rotations: RotationChange[] = []
  for (const userId of before.keys())
    if (!after.has(userId)) exits.push({ userId, reason: reasons.get(userId) ?? 'left' })
  for (const member of after.values()) {
    const known = before.get(member.userId)
    if (known === undefined) enters.push(member)
    states.push(...stateChanges(member.userId, known?.layers ?? [], member.layers))
    rotations.push(...rotationChanges(member.userId, known?.layers ?? [], member.layers))
  }
  return { exits, enters, states, rotations }
}

function stateChanges(userId: string, before: readonly ListedLayer[], after: readonly ListedLayer[]): StateChange[] {
  const states: StateChange[] = []
  for (const streamType of ['main', 'aux', 'small'] as const) {
    const was = before.find((layer) => layer.streamType === streamType)?.kinds
    const is = after.find((layer) => layer.streamType === streamType)?.kinds
    for (const kind of ['video', 'audio'] as const) {
      const available = is?.[kind] === true
      if (available !== (was?.[kind] === true)) states.push({ kind, state: { userId, streamType, available } })
    }
  }
  return states
}

function rotationChanges(
  userId: string,
  before: readonly ListedLayer[],
  after: readonly ListedLayer[],
): RotationChange[] {
  const rotations: RotationChange[] = []
  for (const { streamType, rotation } of after) {
    if (rotation !== rotationOf(before, streamType)) rotations.push({ userId, streamType, rotation })
  }
  return rotations
}

/** A picture that is not listed is upright. */
export function rotationOf(layers: readonly ListedLayer[] | undefined, streamType: StreamType): Orientation {
  return layers?.find((layer) => layer.streamType === streamType)?.rotation ?? 0
}
