import { createHmac, createSign, createVerify, type KeyObject } from 'node:crypto'
import { authLimits } from '../config/index.js'
import { equalSecrets } from './constant-time.js'
import { openTicket, sealTicket, type TicketFields } from './signed-ticket.js'

/**
 * UserSig, Tencent's signature of a user id, in both versions: 2 is keyed with a shared secret (HMAC-SHA256), 1 with a key
 * pair on any elliptic curve (ECDSA with SHA-256: applications before 2019 used secp256k1 and P-256 alike). A privateMapKey
 * is the same ticket with a `userbuf` (see private-map-key.ts).
 */

/** The contents of a verified ticket. */
export interface Ticket {
  readonly userId: string
  readonly sdkAppId: number
  /** Unix milliseconds. */
  readonly expiresAt: number
  /** The record inside a privateMapKey; a UserSig has none. */
  readonly userbuf: Uint8Array | undefined
}

/** The keys for verification; a version without a key is refused with `no-key`. */
export interface TicketKeys {
  /** Version 2: the secret's text itself is the key. */
  readonly secret?: string | undefined
  /** The one before, whose tickets are still taken. */
  readonly previous?: string | undefined
  /** Version 1. */
  readonly publicKey?: KeyObject | undefined
}

/** Result of {@link verifyTicket}. */
export type TicketVerdict =
  | { readonly verdict: 'valid'; readonly ticket: Ticket }
  | { readonly verdict: 'invalid' | 'expired' | 'no-key'; readonly ticket?: undefined }

/** The contents of a new ticket. */
export interface TicketOptions {
  readonly userId: string
  readonly sdkAppId: number
  /** Unix seconds. */
  readonly issuedAtSeconds: number
  readonly expireSeconds: number
  readonly userbuf?: Uint8Array | undefined
}

interface Read {
  readonly version: 1 | 2
  readonly userId: string
  readonly sdkAppId: number
  readonly issuedAtSeconds: number
  readonly expireSeconds: number
  readonly userbuf: string | undefined
  readonly signature: string
}

const USER_ID = /^[A-Za-z0-9_-]{1,32}$/
const BASE64 = /^[A-Za-z0-9+/]+={0,2}$/
const DIGITS = /^\d{1,15}$/
/** Written into every ticket of version 1. */
const VERSION_1 = '201512300000'

/** Checks a ticket in constant time; `nowMs` is the wall clock, 60 s of difference are forgiven. */
export function verifyTicket(keys: TicketKeys, text: string, nowMs: number): TicketVerdict {
  const fields = openTicket(text)
  return fields === undefined ? { verdict: 'invalid' } : verifyFields(keys, fields, nowMs)
}

/** The same for a ticket whose envelope was opened. */
export function verifyFields(keys: TicketKeys, fields: TicketFields, nowMs: number): TicketVerdict {
  const read = readVersion2(fields) ?? readVersion1(fields)
  if (read === undefined) return { verdict: 'invalid' }
  if ((read.version === 2 ? keys.secret : keys.publicKey) === undefined) return { verdict: 'no-key' }
  if (!isSigned(keys, read)) return { verdict: 'invalid' }
  const expiresAt = (read.issuedAtSeconds + read.expireSeconds) * 1000
  if (expiresAt + authLimits.clockLeewayMs < nowMs) return { verdict: 'expired' }
  const userbuf = read.userbuf === undefined ? undefined : Buffer.from(read.userbuf, 'base64')
  return { verdict: 'valid', ticket: { userId: read.userId, sdkAppId: read.sdkAppId, expiresAt, userbuf } }
}

/** Makes a ticket of version 2: a UserSig, or with a `userbuf` a privateMapKey. */
export function makeTicket(secret: string, options: TicketOptions): string {
  const userbuf = options.userbuf === undefined ? undefined : Buffer.from(options.userbuf).toString('base64')
  return sealTicket({
    'TLS.ver': '2.0',
    'TLS.identifier': options.userId,
    'TLS.sdkappid': options.sdkAppId,
    'TLS.time': options.issuedAtSeconds,
    'TLS.expire': options.expireSeconds,
    ...(userbuf === undefined ? {} : { 'TLS.userbuf': userbuf }),
    'TLS.sig': hmac(secret, version2Text({ ...options, userbuf })),
  })
}

/** Makes a ticket of version 1, as back-ends of before 2019 do. */
export function makeTicketVersion1(privateKey: KeyObject, options: TicketOptions): string {
  const userbuf = options.userbuf === undefined ? undefined : Buffer.from(options.userbuf).toString('base64')
  const signer = createSign('sha256').update(version1Text({ ...options, userbuf }))
  return sealTicket({
    'TLS.account_type': '0',
    'TLS.identifier': options.userId,
    'TLS.appid_at_3rd': '0',
    'TLS.sdk_appid': String(options.sdkAppId),
    'TLS.expire_after': String(options.expireSeconds),
    'TLS.sig': signer.sign(privateKey, 'base64'),
    'TLS.time': String(options.issuedAtSeconds),
    'TLS.version': VERSION_1,
    ...(userbuf === undefined ? {} : { 'TLS.userbuf': userbuf }),
  })
}

type SignedPart = Omit<TicketOptions, 'userbuf'> & { readonly userbuf: string | undefined }

function isSigned(keys: TicketKeys, read: Read): boolean {
  if (read.version === 2)
    return [keys.secret, keys.previous].some(
      (secret) => secret !== undefined && equalSecrets(read.signature, hmac(secret, version2Text(read))),
    )
  return createVerify('sha256').update(version1Text(read)).verify(keys.publicKey!, read.signature, 'base64')
}

function hmac(secret: string, text: string): string {
  return createHmac('sha256', secret).update(text).digest('base64')
}

function version2Text({ userId, sdkAppId, issuedAtSeconds, expireSeconds, userbuf }: SignedPart): string {
  const lines = [
    `TLS.identifier:${userId}`,
    `TLS.sdkappid:${String(sdkAppId)}`,
    `TLS.time:${String(issuedAtSeconds)}`,
    `TLS.expire:${String(expireSeconds)}`,
  ]
  return joinLines(lines, userbuf)
}

function version1Text({ userId, sdkAppId, issuedAtSeconds, expireSeconds, userbuf }: SignedPart): string {
  const lines = [
    'TLS.appid_at_3rd:0',
    'TLS.account_type:0',
    `TLS.identifier:${userId}`,
    `TLS.sdk_appid:${String(sdkAppId)}`,
    `TLS.time:${String(issuedAtSeconds)}`,
    `TLS.expire_after:${String(expireSeconds)}`,
  ]
  return joinLines(lines, userbuf)
}

function joinLines(lines: readonly string[], userbuf: string | undefined): string {
  const all = userbuf === undefined ? lines : [...lines, `TLS.userbuf:${userbuf}`]
  return `${all.join('\n')}\n`
}

function readVersion2(fields: TicketFields): Read | undefined {
  if (fields['TLS.ver'] !== '2.0') return undefined
  return read(2, fields, {
    sdkAppId: numberOf(fields['TLS.sdkappid']),
    issuedAtSeconds: numberOf(fields['TLS.time']),
    expireSeconds: numberOf(fields['TLS.expire']),
  })
}

function readVersion1(fields: TicketFields): Read | undefined {
  if (fields['TLS.version'] !== VERSION_1) return undefined
  // Both are signed as "0", so anything else in the JSON has not been signed at all.
  if (fields['TLS.account_type'] !== '0' || fields['TLS.appid_at_3rd'] !== '0') return undefined
  return read(1, fields, {
    sdkAppId: numberOfText(fields['TLS.sdk_appid']),
    issuedAtSeconds: numberOfText(fields['TLS.time']),
    expireSeconds: numberOfText(fields['TLS.expire_after']),
  })
}

/** The line breaks between the signed lines keep them apart, so no field may hold one: each has its own alphabet. */
function read(
  version: 1 | 2,
  fields: TicketFields,
  numbers: Record<'sdkAppId' | 'issuedAtSeconds' | 'expireSeconds', number | undefined>,
): Read | undefined {
  const { 'TLS.identifier': userId, 'TLS.userbuf': userbuf, 'TLS.sig': signature } = fields
  const { sdkAppId, issuedAtSeconds, expireSeconds } = numbers
  if (typeof userId !== 'string' || !USER_ID.test(userId)) return undefined
  if (typeof signature !== 'string' || !BASE64.test(signature)) return undefined
  if (userbuf !== undefined && (typeof userbuf !== 'string' || !BASE64.test(userbuf))) return undefined
  if (sdkAppId === undefined || issuedAtSeconds === undefined || expireSeconds === undefined) return undefined
  return { version, userId, sdkAppId, issuedAtSeconds, expireSeconds, userbuf, signature }
}

function numberOf(value: unknown): number | undefined {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0 ? value : undefined
}

/** Leading zeros would be signed differently than they are read. */
function numberOfText(value: unknown): number | undefined {
  if (typeof value !== 'string' || !DIGITS.test(value) || String(Number(value)) !== value) return undefined
  return Number(value)
}
