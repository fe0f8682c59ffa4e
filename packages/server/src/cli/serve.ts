import { DEMO_ROOM } from '../api/index.js'
import { startServer } from '../app.js'
import type { ProcessSeat, RunningServer } from '../app.js'
import { checksEntries, ConfigError, isLoopbackHost, shutdownLimits } from '../config/index.js'
import type { Config } from '../config/index.js'
import { Metrics, createLog } from '../observe/index.js'
import type { Log } from '../observe/index.js'
import { VERSION } from '../version.js'
import type { BannerLine, Ports, ServerConfig } from '../endpoints/index.js'
import { addressesOf } from './addresses.js'
import { describeDemo } from './demo-phone.js'
import type { DemoPhoneOptions } from './demo-phone.js'
import { stderrDestination } from './log-destination.js'
import type { ReadConfig } from './options.js'
import { CommandError } from './output.js'
import type { Output } from './output.js'
import type { StatusLine } from './status-line.js'

/** A room that nobody enters is deleted after a minute. */
const DEMO_ROOM_MS = 20_000

/** What a process is told that is one of several of one server, and what it tells the one that started it. */
export interface ServeSeat extends ProcessSeat {
  /** In place of what a server of one process prints. */
  listening(ports: Ports, node: string | undefined): void
  /** Its own metrics are these. */
  measure(metrics: Pick<Metrics, 'scrape'>): void
}

/** The process as `serve` sees it; a test passes its own. */
export interface ServeHost {
  readonly output: Output
  /** Shares the terminal with the log. */
  readonly status: StatusLine
  /** Calls back at each of these signals. */
  onSignal(signal: 'SIGTERM' | 'SIGINT' | 'SIGHUP', handle: () => void): void
  /** Ends the process immediately. */
  exit(code: number): void
  /** Puts a participant into the demo's room; the returned function removes it. */
  startDemoPhone(options: DemoPhoneOptions): () => void
  /** Absent where the server is one process. */
  readonly seat?: ServeSeat | undefined
}

/** Runs the server until a signal; answers the exit code. `read` is asked again on SIGHUP, for the secrets in files. */
export async function serve(read: () => ReadConfig, host: ServeHost): Promise<number> {
  const given = read()
  const { config } = given
  const { seat } = host
  const isFirst = seat === undefined || seat.index === 1
  const isReadable = !config.json && process.stderr.isTTY
  const destination = stderrDestination(isReadable, () => host.status.interrupt())
  const ownLog = createLog({ level: config.logLevel, destination, nowMs: () => performance.now() })
  const log = seat === undefined ? ownLog : ownLog.child({ process: seat.index })
  const metrics = new Metrics({ streamLabel: config.metricsStreamLabel, process: seat && String(seat.index) })
  metrics.addProcessMetrics()
  seat?.measure(metrics)
  let stop: () => void = () => undefined
  const requestStop = (): void => stop()
  const server = await startServer(config, { log, metrics, requestStop, seat }).catch((error: unknown) => {
    throw new CommandError(describeStartFailure(error))
  })
  if (seat === undefined) announce(given, server.ports, { node: server.node }, host.output)
  else seat.listening(server.ports, server.node)
  process.on('uncaughtExceptionMonitor', (error) => {
    log.error({ error }, 'The server failed and exits')
    destination.flush()
  })
  host.onSignal('SIGHUP', () => {
    renewSecrets(read, server, log)
    void server.renewCertificate()
  })
  if (given.noApiKey !== undefined && isFirst) log.warn({ why: given.noApiKey }, 'REST is off')
  const httpPort = server.ports['http'] ?? 0
  const status = config.json ? undefined : host.status
  const openRoom = (roomId: string): void => server.openRoom(roomId)
  const stopPhone =
    config.demo && isFirst ? host.startDemoPhone({ config, httpPort, log, status, openRoom }) : undefined
  // Its signaling may come to this process, and the phone itself may not make a room.
  if (config.demo && !isFirst) keepDemoRoom(server)
  const stopping = (): void => stopPhone?.()
  await untilDrained(server, log, host, config.drainNotice * 1000, stopping, (begin) => (stop = begin))
  destination.flush()
  return 0
}

function keepDemoRoom(server: RunningServer): void {
  const open = (): void => {
    try {
      server.openRoom(DEMO_ROOM)
    } catch {
      // All rooms are taken: the phone tries again, too.
    }
  }
  open()
  setInterval(open, DEMO_ROOM_MS).unref()
}

/** Reads the files of secrets again; an unreadable one leaves all unchanged. */
function renewSecrets(read: () => ReadConfig, server: RunningServer, log: Log): void {
  try {
    server.renewSecrets(read().config)
    log.info({}, 'The secrets were reloaded')
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error
    log.error({ why: error.message }, 'The new secrets are not used')
  }
}

/**
 * Resolves after the first SIGTERM or SIGINT, or what `stoppable` is given, `stopping` and the drain it asks for; the second
 * signal ends the process.
 */
function untilDrained(
  server: RunningServer,
  log: Log,
  host: ServeHost,
  noticeMs: number,
  stopping: () => void,
  stoppable: (begin: () => void) => void,
): Promise<void> {
  return new Promise((resolve, reject) => {
    let draining = false
    const stop = (ownNoticeMs: number): void => {
      if (draining) {
        host.exit(1)
        return
      }
      draining = true
      stopping()
      log.info({}, 'Draining; a second signal stops the server immediately')
      const deadline = setTimeout(() => {
        log.warn({}, 'The drain took too long and was aborted')
        void server.close().then(resolve, reject)
      }, shutdownLimits.drainMs + ownNoticeMs)
      server
        .drain(ownNoticeMs)
        .then(resolve, reject)
        .finally(() => {
          clearTimeout(deadline)
        })
    }
    // Hosts behind a load balancer end a program with SIGTERM. A user who presses Ctrl-C does not want to wait.
    host.onSignal('SIGTERM', () => stop(noticeMs))
    stoppable(() => draining || stop(noticeMs))
    host.onSignal('SIGINT', () => stop(0))
  })
}

/** What a server says once it listens. `facts`: more for programs. */
export function announce({ config, apiKeyFile }: ReadConfig, ports: Ports, facts: object, output: Output): void {
  const { adminSocket } = config
  const lines = config.json
    ? [JSON.stringify({ event: 'listening', ...ports, ...facts, adminSocket, apiKeyFile })]
    : describeAddresses(config, ports, apiKeyFile)
  for (const line of lines) output.print(line)
}

/** One readable line per address, and a note on access. */
export function describeAddresses(config: ServerConfig, ports: Ports, apiKeyFile: string | undefined): string[] {
  const addresses = addressesOf(config, ports)
  const { web, http, rtmp, host } = addresses
  const ofProtocols = config.protocols.flatMap((protocol) => protocol.banner?.(addresses, ports) ?? [])
  const labelled = (label: string): BannerLine[] => ofProtocols.filter(([other]) => other === label)
  const lines = [
    `Crossroom ${VERSION} is listening on ${config.host}.`,
    lineOf(['calls', `${web}/`]),
    lineOf(['streams', `${web}/live`]),
    ...[...labelled('publish'), ...labelled('play')].map(lineOf),
    lineOf(['rooms', `${rtmp}/push/ROOM   (encoders)   ${http.replace(/^http/, 'ws')}/signal   (your own programs)`]),
    ...describeRest(config, ports, http).map((text) => lineOf(['REST', text])),
    ...(apiKeyFile === undefined ? [] : [lineOf(['API key', apiKeyFile])]),
    ...ofProtocols.filter(([label]) => label !== 'publish' && label !== 'play').map(lineOf),
  ]
  if (host !== 'localhost' && web.startsWith('http:'))
    lines.push(
      '  Browsers on other machines cannot use the camera on pages without TLS. For a trial add --tls self-signed.',
    )
  return [...lines, describeMode(config), ...(config.demo ? describeDemo(config, addresses) : [])]
}

function lineOf([label, text]: BannerLine): string {
  return `  ${label.padEnd(12)}${text}`
}

function describeRest(config: Config, ports: Ports, http: string): string[] {
  const { adminHost, adminSocket } = config
  const withKey = '/api/v1/openapi.json   (with Authorization: Bearer and the API key)'
  const unix = adminSocket === undefined ? [] : [`unix:${adminSocket}`]
  if (ports['admin'] === undefined) return [`${http}${withKey}`, ...unix]
  const path = adminHost === undefined || !isLoopbackHost(adminHost) ? withKey : '/api/v1/openapi.json'
  const host = adminHost?.includes(':') === true ? `[${adminHost}]` : (adminHost ?? '127.0.0.1')
  return [`http://${host}:${String(ports['admin'])}${path}`, ...unix]
}

/** Access for publishing and playing, in one sentence. */
export function describeMode(config: Config): string {
  if (!checksEntries(config))
    return 'Open mode: without a secret the server serves only this machine. Set --secret to open it to the network.'
  const who = (mode: 'open' | 'token') => (mode === 'open' ? 'anyone may' : 'a token is required to')
  const plain = `Plain streams: ${who(config.publish)} publish, ${who(config.play)} play.`
  if (!config.demo) return `Entering a room requires a signature. ${plain}`
  return `Demo: anyone who can open the pages gets a signature for every room. ${plain}`
}

function describeStartFailure(error: unknown): string {
  const { code, port, message, address } = error as NodeJS.ErrnoException & { port?: number; address?: string }
  // Node calls the port of a unix socket -1.
  if (address !== undefined && port === -1)
    return `The socket ${address} cannot be opened (${code ?? message}): it is in use, no socket, or in no folder of yours. Choose another path for --admin-socket.`
  const which = port === undefined ? 'A port' : `Port ${String(port)}`
  if (code === 'EADDRINUSE')
    return `${which} is used by another program. Stop that program, or choose another port (crossroom serve --help).`
  if (code === 'EACCES') return `This user is not allowed to open ${which.toLowerCase()}. Choose a port above 1023.`
  if (code === 'EADDRNOTAVAIL')
    return 'This machine does not have the address of --host. Choose one of its own, or 0.0.0.0.'
  return message
}
