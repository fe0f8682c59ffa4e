import { z } from 'zod'
import type { EntryTickets, TicketedEntry } from '../auth/index.js'
import { authLimits } from '../config/index.js'
import type { OtherNodes } from '../endpoints/index.js'

/** The question of a node to the one that made a ticket. */
const VERB = 'redeem-ticket'
const TAG_CHARS = 4
const { ticketNameChars, ticketSignatureChars } = authLimits

const asked = z.object({ ticket: z.string().max(64) })
const answered = z.object({
  entry: z.object({
    roomId: z.string().max(64),
    userId: z.string().max(32).optional(),
    userName: z.string().max(ticketNameChars).optional(),
    sdkAppId: z.number().optional(),
    userSig: z.string().max(ticketSignatureChars).optional(),
    privateMapKey: z.string().max(ticketSignatureChars).optional(),
  }),
})

/** Tickets of all nodes: each begins with the tag of the node that made it, and that alone redeems it. */
export class TicketsOfNodes {
  readonly #own: EntryTickets
  readonly #others: OtherNodes

  constructor(own: EntryTickets, others: OtherNodes) {
    this.#own = own
    this.#others = others
    others.on(VERB, (body) => {
      const { data } = asked.safeParse(body)
      return { entry: data && own.redeem(data.ticket) }
    })
  }

  make(entry: TicketedEntry): ReturnType<EntryTickets['make']> {
    const { ticket, expiresAt } = this.#own.make(entry)
    return { ticket: this.#others.tag + ticket, expiresAt }
  }

  /** Undefined for a used, late or foreign ticket, and when its node does not answer. */
  async redeem(text: string): Promise<TicketedEntry | undefined> {
    const [tag, ticket] = [text.slice(0, TAG_CHARS), text.slice(TAG_CHARS)]
    if (tag === this.#others.tag) return this.#own.redeem(ticket)
    if (!this.#others.has(tag)) return undefined
    const answer = await this.#others.ask(tag, VERB, { ticket }).catch(() => undefined)
    return answered.safeParse(answer).data?.entry
  }
}
