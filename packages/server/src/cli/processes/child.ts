import type { ChildProcess } from 'node:child_process'
import cluster, { type Worker } from 'node:cluster'
import { EngineHost, type MemoryStore } from '../../cluster/index.js'
import { ipcLimits } from '../../config/index.js'
import { systemClock } from '../../net/index.js'
import { Channel, endToProcess } from './channel.js'
import { portToProcess } from './engine-port.js'
import {
  PROCESS_VARIABLE,
  type FromProcess,
  type ProcessCounts,
  type Signal,
  type ToProcess,
  type Welcome,
} from './messages.js'
import { WholeLines } from './whole-lines.js'

export interface ChildOptions {
  /** From 1. */
  readonly index: number
  readonly welcome: Welcome
  /** Undefined where NATS is the engine. */
  readonly store: MemoryStore | undefined
  /** A line of its log, or of what Node says when it crashes. */
  onLine(line: string): void
  onListening(ports: Readonly<Record<string, number>>): void
  /** It asks for the metrics of all. */
  onScrape(): Promise<string>
  /** It hangs, or reads too slowly, and is killed. */
  onHung(why: string): void
  onExit(end: ChildEnd): void
}

export interface ChildEnd {
  readonly code: number | null
  readonly signal: string | null
  /** Why it could not start, as a sentence. */
  readonly sentence: string | undefined
}

/** One process of the server, from its start to its end. */
export class Child {
  readonly index: number
  readonly #options: ChildOptions
  readonly #worker: Worker
  readonly #channel: Channel<ToProcess, FromProcess>
  readonly #host: EngineHost | undefined
  readonly #scrapes = new Map<number, (text: string | undefined) => void>()
  readonly #startedAt = systemClock.listened()
  readonly #watch: NodeJS.Timeout
  #heardAt = this.#startedAt
  #ports: Readonly<Record<string, number>> | undefined
  #node: string | undefined
  #sentence: string | undefined
  #lastScrape = 0

  /** Starts it. */
  constructor(options: ChildOptions) {
    this.index = options.index
    this.#options = options
    this.#worker = cluster.fork({ [PROCESS_VARIABLE]: String(options.index) })
    const { process: child } = this.#worker
    const closeHanded = watchHanded(child)
    this.#channel = new Channel<ToProcess, FromProcess>(endToProcess(child), () =>
      this.#kill('It does not read what it is told.'),
    )
    if (options.store !== undefined)
      this.#host = new EngineHost(portToProcess(this.#channel), options.store, systemClock)
    this.#channel.onMessage((message) => this.#handle(message))
    const lines = new WholeLines(ipcLimits.lineBytes, (line) => options.onLine(line))
    child.stderr?.setEncoding('utf8').on('data', (text: string) => lines.add(text))
    child.once('close', () => lines.end())
    // Not after its output: a child of its own may have it as well.
    child.once('exit', (code: number | null, signal: string | null) => {
      closeHanded()
      this.#end({ code, signal, sentence: this.#sentence })
    })
    this.#watch = setInterval(() => this.#look(), ipcLimits.pingMs)
  }

  get pid(): number | undefined {
    return this.#worker.process.pid
  }

  /** By the names of the `listening` line; undefined until it listens. */
  get ports(): Readonly<Record<string, number>> | undefined {
    return this.#ports
  }

  get node(): string | undefined {
    return this.#node
  }

  /** It has something to drain. */
  get hasListened(): boolean {
    return this.#node !== undefined
  }

  /** Since its start. */
  get ageMs(): number {
    return (systemClock.listened() - this.#startedAt) / 1000
  }

  signal(signal: Signal): void {
    this.#channel.send({ kind: 'signal', signal })
  }

  tell(counts: ProcessCounts): void {
    this.#channel.send({ kind: 'counts', counts })
  }

  kill(): void {
    this.#worker.process.kill('SIGKILL')
  }

  /** Its metrics; undefined without an answer in time. */
  async scrape(): Promise<string | undefined> {
    const id = ++this.#lastScrape
    return await new Promise((resolve) => {
      const settle = (text?: string): void => {
        cancel()
        this.#scrapes.delete(id)
        resolve(text)
      }
      const cancel = systemClock.after(ipcLimits.answerMs * 1000, () => settle())
      this.#scrapes.set(id, settle)
      this.#channel.send({ kind: 'scrape', id })
    })
  }

  #handle(message: FromProcess): void {
    this.#heardAt = systemClock.listened()
    switch (message.kind) {
      case 'hello':
        this.#channel.send({ kind: 'welcome', welcome: this.#options.welcome })
        break
      case 'listening':
        this.#ports = message.ports
        this.#node = message.node
        this.#options.onListening(message.ports)
        break
      case 'failed':
        this.#sentence = message.sentence
        break
      case 'scrape': {
        const { id } = message
        void this.#options.onScrape().then((text) => this.#channel.send({ kind: 'scraped', id, text }, text.length))
        break
      }
      case 'scraped':
        this.#scrapes.get(message.id)?.(message.text)
        break
      case 'alive':
      case 'engine':
    }
  }

  #look(): void {
    const silentMs = (systemClock.listened() - this.#heardAt) / 1000
    if (this.#ports === undefined ? this.ageMs > ipcLimits.startMs : silentMs > ipcLimits.hungMs)
      this.#kill(this.#ports === undefined ? 'It does not start.' : 'It hangs.')
  }

  #kill(why: string): void {
    this.#options.onHung(why)
    this.kill()
  }

  #end(end: ChildEnd): void {
    clearInterval(this.#watch)
    this.#host?.close()
    this.#ports = undefined
    for (const settle of [...this.#scrapes.values()]) settle(undefined)
    this.#options.onExit(end)
  }
}

interface Closeable {
  close(done?: () => void): void
}

/**
 * Node gives a process one connection at a time, holds it until the process has it, and forgets it when the process dies
 * before: its client would wait for ever. The answer closes what `child` was given and did not take.
 */
function watchHanded(child: ChildProcess): () => void {
  const handed = new Set<Closeable>()
  const send = child.send.bind(child) as (...args: unknown[]) => boolean
  child.send = (message: unknown, handle?: unknown, ...rest: unknown[]): boolean => {
    if ((message as { act?: unknown }).act === 'newconn') {
      const connection = handle as Closeable
      const close = connection.close.bind(connection)
      handed.add(connection)
      connection.close = (done) => {
        handed.delete(connection)
        close(done)
      }
    }
    return send(message, handle, ...rest)
  }
  return () => {
    for (const connection of handed) connection.close()
  }
}
