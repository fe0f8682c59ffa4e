import type { Command } from 'commander'
import type { NodeInfo } from '../api/index.js'
import type { ServerConfig } from '../endpoints/index.js'
import type { ServerOptions } from './options.js'
import { CommandError, type Output } from './output.js'
import { askRest } from './own-server.js'

/** The server options that `cluster` uses: how the server on this machine is reached. */
const SERVER_OPTIONS = {
  host: 'the address that the server on this machine listens on',
  httpPort: 'its HTTP port',
  tls: 'self-signed, if the server generates its certificate',
  tlsCert: 'the certificate of the server, if any',
  tlsKey: 'the private key of the certificate',
  httpsPort: 'its HTTPS port, used if the HTTP port is off',
  adminPort: 'its admin port, if any',
  adminHost: 'the address of that port',
  apiKey: 'the API key of the server (default: the key of a server on this machine)',
  apiKeyFile: 'the same in a file',
  json: 'prints one JSON object per node',
} as const

/** A node that drains tells so within a heartbeat; the rest of its drain takes longer. */
const ANSWER_MS = 5000

/** Adds `crossroom cluster nodes` and `crossroom cluster drain NODE`. */
export function addClusterCommand(program: Command, server: ServerOptions, output: Output): void {
  const cluster = program
    .command('cluster')
    .description('List the nodes of a cluster, or drain one: the server on this machine is asked.')
  server
    .addTo(
      cluster.command('nodes').description('List the nodes as the server on this machine sees them.'),
      SERVER_OPTIONS,
    )
    .action(async (flags: Record<string, unknown>) => {
      const nodes = await listNodes(server.readForSigning(flags))
      for (const node of nodes) output.print(flags['json'] === true ? JSON.stringify(node) : describe(node))
    })
  const drain = cluster
    .command('drain')
    .description('Send everybody on a node to the others; then its process ends with 0.')
    .argument('<NODE>', 'the id of the node (--node-id)')
  server.addTo(drain, SERVER_OPTIONS).action(async (id: string, flags: Record<string, unknown>) => {
    const config = server.readForSigning(flags)
    await post(config, id)
    if (flags['json'] === true) output.print(JSON.stringify({ id, state: 'draining' }))
    else output.print(`Node ${id} drains. It is gone from "crossroom cluster nodes" when everybody has left.`)
  })
}

async function listNodes(config: ServerConfig): Promise<readonly NodeInfo[]> {
  const { status, body } = await askRest(config, { method: 'GET', path: '/api/v1/cluster/nodes', timeoutMs: ANSWER_MS })
  if (status === 200) return (body as { nodes: NodeInfo[] }).nodes
  throw refusal(status, body)
}

async function post(config: ServerConfig, id: string): Promise<void> {
  const path = `/api/v1/cluster/nodes/${encodeURIComponent(id)}/drain`
  const { status, body } = await askRest(config, { method: 'POST', path, timeoutMs: ANSWER_MS })
  if (status !== 202) throw refusal(status, body)
}

function refusal(status: number, body: unknown): CommandError {
  const { error } = body as { error?: { code?: string; message?: string } }
  if (status === 404 && error?.code !== 'NODE_NOT_FOUND')
    return new CommandError('The server on this machine is not in a cluster: start it with --cluster.')
  const keys = status === 401 || status === 403 ? ' Pass the API key of the server with --api-key.' : ''
  return new CommandError(`The server refused: ${error?.message ?? `status ${String(status)}.`}${keys}`)
}

function describe({ id, isLinked, isSelf, load, members, region, relay, state, streams, version }: NodeInfo): string {
  const where = region === undefined ? '' : ` in ${region}`
  const link = isSelf ? ' (this server)' : isLinked === false ? ' NOT LINKED' : ''
  const carries = `${String(members)} members, ${String(streams)} streams, load ${load.toFixed(2)}`
  return `${state.padEnd(9)}${id}${where}  ${relay}  ${carries}  ${version}${link}`
}
