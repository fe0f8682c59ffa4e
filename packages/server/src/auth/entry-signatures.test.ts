import { generateKeyPairSync } from 'node:crypto'
import { createLocalJWKSet, exportJWK, SignJWT } from 'jose'
import fc from 'fast-check'
import { beforeEach, expect, test } from 'vitest'
import { isErrorCode } from '@crossroom/protocol'
import { Audit, createLog, silentLog, type Log } from '../observe/index.js'
import { EntrySignatures, type EntrySignatureOptions } from './entry-signatures.js'
import type { EntryCredentials } from './entry-verifier.js'
import { FailureGuard } from './failure-guard.js'
import { ALL_PERMISSIONS, type Identity } from './identity.js'
import { makeBoundUserSig, makePrivateMapKey, permissionsOf, type RoomRecord } from './private-map-key.js'
import { makeTicket, type TicketOptions } from './user-sig.js'

const SECONDS = 1_700_000_000
const NOW = SECONDS * 1000
const SECRET = 'the secret of the test'
const JWT_SECRET = 'the secret of JWTs'

let delays: number[]
let log: Log
beforeEach(() => {
  delays = []
  log = silentLog
})

function makeVerifier(options: Partial<EntrySignatureOptions> = {}): EntrySignatures {
  const guard = new FailureGuard(
    () => 0,
    (ms) => Promise.resolve(void delays.push(ms)),
  )
  const defaults = { sdkAppId: 7, tickets: { secret: SECRET }, jwt: {}, privateMapKey: 'optional' } as const
  return new EntrySignatures({ ...defaults, ...options }, { nowMs: () => NOW, guard, audit: new Audit(log) })
}

const sig = (change: Partial<TicketOptions> = {}, secret = SECRET): string =>
  makeTicket(secret, { userId: 'alice', sdkAppId: 7, issuedAtSeconds: SECONDS, expireSeconds: 600, ...change })

const key = (change: Partial<RoomRecord> = {}, secret = SECRET): string => {
  const record = { userId: 'alice', sdkAppId: 7, room: 42, expiresAtSeconds: SECONDS + 300, privileges: 255 }
  return makePrivateMapKey(secret, { ...record, ...change }, SECONDS - 900)
}

const entry = (change: Partial<EntryCredentials> = {}): EntryCredentials => ({
  ...{ sdkAppId: 7, roomId: '42', userId: 'alice', userSig: sig(), remoteAddress: '10.0.0.1' },
  ...change,
})

const sign = (claims: Record<string, unknown>, secret = JWT_SECRET): Promise<string> =>
  new SignJWT({ sub: 'alice', room: 42, exp: SECONDS + 600, ...claims })
    .setProtectedHeader({ alg: 'HS256' })
    .sign(new TextEncoder().encode(secret))

test('a UserSig lets its user do everything in every room until it runs out', async () => {
  const identity = { userId: 'alice', permissions: ALL_PERMISSIONS, expiresAt: NOW + 600_000, isOwner: false }
  expect(await makeVerifier().verify(entry())).toEqual(identity)
  expect(await makeVerifier().verify(entry({ roomId: 'another', userId: undefined, sdkAppId: undefined }))).toEqual(
    identity,
  )
})

test('a privateMapKey narrows it to one room, its bits and the earlier expiry', async () => {
  const answer = await makeVerifier().verify(entry({ privateMapKey: key({ privileges: 42 }) }))
  const none = { createRoom: false, sendAudio: false, sendVideo: false, sendAux: false, receiveAux: false }
  expect(answer).toMatchObject({ permissions: { ...ALL_PERMISSIONS, ...none }, expiresAt: NOW + 300_000 })
  expect(await makeVerifier().verify(entry({ privateMapKey: key({ room: '42' }) }))).not.toHaveProperty('code')
})

test.each<[string, Partial<EntryCredentials>]>([
  ['USER_SIG_MISSING', { userSig: undefined }],
  ['USER_SIG_MISSING', { userSig: '' }],
  ['USER_SIG_INVALID', { userSig: 'nonsense' }],
  ['USER_SIG_INVALID', { userSig: sig({}, 'another secret') }],
  ['USER_SIG_INVALID', { userSig: key() }],
  ['USER_SIG_EXPIRED', { userSig: sig({ issuedAtSeconds: SECONDS - 661 }) }],
  ['USER_SIG_OTHER_APP', { sdkAppId: 8 }],
  ['USER_SIG_OTHER_APP', { userSig: sig({ sdkAppId: 8 }) }],
  ['USER_SIG_OTHER_USER', { userId: 'bob' }],
  ['MAP_KEY_INVALID', { privateMapKey: key({}, 'another secret') }],
  ['MAP_KEY_INVALID', { privateMapKey: sig() }],
  ['MAP_KEY_EXPIRED', { privateMapKey: key({ expiresAtSeconds: SECONDS - 61 }) }],
  ['MAP_KEY_OTHER_USER', { privateMapKey: key({ userId: 'bob' }) }],
  ['MAP_KEY_OTHER_ROOM', { privateMapKey: key({ room: 43 }) }],
  ['MAP_KEY_OTHER_ROOM', { privateMapKey: key({ room: 'x' }) }],
  ['NO_PERMISSION', { privateMapKey: key({ privileges: 253 }) }],
  ['JWT_INVALID', { userSig: 'a.b.c' }],
])('%s', async (code, change) => {
  const answer = await makeVerifier().verify(entry(change))
  expect(answer).toMatchObject({ code, sentence: expect.stringMatching(/^[A-Z].{10,120}\.$/) as string })
  expect(isErrorCode(code)).toBe(true)
})

test('a privateMapKey may be demanded', async () => {
  const verifier = makeVerifier({ privateMapKey: 'required' })
  expect(await verifier.verify(entry())).toMatchObject({ code: 'MAP_KEY_MISSING' })
  expect(await verifier.verify(entry({ privateMapKey: key() }))).not.toHaveProperty('code')
})

test('without any key the server is open to any user name', async () => {
  const verifier = makeVerifier({ tickets: {} })
  expect(verifier.isOpen).toBe(true)
  const anybody = { userId: 'alice', permissions: ALL_PERMISSIONS, expiresAt: undefined, isOwner: false }
  expect(await verifier.verify(entry({ userSig: undefined }))).toEqual(anybody)
  expect(await verifier.verify(entry({ userId: undefined }))).toMatchObject({ code: 'BAD_USER_ID' })
  expect(await verifier.verify(entry({ userId: 'a b' }))).toMatchObject({ code: 'BAD_USER_ID' })
  expect(makeVerifier({ tickets: {}, jwt: { secret: JWT_SECRET } }).isOpen).toBe(false)
})

test('the eleventh wrong signature of an address waits, a right one of it as well; one that ran out is no guess', async () => {
  const verifier = makeVerifier()
  for (let i = 0; i < 20; i++) await verifier.verify(entry({ userSig: sig({ issuedAtSeconds: 1 }) }))
  expect(await verifier.verify(entry())).not.toHaveProperty('code')
  for (let i = 0; i < 10; i++) await verifier.verify(entry({ userSig: 'wrong' }))
  expect(await verifier.verify(entry())).toMatchObject({ code: 'TOO_MANY_FAILURES' })
  expect(delays).toEqual([2000])
  expect(await verifier.verify(entry({ remoteAddress: '10.0.0.2' }))).not.toHaveProperty('code')
})

test('a JWT names its user, room, role and permissions', async () => {
  const verifier = makeVerifier({ jwt: { secret: JWT_SECRET }, privateMapKey: 'required' })
  const permissions = { roomCreate: false, canPublishSources: ['microphone'] }
  const answer = await verifier.verify(
    entry({ userId: undefined, userSig: await sign({ role: 'owner', permissions }) }),
  )
  expect(answer).toEqual({
    userId: 'alice',
    permissions: { ...ALL_PERMISSIONS, createRoom: false, sendVideo: false, sendAux: false },
    expiresAt: NOW + 600_000,
    isOwner: true,
  })
  const viewer = await verifier.verify(
    entry({ userSig: await sign({ room: '*', permissions: { canPublish: false } }) }),
  )
  expect(viewer).toMatchObject({ permissions: { sendAudio: false, receiveVideo: true }, isOwner: false })
})

test.each<[string, string, Record<string, unknown>, string?]>([
  ['a wrong key', 'JWT_INVALID', {}, 'another secret'],
  ['no expiry', 'JWT_INVALID', { exp: undefined }],
  ['an expiry in a far future', 'JWT_INVALID', { exp: SECONDS + 31 * 86_400 }],
  ['a time that has not come', 'JWT_INVALID', { nbf: SECONDS + 100 }],
  ['no room', 'JWT_INVALID', { room: undefined }],
  ['no user', 'JWT_INVALID', { sub: undefined }],
  ['a user that is none', 'JWT_INVALID', { sub: 'a b' }],
  ['a role that is none', 'JWT_INVALID', { role: 'admin' }],
  ['permissions that are none', 'JWT_INVALID', { permissions: { canPublish: 'yes' } }],
  ['once without an id', 'JWT_INVALID', { once: true }],
  ['once and an id that is no text', 'JWT_INVALID', { once: true, jti: ['one'] }],
  ['an expiry in the past', 'JWT_EXPIRED', { exp: SECONDS - 61 }],
  ['another room', 'JWT_OTHER_ROOM', { room: 43 }],
  ['another user', 'JWT_OTHER_USER', { sub: 'bob' }],
])('a JWT with %s: %s', async (_name, code, claims, secret) => {
  const verifier = makeVerifier({ jwt: { secret: JWT_SECRET } })
  const answer = await verifier.verify(entry({ userSig: await sign(claims, secret) }))
  expect(answer).toMatchObject({ code, sentence: expect.stringMatching(/^The token .*\.$/) as string })
  expect(isErrorCode(code)).toBe(true)
})

test('a token for one entry is good once', async () => {
  const verifier = makeVerifier({ jwt: { secret: JWT_SECRET } })
  const userSig = await sign({ jti: 'one', once: true })
  expect(await verifier.verify(entry({ userSig }))).not.toHaveProperty('code')
  expect(await verifier.verify(entry({ userSig }))).toMatchObject({ code: 'TOKEN_REPLAYED' })
  expect(await verifier.check(entry({ userSig }))).toMatchObject({ code: 'TOKEN_REPLAYED' })
  const many = await sign({ jti: 'many' })
  for (let i = 0; i < 2; i++) expect(await verifier.verify(entry({ userSig: many }))).not.toHaveProperty('code')
})

test('a one-time token whose entry was refused remains valid', async () => {
  const verifier = makeVerifier({ jwt: { secret: JWT_SECRET } })
  const userSig = await sign({ jti: 'one', once: true })
  const refused = (await verifier.verify(entry({ userSig }))) as Identity
  refused.notEntered!()
  expect(await verifier.verify(entry({ userSig }))).not.toHaveProperty('code')
  expect(await verifier.verify(entry({ userSig }))).toMatchObject({ code: 'TOKEN_REPLAYED' })
})

test('looking at a token for one entry does not use it up', async () => {
  const verifier = makeVerifier({ jwt: { secret: JWT_SECRET } })
  const userSig = await sign({ jti: 'one', once: true })
  for (let i = 0; i < 2; i++) expect(await verifier.check(entry({ userSig }))).toMatchObject({ userId: 'alice' })
  expect(await verifier.verify(entry({ userSig }))).not.toHaveProperty('code')
})

test.each(['RS256', 'ES256'] as const)(
  '%s is checked with the key set, and its public key is no HMAC key',
  async (alg) => {
    const pair =
      alg === 'RS256'
        ? generateKeyPairSync('rsa', { modulusLength: 2048 })
        : generateKeyPairSync('ec', { namedCurve: 'P-256' })
    const keys = createLocalJWKSet({ keys: [{ ...(await exportJWK(pair.publicKey)), kid: 'k', alg }] })
    const verifier = makeVerifier({ jwt: { keys, audience: 'crossroom' } })
    const claims = { sub: 'alice', room: 42, exp: SECONDS + 600 }
    const signed = (aud: string) =>
      new SignJWT({ ...claims, aud }).setProtectedHeader({ alg, kid: 'k' }).sign(pair.privateKey)
    expect(await verifier.verify(entry({ userSig: await signed('crossroom') }))).not.toHaveProperty('code')
    expect(await verifier.verify(entry({ userSig: await signed('another') }))).toMatchObject({
      ...{ code: 'JWT_INVALID', sentence: 'The token has a wrong "aud".' },
    })
    const pem = pair.publicKey.export({ type: 'spki', format: 'pem' }) as string
    const confused = await sign({ aud: 'crossroom' }, pem)
    expect(await verifier.verify(entry({ userSig: confused }))).toMatchObject({ code: 'JWT_INVALID' })
    const none = `${Buffer.from('{"alg":"none"}').toString('base64url')}.${Buffer.from(JSON.stringify(claims)).toString('base64url')}.AA`
    expect(await verifier.verify(entry({ userSig: none }))).toMatchObject({ code: 'JWT_INVALID' })
  },
)

const bound = (privileges: number, change: Partial<RoomRecord> = {}): string => {
  const record = { userId: 'alice', sdkAppId: 7, room: 42, expiresAtSeconds: SECONDS + 300, privileges, ...change }
  return makeBoundUserSig(SECRET, record, SECONDS - 900)
}

test('a bound UserSig never lets more than what it names, whatever privateMapKey comes along or is left away', async () => {
  const anyKey = fc.oneof(
    fc.constant(undefined),
    fc.constant(''),
    fc.nat(255).map((privileges) => key({ privileges: privileges | 2 })),
  )
  await fc.assert(
    fc.asyncProperty(
      fc.nat(255),
      anyKey,
      fc.constantFrom('optional', 'required'),
      async (bits, privateMapKey, mode) => {
        const privileges = bits | 2
        const verifier = makeVerifier({ privateMapKey: mode })
        const answer = (await verifier.verify(entry({ userSig: bound(privileges), privateMapKey }))) as Identity
        const named = permissionsOf(privileges)
        for (const [name, allowed] of Object.entries(answer.permissions))
          if (allowed) expect(named).toMatchObject({ [name]: true })
        if (privateMapKey === undefined) expect(answer.permissions).toEqual(named)
        expect(answer.expiresAt).toBeLessThanOrEqual(NOW + 300_000)
      },
    ),
  )
})

test.each<[string, Partial<EntryCredentials>]>([
  ['MAP_KEY_OTHER_ROOM', { userSig: bound(255), roomId: '43' }],
  ['NO_PERMISSION', { userSig: bound(253) }],
  ['MAP_KEY_OTHER_USER', { userSig: bound(255), privateMapKey: key({ userId: 'bob' }) }],
  ['MAP_KEY_INVALID', { privateMapKey: bound(255) }],
  ['USER_SIG_EXPIRED', { userSig: bound(255, { expiresAtSeconds: SECONDS - 100 }) }],
])('what a bound UserSig is not for is refused with %s', async (code, change) => {
  expect(await makeVerifier().verify(entry(change))).toMatchObject({ code })
})

test('two secrets are taken at a time, so that one can be changed: UserSigs, privateMapKeys and JWTs', async () => {
  const verifier = makeVerifier({
    tickets: { secret: 'the new one', previous: SECRET },
    jwt: { secret: 'the new one of JWTs', previous: JWT_SECRET },
  })
  for (const userSig of [sig(), sig({}, 'the new one'), await sign({}), await sign({}, 'the new one of JWTs')])
    expect(await verifier.verify(entry({ userSig }))).toMatchObject({ userId: 'alice' })
  for (const secret of [SECRET, 'the new one'])
    expect(await verifier.verify(entry({ privateMapKey: key({}, secret) }))).toMatchObject({ userId: 'alice' })
  expect(await verifier.verify(entry({ userSig: sig({}, 'an older one') }))).toMatchObject({ code: 'USER_SIG_INVALID' })
  const old = await sign({}, 'an older one')
  expect(await verifier.verify(entry({ userSig: old }))).toMatchObject({ code: 'JWT_INVALID' })
})

test('refused signatures are audited with subject, address and reason, without the signature', async () => {
  const lines: string[] = []
  log = createLog({ level: 'info', destination: { write: (line) => void lines.push(line) }, nowMs: () => 0 })
  const verifier = makeVerifier()
  const wrong = sig({}, 'another secret')
  for (const userSig of [undefined, sig(), wrong, sig({ expireSeconds: 0, issuedAtSeconds: SECONDS - 999 })])
    await verifier.verify(entry({ userSig }))
  await verifier.check(entry({ privateMapKey: 'wrong' }))
  const audited = { level: 'warn', kind: 'audit', what: 'enter', who: 'alice', from: '10.0.0.1', room: '42' }
  expect(lines.map((line) => JSON.parse(line) as object)).toMatchObject([
    { ...audited, code: 'USER_SIG_INVALID' },
    { ...audited, code: 'USER_SIG_EXPIRED' },
    { ...audited, code: 'MAP_KEY_INVALID' },
  ])
  expect(lines.join('')).not.toContain(wrong)
})
