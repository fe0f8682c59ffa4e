import type { FastifyInstance, FastifyRequest } from 'fastify'
import type { ZodTypeProvider } from 'fastify-type-provider-zod'
import { serializerCompiler, validatorCompiler } from 'fastify-type-provider-zod'
import { z } from 'zod'
import { canonicalRoomId, isRoomId, isUserId } from '@crossroom/protocol'
import { authLimits } from '../config/index.js'
import type { EntryTickets, EntryVerifier, TicketedEntry } from '../auth/index.js'
import type { AddressRates } from '../net/index.js'
import type { Audit, Log } from '../observe/index.js'
import { answerErrorsAsJson, ApiError } from './errors.js'

export interface DesktopDeps {
  readonly verifier: EntryVerifier
  readonly tickets: TicketBook
  readonly rates: AddressRates
  readonly clock: { now(): number }
  readonly log: Log
  readonly audit: Audit
  readonly clientAddress: (request: FastifyRequest['raw']) => string
}

/** The tickets of this server, or of all nodes of a cluster. */
export interface TicketBook {
  make(entry: TicketedEntry): ReturnType<EntryTickets['make']>
  redeem(ticket: string): TicketedEntry | undefined | Promise<TicketedEntry | undefined>
}

const { ticketNameChars, ticketSignatureChars } = authLimits

const ticketRequest = z.object({
  roomId: z
    .union([z.string(), z.number()])
    .refine(isRoomId, 'must be a number up to 4294967295, or 1 to 64 of A-Z a-z 0-9 _ -'),
  userId: z.string().refine(isUserId, 'must be 1 to 32 of A-Z a-z 0-9 _ -'),
  userName: z.string().max(ticketNameChars).optional(),
  sdkAppId: z.int().positive().optional(),
  userSig: z.string().max(ticketSignatureChars).optional(),
  privateMapKey: z.string().max(ticketSignatureChars).optional(),
})

const redeemRequest = z.object({ ticket: z.string().max(64) })

/**
 * `POST /api/v1/desktop/ticket` issues a ticket for a `crossroom://` link to a user with permission to enter; `POST
 * /api/v1/desktop/redeem` returns the credentials to the first client with the ticket, within a minute. Both are on the
 * public port, for pages.
 */
export async function registerDesktop(app: FastifyInstance, deps: DesktopDeps): Promise<void> {
  await app.register(
    (scope, _options, done) => {
      scope.setValidatorCompiler(validatorCompiler)
      scope.setSerializerCompiler(serializerCompiler)
      answerErrorsAsJson(scope, (error) => {
        deps.log.error({ error }, 'A request for a ticket failed')
      })
      scope.addHook('onRequest', (request, reply, next) => {
        void reply.header('cache-control', 'no-store')
        const wait = deps.rates.take(deps.clock.now(), deps.clientAddress(request.raw))
        next(
          wait > 0
            ? new ApiError(429, 'TOO_MANY_REQUESTS', 'Too many tickets were requested. Wait a moment.')
            : undefined,
        )
      })
      const typed = scope.withTypeProvider<ZodTypeProvider>()
      typed.post('/ticket', { schema: { hide: true, body: ticketRequest } }, async (request) => {
        const { roomId, userName, ...signed } = request.body
        const credentials = { ...signed, roomId: canonicalRoomId(roomId) }
        const answer = await deps.verifier.check({ ...credentials, remoteAddress: deps.clientAddress(request.raw) })
        if ('code' in answer) throw new ApiError(403, answer.code, answer.sentence)
        return deps.tickets.make({ ...credentials, userName })
      })
      typed.post('/redeem', { schema: { hide: true, body: redeemRequest } }, async (request) => {
        const entry = await deps.tickets.redeem(request.body.ticket)
        if (entry !== undefined) return entry
        deps.audit.refused({ what: 'redeem', from: deps.clientAddress(request.raw), code: 'TICKET_GONE' })
        throw new ApiError(
          404,
          'TICKET_GONE',
          'The ticket has been used or is older than a minute. Open the link again.',
        )
      })
      done()
    },
    { prefix: '/api/v1/desktop' },
  )
}
