import type { ClusterEngine } from './engine.js'
import type { NatsOptions } from './nats-engine.js'

/** The engine on NATS. A server without a cluster loads none of it. Rejects when NATS or its store cannot be reached. */
export async function openNatsEngine(options: NatsOptions): Promise<ClusterEngine> {
  const { NatsEngine } = await import('./nats-engine.js')
  return await NatsEngine.open(options)
}
