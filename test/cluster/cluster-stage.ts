import { NatsServers, type NatsServersOptions } from '@crossroom/testkit'
import { rest, startServer, WITH_KEY, type TestServer } from '../harness/index.js'

export const SECRET = 'a-secret-that-all-nodes-of-the-cluster-share'

/** An environment in which the wall clock of a program is a minute ahead. */
export const MINUTE_AHEAD = {
  NODE_OPTIONS: `--import=data:text/javascript,${encodeURIComponent('const now=Date.now;Date.now=()=>now()+60000')}`,
} as const

/** A cluster of real processes on real NATS. */
export class ClusterStage {
  readonly nats: NatsServers
  readonly nodes: TestServer[] = []

  private constructor(nats: NatsServers) {
    this.nats = nats
  }

  static async open(options: NatsServersOptions = {}): Promise<ClusterStage> {
    return new ClusterStage(await NatsServers.start(options))
  }

  /** Starts a node. Rejects with what it wrote. */
  async start(
    id: string,
    args: readonly string[] = [],
    env: Readonly<Record<string, string>> = {},
  ): Promise<TestServer> {
    const own = ['--cluster', this.nats.urls.join(','), '--node-id', id, '--relay-port', '0', '--secret', SECRET]
    const server = await startServer({ args: [...own, ...args], env })
    this.nodes.push(server)
    return server
  }

  async close(): Promise<void> {
    await Promise.all(this.nodes.map((node) => node.stop()))
    await this.nats.close()
  }
}

export interface SeenNode {
  readonly id: string
  readonly state: string
  readonly streams: number
  readonly isSelf: boolean
}

/** The nodes as one of them sees them, by id. */
export async function nodesSeenBy(server: TestServer): Promise<readonly SeenNode[]> {
  const answer = await rest<{ nodes: SeenNode[] }>(server, 'GET', 'cluster/nodes')
  return (answer?.nodes ?? []).sort((one, other) => one.id.localeCompare(other.id))
}

export async function statesSeenBy(server: TestServer): Promise<Record<string, string>> {
  return Object.fromEntries((await nodesSeenBy(server)).map(({ id, state }) => [id, state]))
}

/** What `/readyz` says to an operator. */
export async function readiness({ http }: TestServer): Promise<{ status: number; parts: unknown }> {
  const answer = await fetch(`${http}/readyz`, { headers: WITH_KEY })
  return { status: answer.status, parts: ((await answer.json()) as { parts: unknown }).parts }
}
