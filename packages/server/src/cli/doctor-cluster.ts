import { once } from 'node:events'
import { connect } from 'node:net'
import { readCredentials, relayAddress, secretIdOf } from '../app/cluster-self.js'
import {
  ClusterError,
  EngineLostError,
  meetOthers,
  openNatsEngine,
  type ClusterEngine,
  type MetNode,
} from '../cluster/index.js'
import { ConfigError, isLoopbackHost, type Config } from '../config/index.js'
import { Secrets } from '../auth/index.js'
import type { Finding } from '../endpoints/index.js'
import { systemClock } from '../net/index.js'
import { VERSION } from '../version.js'

const CONNECT_MS = 2000
const WAIT_MS = 2000
/** Of a clock: enough for levels and delays to mislead. */
const CLOCK_WARNING_MS = 1000

/** Whether a node with this configuration could join its cluster: the engine, and every node that is alive. */
export async function checkCluster(config: Config): Promise<Finding[]> {
  const { cluster: servers } = config
  if (servers.length === 0) return []
  const check = 'cluster'
  let engine: ClusterEngine
  try {
    const options = { servers, name: 'doctor', clock: systemClock, ...readCredentials(config) }
    engine = await openNatsEngine(options, WAIT_MS)
  } catch (error) {
    if (error instanceof ClusterError || error instanceof ConfigError)
      return [{ check, state: 'fail', message: error.message }]
    throw error
  }
  try {
    const self = { id: '', secretId: secretIdOf(new Secrets(config).secret) }
    const met = await meetOthers(engine, self, Date.now)
    const count = met.length === 1 ? '1 node is' : `${String(met.length)} nodes are`
    const found: Finding = { check, state: 'ok', message: `NATS takes writes; ${count} up.` }
    return [found, ...checkRelay(config), ...(await Promise.all(met.map(describeNode)))]
  } catch (error) {
    if (!(error instanceof EngineLostError)) throw error
    return [{ check, state: 'fail', message: 'NATS stopped to answer: try again.' }]
  } finally {
    await engine.close()
  }
}

/** Where others look for this node is known before it starts. */
function checkRelay(config: Config): Finding[] {
  const address = relayAddress(config, config.relayPort)
  const isHere = (url: string): boolean => isLoopbackHost(new URL(url).hostname)
  if (!isLoopbackHost(hostOf(address)) || config.cluster.every(isHere)) return []
  const message = `Nodes on other machines cannot reach this one at ${address}: set --relay-address.`
  return [{ check: 'relay', state: 'warn', message }]
}

async function describeNode({ record, clockErrorMs, misfit }: MetNode): Promise<Finding> {
  const check = 'node'
  const { id, relay, version } = record
  if (misfit !== undefined) return { check, state: 'fail', message: misfit.message }
  const why = await tryAddress(relay)
  if (why !== undefined)
    return {
      check,
      state: 'fail',
      message: `Node ${id} cannot be reached at ${relay} (${why}): open that port, or set its --relay-address.`,
    }
  const offMs = Math.abs(Math.round(clockErrorMs))
  if (offMs > CLOCK_WARNING_MS)
    return { check, state: 'warn', message: `The clock of node ${id} is ${String(offMs)} ms off: set both with NTP.` }
  const other = version === VERSION ? '' : `, version ${version} (this is ${VERSION})`
  return {
    check,
    state: 'ok',
    message: `Node ${id} at ${relay}: same secret, clocks ${String(offMs)} ms apart${other}.`,
  }
}

/** Why no connection to `HOST:PORT` comes about. */
async function tryAddress(address: string): Promise<string | undefined> {
  const socket = connect({ host: hostOf(address), port: Number(address.slice(address.lastIndexOf(':') + 1)) })
  try {
    await once(socket, 'connect', { signal: AbortSignal.timeout(CONNECT_MS) })
    return undefined
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'ABORT_ERR' ? 'no answer' : (error as Error).message
  } finally {
    socket.destroy()
  }
}

function hostOf(address: string): string {
  return address.slice(0, address.lastIndexOf(':')).replace(/^\[|\]$/g, '')
}
