import { deflateSync, inflateSync } from 'node:zlib'
import { authLimits } from '../config/index.js'

/**
 * The envelope of UserSig (both versions) and privateMapKey: JSON, deflated as RFC 1950, in base64 with `*`, `-` and
 * `_` instead of `+`, `/` and `=`.
 */

/** The members of the JSON inside. Nothing in it has been checked. */
export type TicketFields = Readonly<Record<string, unknown>>

const ALPHABET = /^[A-Za-z0-9*\-_]+$/
const TO_STANDARD: Readonly<Record<string, string>> = { '*': '+', '-': '/', _: '=' }
const FROM_STANDARD: Readonly<Record<string, string>> = { '+': '*', '/': '-', '=': '_' }

/** Opens the envelope; undefined when it is none, is too long, or unpacks to more than a ticket can hold. */
export function openTicket(text: string): TicketFields | undefined {
  if (text.length > authLimits.ticketChars || !ALPHABET.test(text)) return undefined
  const packed = Buffer.from(
    text.replaceAll(/[*\-_]/g, (letter) => TO_STANDARD[letter]!),
    'base64',
  )
  try {
    const json = inflateSync(packed, { maxOutputLength: authLimits.ticketBytes }).toString('utf8')
    const fields: unknown = JSON.parse(json)
    return typeof fields === 'object' && fields !== null && !Array.isArray(fields)
      ? (fields as TicketFields)
      : undefined
  } catch {
    return undefined
  }
}

/** Puts fields into the envelope. */
export function sealTicket(fields: TicketFields): string {
  const base64 = deflateSync(JSON.stringify(fields)).toString('base64')
  return base64.replaceAll(/[+/=]/g, (letter) => FROM_STANDARD[letter]!)
}
