import { randomBytes } from 'node:crypto'
import { authLimits } from '../config/index.js'
import type { EntryCredentials } from './entry-verifier.js'

/** The credentials with which the holder of a ticket enters a room. */
export type TicketedEntry = Omit<EntryCredentials, 'remoteAddress'> & { readonly userName?: string | undefined }

/** 128 bits. */
const TICKET_BYTES = 16

/**
 * One-time names for credentials, valid for a minute, so that a link can carry an entry without a signature. Bounded:
 * when full, the oldest is dropped.
 */
export class EntryTickets {
  readonly #nowMs: () => number
  /** Ticket to entry, in order of making and so of expiry. */
  readonly #entries = new Map<string, { readonly entry: TicketedEntry; readonly expiresAt: number }>()

  /** `nowMs` is the wall clock. */
  constructor(nowMs: () => number) {
    this.#nowMs = nowMs
  }

  get size(): number {
    return this.#entries.size
  }

  /** 22 characters of `[A-Za-z0-9_-]`, and until when (Unix milliseconds). */
  make(entry: TicketedEntry): { readonly ticket: string; readonly expiresAt: number } {
    const now = this.#nowMs()
    for (const [ticket, { expiresAt }] of this.#entries) {
      if (expiresAt > now && this.#entries.size < authLimits.entryTickets) break
      this.#entries.delete(ticket)
    }
    const ticket = randomBytes(TICKET_BYTES).toString('base64url')
    const expiresAt = now + authLimits.entryTicketMs
    this.#entries.set(ticket, { entry, expiresAt })
    return { ticket, expiresAt }
  }

  /** The credentials at the first redemption in time; undefined otherwise. */
  redeem(ticket: string): TicketedEntry | undefined {
    const found = this.#entries.get(ticket)
    this.#entries.delete(ticket)
    return found !== undefined && found.expiresAt > this.#nowMs() ? found.entry : undefined
  }
}
