import { generateKeyPairSync } from 'node:crypto'
import { createRequire } from 'node:module'
import { deflateSync } from 'node:zlib'
import { expect, test } from 'vitest'
import { ALL_PRIVILEGES, makePrivateMapKey, parseRoomRecord, permissionsOf } from './private-map-key.js'
import { verifyPrivateMapKey, writeRoomRecord, byteLengthOfRoomRecord } from './private-map-key.js'
import { openTicket, sealTicket } from './signed-ticket.js'
import { vectors } from './user-sig.cases.js'
import { makeTicket, makeTicketVersion1, verifyTicket, type TicketOptions } from './user-sig.js'

const { secret, sdkAppId, issuedAtSeconds } = vectors
const NOW = issuedAtSeconds * 1000
const options: TicketOptions = { userId: 'alice', sdkAppId, issuedAtSeconds, expireSeconds: 86_400 }

/** The library that back-ends of today sign with. */
interface Library {
  genUserSig(userId: string, expire: number): string
  genPrivateMapKey(userId: string, expire: number, room: number, privileges: number): string
  genPrivateMapKeyWithStringRoomID(userId: string, expire: number, room: string, privileges: number): string
}
const { Api } = createRequire(import.meta.url)('tls-sig-api-v2') as {
  Api: new (sdkAppId: number, key: string) => Library
}

test('the vector of version 2 is right, and ours has the same signature', () => {
  const { userSig } = vectors
  const checked = verifyTicket({ secret }, userSig.text, NOW)
  expect(checked).toEqual({
    verdict: 'valid',
    ticket: { userId: 'alice', sdkAppId, expiresAt: NOW + 86_400_000, userbuf: undefined },
  })
  const ours = makeTicket(secret, options)
  expect(openTicket(ours)).toEqual(openTicket(userSig.text))
  expect(openTicket(ours)?.['TLS.sig']).toBe(userSig.signature)
})

test.each(vectors.records)('the record of a privateMapKey, $hex', ({ record, hex }) => {
  expect(parseRoomRecord(Buffer.from(hex, 'hex'))).toEqual(record)
  const out = new Uint8Array(byteLengthOfRoomRecord(record) + 2)
  expect(writeRoomRecord(record, out, 1)).toBe(out.length - 1)
  expect(Buffer.from(out.subarray(1, -1)).toString('hex')).toBe(hex)
})

test('the vector of a privateMapKey is right', () => {
  const ours = makePrivateMapKey(secret, vectors.records[0].record, issuedAtSeconds)
  expect(openTicket(ours)?.['TLS.sig']).toBe(vectors.privateMapKeySignature)
  expect(verifyPrivateMapKey({ secret }, ours, NOW)).toEqual({ verdict: 'valid', record: vectors.records[0].record })
})

test("what Tencent's library signs is accepted", () => {
  const api = new Api(sdkAppId, secret)
  const now = Date.now()
  expect(verifyTicket({ secret }, api.genUserSig('bob_1-x', 60), now)).toMatchObject({
    verdict: 'valid',
    ticket: { userId: 'bob_1-x', sdkAppId },
  })
  const byNumber = verifyPrivateMapKey({ secret }, api.genPrivateMapKey('bob', 60, 0xfffffff0, ALL_PRIVILEGES), now)
  expect(byNumber.record).toMatchObject({ userId: 'bob', room: 0xfffffff0, privileges: 255 })
  const byText = verifyPrivateMapKey({ secret }, api.genPrivateMapKeyWithStringRoomID('bob', 60, 'r-1', 42), now)
  expect(byText.record).toMatchObject({ userId: 'bob', room: 'r-1', privileges: 42 })
})

test.each(['P-256', 'secp256k1', 'P-384'])('version 1 on the curve %s', (namedCurve) => {
  const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve })
  const text = makeTicketVersion1(privateKey, { ...options, userbuf: Uint8Array.of(1, 2, 3) })
  expect(verifyTicket({ publicKey }, text, NOW)).toEqual({
    verdict: 'valid',
    ticket: { userId: 'alice', sdkAppId, expiresAt: NOW + 86_400_000, userbuf: Buffer.of(1, 2, 3) },
  })
  const other = generateKeyPairSync('ec', { namedCurve })
  expect(verifyTicket({ publicKey: other.publicKey }, text, NOW).verdict).toBe('invalid')
  expect(verifyTicket({ secret }, text, NOW).verdict).toBe('no-key')
  expect(verifyTicket({ publicKey }, makeTicket(secret, options), NOW).verdict).toBe('no-key')
})

test('a ticket runs out, 60 s of difference are forgiven', () => {
  const text = makeTicket(secret, options)
  expect(verifyTicket({ secret }, text, NOW + 86_460_000).verdict).toBe('valid')
  expect(verifyTicket({ secret }, text, NOW + 86_460_001).verdict).toBe('expired')
  expect(verifyTicket({ secret: 'another' }, text, NOW + 86_460_001).verdict).toBe('invalid')
})

test('the record may run out before its ticket', () => {
  const record = { ...vectors.records[0].record, expiresAtSeconds: issuedAtSeconds + 60 }
  const userbuf = new Uint8Array(byteLengthOfRoomRecord(record))
  writeRoomRecord(record, userbuf, 0)
  const text = makeTicket(secret, { ...options, userbuf })
  expect(verifyPrivateMapKey({ secret }, text, NOW).record?.expiresAtSeconds).toBe(issuedAtSeconds + 60)
  expect(verifyPrivateMapKey({ secret }, text, NOW + 120_001).verdict).toBe('expired')
})

const fields = openTicket(vectors.userSig.text)!
test.each<[string, string]>([
  ['nothing', ''],
  ['other letters', 'eJyr+'],
  ['no zlib', 'AAAA'],
  ['a bomb', sealed(Buffer.alloc(2_000_000, 0x20))],
  ['more text than any ticket has', 'e'.repeat(2049)],
  ['no object', sealed(Buffer.from('[]'))],
  ['another user', sealTicket({ ...fields, 'TLS.identifier': 'bob' })],
  ['a longer life', sealTicket({ ...fields, 'TLS.expire': 864_000 })],
  ['numbers as texts', sealTicket({ ...fields, 'TLS.expire': '86400' })],
  ['a line break in the user', sealTicket({ ...fields, 'TLS.identifier': 'alice\nTLS.sdkappid:1' })],
  ['a record that was not signed', sealTicket({ ...fields, 'TLS.userbuf': 'AAAA' })],
  ['no signature', sealTicket({ ...fields, 'TLS.sig': undefined })],
  ['a version that is none', sealTicket({ ...fields, 'TLS.ver': '3.0' })],
])('a ticket with %s is invalid', (_name, text) => {
  expect(verifyTicket({ secret }, text, NOW).verdict).toBe('invalid')
})

test.each([
  ['of another user than its ticket', { userId: 'bob' }],
  ['of another application', { sdkAppId: 1 }],
])('a record %s is invalid', (_name, change) => {
  const record = { ...vectors.records[0].record, ...change }
  const userbuf = new Uint8Array(byteLengthOfRoomRecord(record))
  writeRoomRecord(record, userbuf, 0)
  expect(verifyPrivateMapKey({ secret }, makeTicket(secret, { ...options, userbuf }), NOW).verdict).toBe('invalid')
})

test('each bit of the privilege map is one permission', () => {
  const names = [0, 1, 2, 3, 4, 5, 6, 7].map((bit) =>
    Object.entries(permissionsOf(1 << bit))
      .filter(([, allowed]) => allowed)
      .map(([name]) => name),
  )
  expect(names).toEqual([
    ...[['createRoom'], ['enter'], ['sendAudio'], ['receiveAudio']],
    ...[['sendVideo'], ['receiveVideo'], ['sendAux'], ['receiveAux']],
  ])
})

function sealed(bytes: Buffer): string {
  const letters: Record<string, string> = { '+': '*', '/': '-', '=': '_' }
  return deflateSync(bytes)
    .toString('base64')
    .replaceAll(/[+/=]/g, (letter) => letters[letter]!)
}
