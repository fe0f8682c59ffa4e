import type { Seal } from '../../auth/index.js'
import { StreamKey } from '../../hub/index.js'
import { packId, PackedReader, packNumber, packRandom } from './packed-id.js'
import type { SealedScope } from './token-scope.js'

const ACTIONS = ['play', 'publish'] as const
const TYPES = ['main', 'aux', 'small', 'mix'] as const
const WITHOUT = [undefined, 'audio', 'video'] as const
/** Unix milliseconds. */
const TIME_BYTES = 6
/** Of the holder: a session, or a shared address itself. So the longest address of either kind has at most 128 characters. */
const HOLDER_BYTES = { session: 16, shared: 8 } as const

/** The holder of a shared address: a random id, cut to its length. */
export function sharedId(id: string): string {
  return Buffer.from(id, 'base64url').subarray(0, HOLDER_BYTES.shared).toString('base64url')
}

/** `/r/TOKEN` of a cluster: the token is its own record, at most 128 characters of `[A-Za-z0-9_-]`. */
export class SealedAddresses {
  readonly #seal: Seal

  constructor(seal: Seal) {
    this.#seal = seal
  }

  /** The same text for the same scope. The ids of its stream and its holder are random: 128 bits, and 64 of a shared one's holder. */
  write({ action, roomId, holder, streamType, key, without, expiresAtMs, isShared = false }: SealedScope): string {
    const name = packRandom(key.name)
    const held = packRandom(holder, HOLDER_BYTES[isShared ? 'shared' : 'session'])
    if (name === undefined || held === undefined) throw new TypeError('An address is of random ids.')
    const flags =
      ACTIONS.indexOf(action) +
      2 * TYPES.indexOf(streamType) +
      8 * WITHOUT.indexOf(without) +
      32 * Number(isShared) +
      64 * Number(expiresAtMs !== undefined)
    const until = expiresAtMs === undefined ? Buffer.alloc(0) : packNumber(expiresAtMs, TIME_BYTES)
    return this.#seal.seal(Buffer.concat([Buffer.of(flags), name, held, packId(roomId), until]))
  }

  /** Undefined for every text that no node of this cluster wrote. Whether its time is over is the caller's to see. */
  read(text: string): SealedScope | undefined {
    const plain = this.#seal.open(text)
    if (plain === undefined) return undefined
    const reader = new PackedReader(plain)
    const flags = reader.number(1) ?? 0
    const isShared = (flags & 32) !== 0
    const name = reader.random()
    const holder = reader.random(HOLDER_BYTES[isShared ? 'shared' : 'session'])
    const roomId = reader.id()
    const expiresAtMs = (flags & 64) === 0 ? undefined : reader.number(TIME_BYTES)
    if (name === undefined || holder === undefined || roomId === undefined || !reader.isAtEnd) return undefined
    const streamType = TYPES[(flags >> 1) & 3]!
    const key = StreamKey.room(name)
    return {
      ...{ roomId, holder, streamType, expiresAtMs, isShared },
      action: ACTIONS[flags & 1]!,
      key: streamType === 'small' ? key.small : key,
      without: WITHOUT[(flags >> 3) & 3],
    }
  }
}
