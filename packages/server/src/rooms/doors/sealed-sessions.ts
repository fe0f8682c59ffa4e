import { isUserName } from '@crossroom/protocol'
import { ALL_PERMISSIONS, type Permissions, type Seal } from '../../auth/index.js'
import { packId, PackedReader, packNumber, packRandom } from '../media/packed-id.js'
import type { SessionClaim } from '../model/membership.js'

const VERSION = 1
const KINDS = ['browser', 'miniprogram', 'other'] as const
const ROLES = ['owner', 'anchor', 'audience', 'device'] as const
const PERMISSIONS = Object.keys(ALL_PERMISSIONS) as (keyof Permissions)[]
/** Unix milliseconds; epochs and generations are made of them. */
const TIME_BYTES = 6

/** Resume tokens that every node of a cluster reads. */
export class SealedSessions {
  readonly #seal: Seal

  constructor(seal: Seal) {
    this.#seal = seal
  }

  write(claim: SessionClaim): string {
    const session = packRandom(claim.sessionId)
    const media = packRandom(claim.mediaId)
    if (session === undefined || media === undefined) throw new TypeError('A session is of random ids.')
    const permissions = PERMISSIONS.reduce((bits, name, index) => bits + (claim.permissions[name] ? 2 ** index : 0), 0)
    const parts = [
      Buffer.of(VERSION, KINDS.indexOf(claim.kind) + 16 * ROLES.indexOf(claim.role), permissions),
      ...[session, media, packId(claim.roomId), packId(claim.userId)],
      packNumber(claim.generation, TIME_BYTES),
      packNumber(claim.epoch, TIME_BYTES),
      packNumber(claim.expiresAt ?? 0, TIME_BYTES),
      Buffer.from(claim.userName, 'utf8'),
    ]
    return this.#seal.seal(Buffer.concat(parts))
  }

  /** Undefined for every text that no node of this cluster wrote. */
  read(text: string): SessionClaim | undefined {
    const plain = this.#seal.open(text)
    if (plain?.[0] !== VERSION) return undefined
    const reader = new PackedReader(plain.subarray(1))
    const [who, bits] = [reader.number(1) ?? 0, reader.number(1) ?? 0]
    const [sessionId, mediaId] = [reader.random(), reader.random()]
    const [roomId, userId] = [reader.id(), reader.id()]
    const [generation, epoch] = [reader.number(TIME_BYTES), reader.number(TIME_BYTES)]
    const expiresAt = reader.number(TIME_BYTES)
    const [kind, role] = [KINDS[who & 15], ROLES[who >> 4]]
    if (sessionId === undefined || mediaId === undefined || roomId === undefined || userId === undefined)
      return undefined
    if (generation === undefined || epoch === undefined || expiresAt === undefined) return undefined
    if (kind === undefined || role === undefined) return undefined
    const userName = reader.rest().toString('utf8')
    const has = PERMISSIONS.map((name, index) => [name, (bits & (2 ** index)) !== 0] as const)
    return {
      ...{ roomId, userId, sessionId, mediaId, kind, role, generation, epoch },
      userName: isUserName(userName) ? userName : userId,
      permissions: Object.fromEntries(has) as unknown as Permissions,
      expiresAt: expiresAt === 0 ? undefined : expiresAt,
    }
  }
}
