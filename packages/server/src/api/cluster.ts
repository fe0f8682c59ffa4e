import type { FastifyInstance } from 'fastify'
import type { ZodTypeProvider } from 'fastify-type-provider-zod'
import { z } from 'zod'
import { ApiError } from './errors.js'
import { errorBody } from './schemas.js'

const nodeInfo = z
  .object({
    id: z.string().describe('--node-id'),
    tag: z.string().describe('four characters that name the node in addresses'),
    version: z.string(),
    state: z.enum(['up', 'draining', 'gone']).describe('gone: neither heard nor linked'),
    isSelf: z.boolean().describe('the node that answers'),
    region: z.string().optional(),
    url: z.string().optional().describe('--public-url of the node'),
    relay: z.string().describe('HOST:PORT where other nodes reach it'),
    startedAt: z.int().describe('unix time in milliseconds'),
    members: z.int(),
    streams: z.int().describe('published on this node'),
    load: z.number().describe('CPU of its busiest thread, 0 to 1'),
    clockErrorMs: z.int().optional().describe('how far its clock is ahead of that of the node that answers'),
    isLinked: z.boolean().optional().describe('media can be pulled from it'),
  })
  .meta({ id: 'Node' })

export type NodeInfo = z.infer<typeof nodeInfo>

/** The cluster as operators see and change it. */
export interface ClusterView {
  list(): NodeInfo[]
  /** Tells a node, by its id, to drain and end. False when no such node answers. */
  drain(id: string): Promise<boolean>
}

/** `/cluster/nodes`: the list, and the drain of one. */
export function registerClusterRoutes(scope: FastifyInstance, cluster: ClusterView): void {
  const app = scope.withTypeProvider<ZodTypeProvider>()
  const tags = ['cluster']
  const listed = { 200: z.object({ nodes: z.array(nodeInfo) }) }
  app.get('/cluster/nodes', { schema: { tags, summary: 'The nodes of the cluster', response: listed } }, () => ({
    nodes: cluster.list(),
  }))
  const params = z.object({ id: z.string().min(1).max(128) })
  const response = { 202: z.object({ id: z.string() }), 404: errorBody }
  app.post(
    '/cluster/nodes/:id/drain',
    { schema: { tags, summary: 'A node sends everybody to the others, then ends', params, response } },
    async ({ params: { id } }, reply) => {
      if (!(await cluster.drain(id))) throw new ApiError(404, 'NODE_NOT_FOUND', `No node called ${id} answers.`)
      return await reply.status(202).send({ id })
    },
  )
}
