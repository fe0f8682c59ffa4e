import { startServer } from '../app.js'
import type { RunningServer } from '../app.js'
import { checksEntries, shutdownLimits } from '../config/index.js'
import type { Config } from '../config/index.js'
import { Metrics, createLog } from '../observe/index.js'
import type { Log } from '../observe/index.js'
import { VERSION } from '../version.js'
import { addressesOf, type Ports } from './addresses.js'
import { describeDemo } from './demo-phone.js'
import type { DemoPhoneOptions } from './demo-phone.js'
import { stderrDestination } from './log-destination.js'
import { CommandError } from './output.js'
import type { Output } from './output.js'
import type { StatusLine } from './status-line.js'

/** What `serve` needs of the process; a test brings its own. */
export interface ServeHost {
  readonly output: Output
  /** Shares the terminal with the log. */
  readonly status: StatusLine
  /** Calls back at each of these signals. */
  onSignal(signal: 'SIGTERM' | 'SIGINT' | 'SIGHUP', handle: () => void): void
  /** Ends the process at once. */
  exit(code: number): void
  /** Puts somebody into the demo's room; the answer takes them out. */
  startDemoPhone(options: DemoPhoneOptions): () => void
}

/** Runs the server until a signal; answers the exit code. */
export async function serve(config: Config, host: ServeHost): Promise<number> {
  const isReadable = !config.json && process.stderr.isTTY
  const destination = stderrDestination(isReadable, () => host.status.interrupt())
  const log = createLog({ level: config.logLevel, destination, nowMs: () => performance.now() })
  const metrics = new Metrics({ streamLabel: config.metricsStreamLabel })
  metrics.addProcessMetrics()
  const server = await startServer(config, { log, metrics }).catch((error: unknown) => {
    throw new CommandError(describeStartFailure(error))
  })
  announce(config, server, host.output)
  process.on('uncaughtExceptionMonitor', (error) => {
    log.error({ error }, 'The server failed and ends')
    destination.flush()
  })
  host.onSignal('SIGHUP', () => void server.renewCertificate())
  const httpPort = server.ports['http']!
  const status = config.json ? undefined : host.status
  const openRoom = (roomId: string): void => server.openRoom(roomId)
  const stopPhone = config.demo ? host.startDemoPhone({ config, httpPort, log, status, openRoom }) : undefined
  await untilDrained(server, log, host, () => stopPhone?.())
  destination.flush()
  return 0
}

/**
 * Resolves after the first SIGTERM or SIGINT, `stopping` and the drain it asks for; the second signal ends the process.
 */
function untilDrained(server: RunningServer, log: Log, host: ServeHost, stopping: () => void): Promise<void> {
  return new Promise((resolve, reject) => {
    let draining = false
    const stop = (): void => {
      if (draining) {
        host.exit(1)
        return
      }
      draining = true
      stopping()
      log.info({}, 'Draining; a second signal ends the server at once')
      const deadline = setTimeout(() => {
        log.warn({}, 'The drain took too long and was cut off')
        void server.close().then(resolve, reject)
      }, shutdownLimits.drainMs)
      server
        .drain()
        .then(resolve, reject)
        .finally(() => {
          clearTimeout(deadline)
        })
    }
    host.onSignal('SIGTERM', stop)
    host.onSignal('SIGINT', stop)
  })
}

function announce(config: Config, server: RunningServer, output: Output): void {
  if (config.json) {
    output.print(JSON.stringify({ event: 'listening', ...server.ports }))
    return
  }
  for (const line of describeAddresses(config, server.ports)) output.print(line)
}

/** One line a person can read per address, and what there is to know about who may come in. */
export function describeAddresses(config: Config, ports: Ports): string[] {
  const addresses = addressesOf(config, ports)
  const { web, http, rtmp, host } = addresses
  const admin = ports['admin'] === undefined ? http : `http://${host}:${String(ports['admin'])}`
  const lines = [
    `Crossroom ${VERSION} is listening on ${config.host}.`,
    `  calls       ${web}/`,
    `  streams     ${web}/live`,
    `  publish     ${rtmp}/live/STREAM`,
    `  play        ${http}/live/STREAM.flv   (HTTP-FLV; ws:// for WebSocket-FLV)`,
    `  play        ${rtmp}/live/STREAM   (RTMP)`,
    `  rooms       ${rtmp}/push/ROOM   (encoders)   ${http.replace(/^http/, 'ws')}/signal   (your own programs)`,
    `  REST        ${admin}/api/v1/openapi.json`,
  ]
  if (ports['rtmps'] !== undefined) lines.push(`  TLS         rtmps://${host}:${String(ports['rtmps'])}`)
  if (ports['rtc'] !== undefined) lines.push(`  WebRTC      port ${String(ports['rtc'])}, UDP and TCP`)
  if (host !== 'localhost' && web.startsWith('http:'))
    lines.push('  Browsers on other machines get no camera from pages without TLS. For a trial add --tls self-signed.')
  return [...lines, describeMode(config), ...(config.demo ? describeDemo(config, addresses) : [])]
}

/** Who may publish and play, in one sentence. */
export function describeMode(config: Config): string {
  if (!checksEntries(config))
    return 'Open mode: without a secret only this machine is served. Set --secret to open the server to the network.'
  const who = (mode: 'open' | 'token') => (mode === 'open' ? 'anyone may' : 'a token is needed to')
  const plain = `Plain streams: ${who(config.publish)} publish, ${who(config.play)} play.`
  if (!config.demo) return `Entering a room needs a signature. ${plain}`
  return `Demo: anyone who reaches the pages gets a signature for every room. ${plain}`
}

function describeStartFailure(error: unknown): string {
  const { code, port, message } = error as NodeJS.ErrnoException & { port?: number }
  const which = port === undefined ? 'A port' : `Port ${String(port)}`
  if (code === 'EADDRINUSE')
    return `${which} is used by another program. Stop that program, or choose another port (crossroom serve --help).`
  if (code === 'EACCES') return `This user may not open ${which.toLowerCase()}. Choose a port above 1023.`
  if (code === 'EADDRNOTAVAIL')
    return 'This machine does not have the address given by --host. Choose one of its own, or 0.0.0.0.'
  return message
}
