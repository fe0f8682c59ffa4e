import type { FastifyInstance, FastifyRequest } from 'fastify'
import type { ZodTypeProvider } from 'fastify-type-provider-zod'
import { serializerCompiler, validatorCompiler } from 'fastify-type-provider-zod'
import { z } from 'zod'
import { isRoomId, isUserId } from '@crossroom/protocol'
import { ALL_PRIVILEGES, makePrivateMapKey, makeTicket, recordRoomOf } from '../auth/index.js'
import { originsOf, type AddressOptions, type AddressRates } from '../net/index.js'
import type { Log } from '../observe/index.js'
import { answerErrorsAsJson, ApiError } from './errors.js'

/** The room that `--demo` has a simulated phone in. */
export const DEMO_ROOM = 'demo'

/** Signs for every client: only for servers that every user may enter anyway. */
export interface DemoSigner {
  readonly sdkAppId: number
  /** Absent in open mode, which needs no signatures. */
  readonly secret: string | undefined
}

export interface DemoDeps extends AddressOptions {
  /** Absent unless the server runs in open mode or with `--demo`. */
  readonly signer: DemoSigner | undefined
  /** Whether pages of every origin may ask: with `--demo`, so that a developer's page gets credentials. */
  readonly foreignPages: boolean
  readonly rates: AddressRates
  readonly clock: { now(): number }
  /** Wall clock in milliseconds. */
  readonly nowMs: () => number
  readonly log: Log
  readonly clientAddress: (request: FastifyRequest['raw']) => string
}

/** The credentials of one user for one room. */
export interface DemoSignatures {
  readonly sdkAppId: number
  readonly userSig?: string
  readonly privateMapKey?: string
}

/** How long a signature of the demo is good for. */
const EXPIRE_SECONDS = 86_400

/** Signs for one user, and for one room if it is given; `privileges` limit the permissions there, by default all. */
export function signForDemo(
  { sdkAppId, secret }: DemoSigner,
  userId: string,
  roomId: string | number | undefined,
  nowMs: number,
  privileges = ALL_PRIVILEGES,
): DemoSignatures {
  if (secret === undefined) return { sdkAppId }
  const issuedAtSeconds = Math.floor(nowMs / 1000)
  const userSig = makeTicket(secret, { userId, sdkAppId, issuedAtSeconds, expireSeconds: EXPIRE_SECONDS })
  if (roomId === undefined) return { sdkAppId, userSig }
  const expiresAtSeconds = issuedAtSeconds + EXPIRE_SECONDS
  const record = { userId, sdkAppId, room: recordRoomOf(roomId), expiresAtSeconds, privileges }
  return { sdkAppId, userSig, privateMapKey: makePrivateMapKey(secret, record, issuedAtSeconds) }
}

const CORS = {
  'Access-Control-Allow-Origin': '*',
  'Access-Control-Allow-Methods': 'POST, OPTIONS',
  'Access-Control-Allow-Headers': 'Content-Type',
  'Access-Control-Max-Age': '86400',
} as const

const tokenRequest = z.object({
  userId: z.string().refine(isUserId, 'must be 1 to 32 of A-Z a-z 0-9 _ -'),
  roomId: z
    .union([z.string(), z.number()])
    .refine(isRoomId, 'must be a number up to 4294967295, or 1 to 64 of A-Z a-z 0-9 _ -'),
})

/**
 * `POST /api/v1/demo/token`, on the public port: signatures for the server's pages, in open mode and with `--demo`;
 * and `rtmp`, the start of the push addresses that a page shows for encoders.
 */
export async function registerDemo(app: FastifyInstance, deps: DemoDeps): Promise<void> {
  await app.register(
    (scope, _options, done) => {
      scope.setValidatorCompiler(validatorCompiler)
      scope.setSerializerCompiler(serializerCompiler)
      answerErrorsAsJson(scope, (error) => {
        deps.log.error({ error }, 'A request for a signature of the demo failed')
      })
      if (deps.foreignPages) allowForeignPages(scope)
      scope
        .withTypeProvider<ZodTypeProvider>()
        .post('/token', { schema: { hide: true, body: tokenRequest } }, (request, reply) => {
          if (deps.signer === undefined)
            throw new ApiError(404, 'NO_DEMO', 'This server issues signatures only with --demo.')
          if (deps.rates.take(deps.clock.now(), deps.clientAddress(request.raw)) > 0)
            throw new ApiError(429, 'TOO_MANY_REQUESTS', 'Too many signatures were requested. Wait a moment.')
          const { userId, roomId } = request.body
          void reply.header('cache-control', 'no-store')
          const { rtmp } = originsOf(request.raw, deps)
          return { ...signForDemo(deps.signer, userId, roomId, deps.nowMs()), rtmp }
        })
      done()
    },
    { prefix: '/api/v1/demo' },
  )
}

/** Errors have the headers too, so that a page can read them. */
function allowForeignPages(scope: FastifyInstance): void {
  scope.addHook('onRequest', (_request, reply, done) => {
    void reply.headers(CORS)
    done()
  })
  scope.options('/token', { schema: { hide: true } }, (_request, reply) => reply.status(204).send())
}
