import type { PlayAddresses, StreamType, User, UserStream } from '@crossroom/protocol'
import type { Permissions } from '../../auth/index.js'
import type { MediaTokens } from '../media/media-tokens.js'
import type { AddressBook } from './member-connection.js'
import type { ListedMember, MemberList } from './member-list.js'
import type { ListedLayer } from '../media/listed-stream.js'
import { mayReceive, type Kinds } from '../model/policy.js'
import type { StreamKey } from '../../hub/index.js'

export interface ReceiverOptions {
  readonly userId: string
  readonly roomId: string
  /** The session: its addresses die with it. */
  readonly holder: string
  readonly permissions: Permissions
  readonly tokens: MediaTokens
  /** The origin of its connection; see `readdress`. */
  readonly addresses: AddressBook
}

/** The room as one participant may see it: kinds of tracks by permission, and addresses that are its own. */
export class Receiver {
  readonly #options: ReceiverOptions
  #permissions: Permissions
  #addresses: AddressBook
  /** Made at the first list that names the stream, the same for as long as both are members. */
  #tokens = new WeakMap<StreamKey, string>()
  /** How the tokens are written at present. */
  #plays = new WeakMap<StreamKey, PlayAddresses>()

  constructor(options: ReceiverOptions) {
    this.#options = options
    this.#permissions = options.permissions
    this.#addresses = options.addresses
  }

  get permissions(): Permissions {
    return this.#permissions
  }

  /** Its permissions may have changed: then its addresses are created again. False if they are the same. */
  renew(permissions: Permissions): boolean {
    const before = this.#permissions
    this.#permissions = permissions
    const isSame = (['main', 'aux'] as const).every((streamType) => {
      const was = mayReceive(before, streamType)
      const is = mayReceive(permissions, streamType)
      return was.audio === is.audio && was.video === is.video
    })
    if (isSame) return false
    this.#options.tokens.revokeHolder(this.#options.holder, 'play')
    this.#tokens = new WeakMap()
    this.#plays = new WeakMap()
    return true
  }

  /** It resumed, perhaps by another host name: the same tokens, with the origin that it can reach now. */
  readdress(addresses: AddressBook): void {
    this.#addresses = addresses
    this.#plays = new WeakMap()
  }

  /** Everybody in the list but the receiver itself. */
  usersOf(list: MemberList): User[] {
    const users: User[] = []
    for (const member of list.values()) if (member.userId !== this.#options.userId) users.push(this.userOf(member))
    return users
  }

  userOf({ userId, userName, kind, role, layers }: ListedMember): User {
    const streams: UserStream[] = []
    for (const layer of layers) {
      const stream = this.#streamOf(userId, layer)
      if (stream !== undefined) streams.push(stream)
    }
    return { userId, userName, kind, role, streams }
  }

  may(streamType: StreamType): Kinds {
    return mayReceive(this.#permissions, streamType)
  }

  /** Undefined when it may have nothing of it. */
  #streamOf(userId: string, { streamType, key, kinds }: ListedLayer): UserStream | undefined {
    const may = this.may(streamType)
    if (!may.audio && !may.video) return undefined
    return {
      streamType,
      hasAudio: kinds.audio && may.audio,
      hasVideo: kinds.video && may.video,
      play: this.#playOf(userId, streamType, key, may),
    }
  }

  #playOf(userId: string, streamType: StreamType, key: StreamKey, may: Kinds): PlayAddresses {
    const present = this.#plays.get(key)
    if (present !== undefined) return present
    const play = this.#addresses.play(this.#tokens.get(key) ?? this.#issue(userId, streamType, key, may))
    this.#plays.set(key, play)
    return play
  }

  #issue(userId: string, streamType: StreamType, key: StreamKey, may: Kinds): string {
    const { roomId, holder, tokens } = this.#options
    const without = may.audio ? (may.video ? undefined : 'video') : 'audio'
    const token = tokens.issue({ action: 'play', roomId, holder, userId, streamType, key, without })
    this.#tokens.set(key, token)
    return token
  }
}
