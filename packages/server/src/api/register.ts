import swagger from '@fastify/swagger'
import type { FastifyInstance } from 'fastify'
import {
  jsonSchemaTransform,
  jsonSchemaTransformObject,
  serializerCompiler,
  validatorCompiler,
} from 'fastify-type-provider-zod'
import type { CallOperations } from '../calls/index.js'
import type { RoomOperations } from '../rooms/index.js'
import type { Log } from '../observe/index.js'
import { auditActs, requireAccess, type AccessOptions } from './access.js'
import { registerClusterRoutes, type ClusterView } from './cluster.js'
import { registerCallRoutes } from './calls.js'
import { answerErrorsAsJson } from './errors.js'
import { registerCompositeRoutes, type CompositeSource } from './composites.js'
import { registerForwardRoutes } from './forwards.js'
import type { Forwards } from './forwards.js'
import { registerMetrics, type ScrapedMetrics } from './health.js'
import type { Pulls } from '../pull/index.js'
import type { Pushes } from '../push/index.js'
import type { Recordings } from '../record/index.js'
import { registerPullRoutes } from './pulls.js'
import { registerPushRoutes } from './pushes.js'
import { registerRecordingRoutes } from './recordings.js'
import { registerRoomTokenRoutes } from './room-tokens.js'
import { registerRoomRoutes } from './rooms.js'
import { registerSnapshotRoutes, type PictureSource } from './snapshots.js'
import { registerConnectionRoutes, registerStreamRoutes, registerTokenRoutes } from './routes.js'
import type { StreamRouteDeps } from './routes.js'

/** Dependencies of the REST API. */
export interface ApiDeps extends StreamRouteDeps, AccessOptions {
  readonly log: Log
  readonly metrics: ScrapedMetrics
  /** Absent when nothing can forward; then `/forwards` is not there. */
  readonly forwards?: Forwards | undefined
  /** Absent when nothing is pulled; then `/pulls` is not there. */
  readonly pulls?: Pulls | undefined
  /** Absent when nothing is pushed; then `/pushes` is not there. */
  readonly pushes?: Pushes | undefined
  /** Absent without a folder for them; then `/recordings` is not there. */
  readonly recordings?: Recordings | undefined
  /** Absent without codecs; then there are no snapshots. */
  readonly snapshots?: PictureSource | undefined
  /** Absent on a node of its own; then `/cluster` does not exist. */
  readonly cluster?: ClusterView | undefined
  /** Absent without rooms; then `/rooms` does not exist. */
  readonly operations?: RoomOperations | undefined
  /** Absent without calls; then `/calls` does not exist. */
  readonly calls?: CallOperations | undefined
  /** Absent without rooms. */
  readonly composites?: CompositeSource | undefined
  /** Of the UserSigs that are made. */
  readonly sdkAppId: number
  /** Signs tokens of plain streams and UserSigs. */
  readonly secret: () => string | undefined
  /** Lets forwards go to private and loopback addresses. */
  readonly forwardPrivate: boolean
  readonly version: string
}

/**
 * Adds `/metrics` and `/api/v1/…` to an HTTP server that is not listening yet. The API's own validators, error shape and
 * access rule do not reach the other routes of the server.
 */
export async function registerApi(app: FastifyInstance, deps: ApiDeps): Promise<void> {
  await app.register((scope, _options, done) => {
    answerErrorsAsJson(scope, (error) => {
      deps.log.error({ error }, 'A request for metrics failed')
    })
    scope.addHook('onRequest', requireAccess(deps))
    registerMetrics(scope, deps.metrics)
    done()
  })
  await app.register(
    async (scope) => {
      scope.setValidatorCompiler(validatorCompiler)
      scope.setSerializerCompiler(serializerCompiler)
      answerErrorsAsJson(scope, (error) => {
        deps.log.error({ error }, 'An API request failed')
      })
      await registerDescription(scope, deps.version)
      await scope.register((guarded, _options, done) => {
        guarded.addHook('onRequest', requireAccess(deps))
        guarded.addHook('onResponse', auditActs(deps))
        registerStreamRoutes(guarded, deps)
        registerConnectionRoutes(guarded, deps)
        registerTokenRoutes(guarded, deps, deps.secret)
        const { operations } = deps
        if (operations !== undefined) registerRoomRoutes(guarded, { ...deps, operations })
        const { composites } = deps
        if (composites !== undefined) registerCompositeRoutes(guarded, { ...deps, ...composites })
        registerRoomTokenRoutes(guarded, deps)
        if (deps.calls !== undefined) registerCallRoutes(guarded, deps.calls)
        if (deps.snapshots !== undefined) registerSnapshotRoutes(guarded, { ...deps, snapshots: deps.snapshots })
        if (deps.pulls !== undefined) registerPullRoutes(guarded, deps.pulls)
        if (deps.pushes !== undefined) registerPushRoutes(guarded, deps.pushes)
        if (deps.recordings !== undefined) registerRecordingRoutes(guarded, deps.recordings)
        const { forwards, forwardPrivate: allowPrivate } = deps
        if (forwards !== undefined) registerForwardRoutes(guarded, { forwards, allowPrivate })
        if (deps.cluster !== undefined) registerClusterRoutes(guarded, deps.cluster)
        done()
      })
    },
    { prefix: '/api/v1' },
  )
}

/** `/openapi.json`, public: it describes the API and contains no data. */
async function registerDescription(scope: FastifyInstance, version: string): Promise<void> {
  await scope.register(swagger, {
    openapi: {
      openapi: '3.1.0',
      info: { title: 'Crossroom', version, description: 'Errors are {error: {code, message}} with a stable code.' },
      components: { securitySchemes: { apiKey: { type: 'http', scheme: 'bearer' } } },
      security: [{ apiKey: [] }],
    },
    transform: jsonSchemaTransform,
    transformObject: jsonSchemaTransformObject,
  })
  scope.get('/openapi.json', { schema: { hide: true } }, (_request, reply) =>
    reply.serializer(JSON.stringify).send(scope.swagger()),
  )
}
