import { createHmac } from 'node:crypto'
import { asciiBytes, encodeStun, type StunDraft } from '../stun/write.js'
import type { IceCredentials } from './credentials.js'

export const hmacSha1 = (key: Uint8Array, data: Uint8Array): Uint8Array => createHmac('sha1', key).update(data).digest()

/** A counter in place of randomness: every call gives other bytes, every run the same. */
export function countingBytes(): (length: number) => Uint8Array {
  let next = 1
  return (length) => Uint8Array.from({ length }, () => (next = (next * 5 + 3) & 0xff))
}

export const browser: IceCredentials = { usernameFragment: 'kq9B', password: 'p7kQx0fVt3nZ2sLr8mYw5cHd' }

/** The check that a controlling browser sends to the server whose credentials are `server`. */
export function makeCheck(server: IceCredentials, change: Partial<StunDraft> = {}, remote = browser): Uint8Array {
  return encodeStun({ ...draftOf(server, remote), integrityKey: asciiBytes(server.password), ...change }, hmacSha1)
}

/** The same without MESSAGE-INTEGRITY: what somebody sends who only saw the user names on the wire. */
export function makeUnsignedCheck(server: IceCredentials): Uint8Array {
  return encodeStun(draftOf(server, browser), hmacSha1)
}

function draftOf(server: IceCredentials, remote: IceCredentials): StunDraft {
  return {
    class: 'request',
    transactionId: Uint8Array.from({ length: 12 }, (_, index) => index * 17),
    username: `${server.usernameFragment}:${remote.usernameFragment}`,
    priority: 0x6e7f00ff,
    role: { is: 'controlling', tieBreaker: new Uint8Array(8).fill(9) },
  }
}
