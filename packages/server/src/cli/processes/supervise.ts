import cluster from 'node:cluster'
import { randomBytes } from 'node:crypto'
import { hostname } from 'node:os'
import { MemoryStore } from '../../cluster/index.js'
import { ipcLimits, shutdownLimits } from '../../config/index.js'
import { retryDelayMs } from '../../jobs/index.js'
import { createLog, joinMetrics, ParentMetrics, type Log } from '../../observe/index.js'
import { stderrDestination } from '../log-destination.js'
import type { ReadConfig } from '../options.js'
import { CommandError } from '../output.js'
import { announce, type ServeHost } from '../serve.js'
import { Child, type ChildEnd } from './child.js'
import type { ProcessCounts, Welcome } from './messages.js'

/** A process that was told to end is waited for so much longer than its own drain may take. */
const MARGIN_MS = 5000
/** A Unix socket is made by this process, and is for its user alone. */
const SOCKET_UMASK = 0o177

/** Runs the server as several processes until a signal; answers the exit code. */
export async function supervise(given: ReadConfig, host: ServeHost): Promise<number> {
  const { config } = given
  const isReadable = !config.json && process.stderr.isTTY
  const destination = stderrDestination(isReadable, () => host.status.interrupt())
  const log = createLog({ level: config.logLevel, destination, nowMs: () => performance.now() })
  const supervisor = new Supervisor(given, log, (line) => destination.write(`${line}\n`))
  host.onSignal('SIGHUP', () => supervisor.renew())
  const drained = new Promise<number>((resolve) => {
    let isStopping = false
    const stop = (signal: 'SIGTERM' | 'SIGINT', noticeMs: number): void => {
      if (isStopping) {
        supervisor.kill()
        host.exit(1)
        return
      }
      isStopping = true
      void supervisor.stop(signal, shutdownLimits.drainMs + noticeMs + MARGIN_MS).then(resolve)
    }
    host.onSignal('SIGTERM', () => stop('SIGTERM', config.drainNotice * 1000))
    host.onSignal('SIGINT', () => stop('SIGINT', 0))
  })
  try {
    const children = await supervisor.start()
    if (children !== undefined) announce(given, children[0]!.ports ?? {}, factsOf(children), host.output)
    return await drained
  } finally {
    destination.flush()
  }
}

/** For programs: each process with its own. */
function factsOf(children: readonly Child[]): object {
  return {
    processes: children.map(({ index, node, pid, ports = {} }) => ({
      ...{ process: index, pid, node },
      rtc: ports['rtc'],
      relay: ports['relay'],
    })),
  }
}

/** The processes of one server: starts them, starts them again when they end, and ends them. */
class Supervisor {
  readonly #log: Log
  readonly #onLine: (line: string) => void
  readonly #wanted: number
  readonly #store: MemoryStore | undefined
  readonly #secret = randomBytes(32).toString('hex')
  readonly #nodeName: string
  readonly #umask: number
  readonly #children = new Map<number, Child>()
  /** Successive ends of a process that came soon after its start. */
  readonly #failures = new Map<number, number>()
  readonly #restarts = new Map<number, NodeJS.Timeout>()
  readonly #metrics = new ParentMetrics(() => this.#counts.running)
  #isStopping = false
  #isStarted = false
  /** A process could not start. */
  #failed: (sentence: string) => void = () => undefined
  /** Who waits for a change of the processes. */
  #waiting: (() => void)[] = []
  #isHarsh = false

  constructor(given: ReadConfig, log: Log, onLine: (line: string) => void) {
    const { cluster: servers, nodeId, processes, adminSocket } = given.config
    this.#log = log
    this.#onLine = onLine
    this.#wanted = processes
    this.#store = servers.length === 0 ? new MemoryStore() : undefined
    const name = hostname().replaceAll(/[^\w-]/g, '-')
    // On NATS there may be another machine of that name.
    const unique = servers.length === 0 ? name : `${name}-${randomBytes(3).toString('hex')}`
    this.#nodeName = nodeId ?? unique
    this.#umask = adminSocket === undefined ? process.umask() : process.umask(SOCKET_UMASK)
    // The parent accepts and gives each connection to the next process: the shares are even, and a process that drains gets none.
    cluster.schedulingPolicy = cluster.SCHED_RR
    cluster.setupPrimary({ serialization: 'advanced', stdio: ['ignore', 'inherit', 'pipe', 'ipc'] })
  }

  /**
   * Resolves when all listen; undefined when they were stopped before.
   * @throws CommandError
   */
  async start(): Promise<readonly Child[] | undefined> {
    const failed = new Promise<never>((_resolve, reject) => {
      this.#failed = (sentence) => reject(new CommandError(sentence))
    })
    try {
      for (let index = 1; index <= this.#wanted; index++) this.#spawn(index)
      await Promise.race([failed, this.#until(() => this.#isStopping || this.#counts.running === this.#wanted)])
    } catch (error) {
      this.#isStopping = true
      this.kill()
      await this.#until(() => this.#children.size === 0)
      throw error
    }
    this.#isStarted = true
    return this.#isStopping ? undefined : this.#all
  }

  renew(): void {
    for (const child of this.#children.values()) child.signal('SIGHUP')
  }

  /** Ends all as this signal ends a server; answers the exit code. Those that are not gone in time are killed. */
  async stop(signal: 'SIGTERM' | 'SIGINT', withinMs: number): Promise<number> {
    this.#isStopping = true
    this.#log.info({ processes: this.#children.size }, 'Draining all processes; a second signal stops them immediately')
    for (const timer of this.#restarts.values()) clearTimeout(timer)
    for (const child of this.#children.values())
      if (child.hasListened) child.signal(signal)
      else child.kill()
    const deadline = setTimeout(() => this.kill(), withinMs)
    this.#tellWaiting()
    await this.#until(() => this.#children.size === 0)
    clearTimeout(deadline)
    return this.#isHarsh ? 1 : 0
  }

  kill(): void {
    for (const child of this.#children.values()) child.kill()
  }

  get #all(): Child[] {
    return [...this.#children.values()].sort((one, other) => one.index - other.index)
  }

  get #counts(): ProcessCounts {
    return { running: this.#all.filter(({ ports }) => ports !== undefined).length, wanted: this.#wanted }
  }

  #spawn(index: number): void {
    const welcome: Welcome = {
      ...{ nodeName: this.#nodeName, secret: this.#secret, umask: this.#umask },
      ...{ hasEngine: this.#store !== undefined, counts: this.#counts },
    }
    const child = new Child({
      ...{ index, welcome, store: this.#store, onLine: this.#onLine },
      onListening: () => {
        this.#tellCounts()
        if (this.#isStarted) this.#log.info({ process: index, pid: child.pid }, 'A process listens again')
      },
      onScrape: () => this.#scrape(),
      onHung: (why) => this.#log.error({ process: index, why }, 'A process is killed'),
      onExit: (end) => this.#ended(child, end),
    })
    this.#children.set(index, child)
  }

  #ended(child: Child, end: ChildEnd): void {
    const { index } = child
    const { code, signal, sentence } = end
    this.#children.delete(index)
    if (code !== 0 && child.hasListened && this.#isStopping) this.#isHarsh = true
    this.#tellCounts()
    if (this.#isStopping) return
    if (!this.#isStarted) {
      this.#failed(sentence ?? `Process ${String(index)} ended while it started (${signal ?? `code ${String(code)}`}).`)
      return
    }
    const failures = child.ageMs > ipcLimits.steadyMs ? 1 : (this.#failures.get(index) ?? 0) + 1
    this.#failures.set(index, failures)
    const { restartFirstMs: firstMs, restartMaxMs: maxMs } = ipcLimits
    const pauseMs = retryDelayMs(failures, { firstMs, maxMs }, Math.random)
    const why = sentence === undefined ? {} : { why: sentence }
    this.#log.warn({ process: index, code, signal, pauseMs, ...why }, 'A process ended and is started again')
    this.#metrics.restarted()
    this.#restarts.set(
      index,
      setTimeout(() => this.#spawn(index), pauseMs),
    )
  }

  #tellCounts(): void {
    const counts = this.#counts
    for (const child of this.#children.values()) child.tell(counts)
    this.#tellWaiting()
  }

  #tellWaiting(): void {
    for (const tell of this.#waiting.splice(0)) tell()
  }

  /** The metrics of all, those of processes that do not answer left out. */
  async #scrape(): Promise<string> {
    const texts = await Promise.all([...this.#all.map((child) => child.scrape()), this.#metrics.scrape()])
    return joinMetrics(texts.filter((text) => text !== undefined))
  }

  async #until(isSo: () => boolean): Promise<void> {
    while (!isSo()) await new Promise<void>((resolve) => this.#waiting.push(resolve))
  }
}
