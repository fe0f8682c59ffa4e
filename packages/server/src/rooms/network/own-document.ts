import type { ExitReason } from '@crossroom/protocol'
import type { Orientation } from '@crossroom/media'
import { clusterLimits } from '../../config/index.js'
import type { ListedLayer } from '../media/listed-stream.js'
import type { MemberStream } from '../media/member-stream.js'
import { LocalMember } from '../local-member.js'
import type { Member } from '../member.js'
import type { Roster, RosterEvent } from '../model/roster.js'
import type { DocumentMember, DocumentStream, RoomDocument } from './room-document.js'

/** What a node tells of its members, without what the network adds. */
export type OwnDocument = Omit<RoomDocument, 'version' | 'instance' | 'recorded'>

/** Remembers what the members do not say by themselves, and writes the document of this node. */
export class DocumentWriter {
  readonly #roster: Roster<Member>
  readonly #nowMs: () => number
  readonly #mutedBy = new Map<string, string>()
  readonly #roleBy = new Map<string, string>()
  readonly #left = new Map<string, { readonly reason: ExitReason; readonly at: number }>()
  /** Names of keys. */
  readonly carries = new Set<string>()

  constructor(roster: Roster<Member>, nowMs: () => number) {
    this.#roster = roster
    this.#nowMs = nowMs
  }

  note(event: RosterEvent<Member>): void {
    const { person } = event
    if (!(person instanceof LocalMember)) return
    const { userId } = person
    if (event.kind === 'entered') this.#left.delete(userId)
    else if (event.kind === 'muted') setOrDelete(this.#mutedBy, userId, event.by)
    else if (event.kind === 'role') setOrDelete(this.#roleBy, userId, event.by)
    else if (event.kind === 'exited') this.#forget(userId, event.reason)
    else if (event.kind === 'replaced' && !(event.by instanceof LocalMember)) this.#forget(userId, 'replaced')
  }

  write(generation: number): OwnDocument {
    const members: DocumentMember[] = []
    let audience = 0
    let unnamed = 0
    for (const member of this.#roster.members) {
      if (!(member instanceof LocalMember)) continue
      if (!member.isListed && ++audience > clusterLimits.namedAudience) unnamed++
      else members.push(this.#memberOf(member))
    }
    return { generation, members, unnamed, left: this.#recentlyLeft(), carries: [...this.carries] }
  }

  #memberOf(member: LocalMember): DocumentMember {
    const { userId, userName, kind, role, epoch, mediaId, sessionId, permissions, mutedByOthers, remoteAddress } =
      member
    return {
      ...{ userId, userName, kind, role: role === 'owner' ? 'anchor' : role, epoch, mediaId, sessionId },
      ...{ createRoom: permissions.createRoom, muted: mutedByOthers, asking: this.#roster.isAsking(userId) },
      ...{ mutedBy: this.#mutedBy.get(userId), roleBy: this.#roleBy.get(userId) },
      ...{ remoteAddress, enteredAt: member.enteredAtMs },
      streams: [...member.streams].map(streamOf),
    }
  }

  #forget(userId: string, reason: ExitReason): void {
    this.#mutedBy.delete(userId)
    this.#roleBy.delete(userId)
    this.#left.set(userId, { reason, at: this.#nowMs() })
  }

  #recentlyLeft(): Record<string, ExitReason> {
    const since = this.#nowMs() - clusterLimits.leftMs
    const left: Record<string, ExitReason> = {}
    for (const [userId, { reason, at }] of this.#left)
      if (at < since) this.#left.delete(userId)
      else left[userId] = reason
    return left
  }
}

function streamOf(stream: MemberStream): DocumentStream {
  const { streamType, isShown, kinds, tracks, withheld, layers, best } = stream
  const [main, small] = layers
  const { video, audio } = best.stream?.tracks ?? {}
  const codecs = [video, audio].flatMap((config) => (config === undefined ? [] : [config.codecString]))
  return {
    ...{ streamType, isShown, kinds, tracks, withheld, codecs, ...seenOf(main) },
    ...(small === undefined ? {} : { small: { kinds: small.kinds, ...seenOf(small) } }),
  }
}

function seenOf(layer: ListedLayer | undefined): { readonly rotation: Orientation; readonly width?: number } {
  const { rotation = 0, width } = layer ?? {}
  return width === undefined ? { rotation } : { rotation, width }
}

function setOrDelete(map: Map<string, string>, key: string, value: string | undefined): void {
  if (value === undefined) map.delete(key)
  else map.set(key, value)
}
