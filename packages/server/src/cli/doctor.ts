import { ConfigError } from '../config/index.js'
import type { Finding, ServerConfig } from '../endpoints/index.js'
import { checkCodecs } from './codec-check.js'
import { checkCluster } from './doctor-cluster.js'
import { checkKeys, checkNode, checkSecret, checkTls } from './doctor-checks.js'
import { checkPorts } from './doctor-ports.js'
import type { Output } from './output.js'

const MARK = { ok: 'ok   ', warn: 'warn ', fail: 'FAIL ' } as const

/** Looks for everything that would stop a stream or a call; answers 1 when something would, else 0. */
export async function runDoctor(readConfig: () => ServerConfig, json: boolean, output: Output): Promise<number> {
  const findings = [checkNode(process.versions.node), ...(await examine(readConfig))]
  for (const finding of findings)
    output.print(json ? JSON.stringify(finding) : `${MARK[finding.state]}${finding.check.padEnd(12)}${finding.message}`)
  const failed = findings.filter((finding) => finding.state === 'fail').length
  if (failed === 0) return 0
  output.complain(`${String(failed)} of ${String(findings.length)} checks failed; the lines above say what to do.`)
  return 1
}

async function examine(readConfig: () => ServerConfig): Promise<Finding[]> {
  let config: ServerConfig
  try {
    config = readConfig()
  } catch (error) {
    if (error instanceof ConfigError) return [{ check: 'config', state: 'fail', message: error.message }]
    throw error
  }
  const asked = await Promise.all([
    checkPorts(config),
    checkTls(config),
    checkKeys(config),
    checkCodecs(),
    checkCluster(config),
    ...config.protocols.map((protocol) => protocol.examine?.() ?? Promise.resolve([])),
  ])
  const found = [...checkSecret(config), ...asked.flat()]
  return [{ check: 'config', state: 'ok', message: 'The options fit together.' }, ...found]
}
