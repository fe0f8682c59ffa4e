import type { FastifyInstance } from 'fastify'
import type { Metrics } from '../observe/index.js'

/** Whether the server accepts new work, and its enabled parts. */
export interface Readiness {
  /** False while draining. */
  readonly ready: boolean
  /** For example `{webrtc: {on: false, why: 'the native package is not built; install gcc'}}`. */
  readonly parts: Readonly<Record<string, { readonly on: boolean; readonly why?: string | undefined }>>
  /** The public ports in use by the names of their options; `crossroom doctor` knows its own server by them. */
  readonly ports: Readonly<Record<string, number>>
}

/** `/healthz` (the process answers) and `/readyz` (200 or 503). On every HTTP listener, without a key. */
export function registerHealth(app: FastifyInstance, readiness: () => Readiness): void {
  app.get('/healthz', { schema: { hide: true } }, (_request, reply) =>
    reply.header('cache-control', 'no-store').send({ status: 'ok' }),
  )
  app.get('/readyz', { schema: { hide: true } }, (_request, reply) => {
    const state = readiness()
    return reply
      .status(state.ready ? 200 : 503)
      .header('cache-control', 'no-store')
      .send(state)
  })
}

/** What is told: of this process, or of all processes of the server. */
export type ScrapedMetrics = Pick<Metrics, 'contentType' | 'scrape'>

/** `/metrics` for Prometheus. */
export function registerMetrics(app: FastifyInstance, metrics: ScrapedMetrics): void {
  app.get('/metrics', { schema: { hide: true } }, async (_request, reply) =>
    reply.type(metrics.contentType).send(await metrics.scrape()),
  )
}
