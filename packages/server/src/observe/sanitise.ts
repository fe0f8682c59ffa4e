import { observeLimits } from '../config/index.js'

/** Replaces a secret. */
export const REDACTED = '[redacted]'

/** Names (of fields, of query arguments) whose values never reach a log, compared without case, `-` and `_`. */
const SECRET_NAMES = new Set([
  ...[
    'token',
    'resumetoken',
    'mediatoken',
    'accesstoken',
    'secret',
    'txsecret',
    'hooksecret',
    'turnsecret',
    'jwtsecret',
  ],
  ...[
    'password',
    'passwd',
    'pwd',
    'credential',
    'authorization',
    'proxyauthorization',
    'cookie',
    'setcookie',
    'bearer',
  ],
  ...['apikey', 'privatekey', 'usersig', 'roomsig', 'privatemapkey', 'signature', 'icepwd', 'jwt'],
])
/** Secrets as well when they stand in a query; as a field, `key` names a stream of the hub. */
const SECRET_ARGUMENTS = new Set(['key', 'sig', 'auth', 'pass', 'sign'])

const ARGUMENT_NAME = /(?:[?&;]|^)([A-Za-z0-9_.-]{1,64})=/g
const ARGUMENT_END = /[&;\s"'<>]|$/g
const BEARER = /\b(Bearer|Basic)\s+[A-Za-z0-9._~+/=-]+/gi
const URL_USER = /(:\/\/)[^/?#@\s]+@/g
const ICE_PASSWORD = /(a=ice-pwd:)\S+/g
/** Controls, line separators and the marks that turn the direction of text: they would forge lines or hide names. */
const UNPRINTABLE = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu
const DEPTH = 4
const ENTRIES = 64

/** Whether a field of this name holds a secret. */
export function isSecretName(name: string): boolean {
  return SECRET_NAMES.has(plainName(name))
}

function plainName(name: string): string {
  return name.toLowerCase().replaceAll(/[-_]/g, '')
}

/** Takes secrets out of a text: query arguments, Bearer and Basic credentials, user:password in URLs, ICE passwords. */
export function redactText(text: string): string {
  return redactArguments(
    text.replace(URL_USER, `$1${REDACTED}@`).replace(BEARER, `$1 ${REDACTED}`).replace(ICE_PASSWORD, `$1${REDACTED}`),
  )
}

/** Goes from name to name and not from argument to argument: a harmless value may hold a secret, as in `?url=/x?token=y`. */
function redactArguments(text: string): string {
  let clean = ''
  let copied = 0
  ARGUMENT_NAME.lastIndex = 0
  for (let match = ARGUMENT_NAME.exec(text); match !== null; match = ARGUMENT_NAME.exec(text)) {
    if (!isSecretName(match[1]!) && !SECRET_ARGUMENTS.has(plainName(match[1]!))) continue
    clean += text.slice(copied, ARGUMENT_NAME.lastIndex) + REDACTED
    ARGUMENT_END.lastIndex = ARGUMENT_NAME.lastIndex
    copied = ARGUMENT_END.exec(text)!.index
    ARGUMENT_NAME.lastIndex = copied
  }
  return clean + text.slice(copied)
}

/** A text fit for one log line: no secret, nothing unprintable, not too long. */
export function sanitiseText(text: string): string {
  const bounded = text.length > observeLimits.logTextChars ? `${text.slice(0, observeLimits.logTextChars)}…` : text
  return redactText(bounded).replace(UNPRINTABLE, (character) => `\\u{${character.codePointAt(0)!.toString(16)}}`)
}

/** A copy of log fields with every text sanitised, secrets taken out, bytes counted, and depth and width bounded. */
export function sanitise(fields: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return sanitiseObject(fields, 0)
}

function sanitiseObject(fields: object, depth: number): Record<string, unknown> {
  const clean: Record<string, unknown> = {}
  let entries = 0
  for (const [name, value] of Object.entries(fields)) {
    if (++entries > ENTRIES) break
    clean[sanitiseText(name)] = isSecretName(name) && value !== undefined ? REDACTED : sanitiseValue(value, depth + 1)
  }
  return clean
}

function sanitiseValue(value: unknown, depth: number): unknown {
  if (typeof value === 'string') return sanitiseText(value)
  if (typeof value === 'bigint' || typeof value === 'symbol') return value.toString()
  if (typeof value === 'function') return undefined
  if (typeof value !== 'object' || value === null) return value
  if (value instanceof Error) return sanitiseError(value, depth)
  if (ArrayBuffer.isView(value)) return `<${String(value.byteLength)} bytes>`
  if (depth >= DEPTH) return '[…]'
  if (value instanceof URL) return sanitiseText(value.href)
  if (Array.isArray(value)) return value.slice(0, ENTRIES).map((item) => sanitiseValue(item, depth + 1))
  if (value instanceof Map) return sanitiseObject(Object.fromEntries(value) as object, depth)
  return sanitiseObject(value, depth)
}

function sanitiseError(error: Error & { code?: unknown }, depth: number): Record<string, unknown> {
  return {
    name: sanitiseText(error.name),
    ...(typeof error.code === 'string' ? { code: sanitiseText(error.code) } : {}),
    message: sanitiseText(error.message),
    ...(error.stack === undefined
      ? {}
      : {
          stack: error.stack
            .split('\n')
            .slice(1, 9)
            .map((line) => sanitiseText(line.trim())),
        }),
    ...(error.cause === undefined || depth >= DEPTH ? {} : { cause: sanitiseValue(error.cause, depth + 1) }),
  }
}
