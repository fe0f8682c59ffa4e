import { join } from 'node:path'
import type { Ports, ServerConfig } from '../../endpoints/index.js'
import { IpcEngine } from '../../cluster/index.js'
import { ConfigError, ipcLimits } from '../../config/index.js'
import { systemClock } from '../../net/index.js'
import type { Metrics } from '../../observe/index.js'
import { CommandError } from '../output.js'
import type { ReadConfig } from '../options.js'
import { serve, type ServeHost, type ServeSeat } from '../serve.js'
import { Channel, endToParent } from './channel.js'
import { portToParent } from './engine-port.js'
import type { FromProcess, Signal, ToProcess, Welcome } from './messages.js'

type Flags = Readonly<Record<string, unknown>>

/** Runs the server of one of several processes until its parent ends it. Answers the exit code. */
export async function serveAsProcess(
  index: number,
  readWith: (own: (config: ServerConfig) => Flags) => ReadConfig,
  host: ServeHost,
): Promise<number> {
  const channel = new Channel<FromProcess, ToProcess>(endToParent(), () => undefined)
  const seat = await OwnSeat.take(index, channel)
  try {
    const code = await serve(() => readWith((config) => seat.flagsFor(config)), {
      ...host,
      seat,
      onSignal: (signal, handle) => seat.onSignal(signal, handle),
    })
    // Its end of the channel keeps a process alive.
    process.disconnect()
    return code
  } catch (error) {
    if (!(error instanceof ConfigError) && !(error instanceof CommandError)) throw error
    await new Promise<void>((sent) => channel.send({ kind: 'failed', sentence: error.message }, 0, sent))
    return 1
  }
}

/** What this process knows of the others, by its channel to the parent. */
class OwnSeat implements ServeSeat {
  readonly index: number
  readonly secret: string
  readonly engine: IpcEngine | undefined
  readonly #channel: Channel<FromProcess, ToProcess>
  readonly #nodeName: string
  readonly #handlers = new Map<Signal, () => void>()
  /** Who waits for the metrics of all. */
  readonly #scrapes = new Map<number, (text: string) => void>()
  #counts: Welcome['counts']
  #metrics: Pick<Metrics, 'scrape'> | undefined
  #lastScrape = 0

  /** Resolves when the parent has told what is to be known. */
  static async take(index: number, channel: Channel<FromProcess, ToProcess>): Promise<OwnSeat> {
    const welcome = await new Promise<Welcome>((resolve) => {
      channel.onMessage((message) => {
        if (message.kind === 'welcome') resolve(message.welcome)
      })
      channel.send({ kind: 'hello' })
    })
    return new OwnSeat(index, channel, welcome)
  }

  private constructor(index: number, channel: Channel<FromProcess, ToProcess>, welcome: Welcome) {
    this.index = index
    this.secret = welcome.secret
    this.#channel = channel
    this.#nodeName = welcome.nodeName
    this.#counts = welcome.counts
    process.umask(welcome.umask)
    if (welcome.hasEngine) this.engine = new IpcEngine(portToParent(channel), systemClock)
    channel.onMessage((message) => this.#handle(message))
    setInterval(() => channel.send({ kind: 'alive' }), ipcLimits.pingMs).unref()
    // A terminal and a service manager signal to all processes of a group; the parent tells when it is meant.
    for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) process.on(signal, () => undefined)
  }

  get counts(): Welcome['counts'] {
    return this.#counts
  }

  /** The options of this process that are not those of all. */
  flagsFor(config: ServerConfig): Flags {
    const place = this.index - 1
    const { relayAddress, relayPort, relaySecurity, stateDir } = config
    const ofProtocols = Object.fromEntries(
      config.protocols.flatMap((protocol) => Object.entries(protocol.ofProcess?.(place) ?? {})),
    )
    const port = /^(.+):(\d{1,5})$/.exec(relayAddress ?? '')
    const ofRelay =
      this.engine === undefined
        ? {
            relayPort: relayPort === 0 ? 0 : relayPort + place,
            ...(port !== null && { relayAddress: `${port[1]!}:${String(Number(port[2]) + place)}` }),
          }
        : {
            ...{ relayPort: 0, relayAddress: '127.0.0.1' },
            relaySecurity: relaySecurity === 'pinned' ? 'plain' : relaySecurity,
          }
    return {
      ...ofProtocols,
      ...ofRelay,
      nodeId: `${this.#nodeName}-${String(this.index)}`,
      // What the operator wrote is done once, and each keeps its own jobs.
      ...(place > 0 && {
        pull: [],
        push: [],
        ...(stateDir !== undefined && { stateDir: join(stateDir, `process-${String(this.index)}`) }),
      }),
    }
  }

  onSignal(signal: Signal, handle: () => void): void {
    this.#handlers.set(signal, handle)
  }

  listening(ports: Ports, node: string | undefined): void {
    this.#channel.send({ kind: 'listening', ports: ports as Record<string, number>, node })
  }

  measure(metrics: Pick<Metrics, 'scrape'>): void {
    this.#metrics = metrics
  }

  async scrape(): Promise<string> {
    const id = ++this.#lastScrape
    return await new Promise((resolve) => {
      const own = (): void => void this.#metrics?.scrape().then(resolve)
      // A parent that does not answer: of this process alone.
      const cancel = systemClock.after(2 * ipcLimits.answerMs * 1000, own)
      this.#scrapes.set(id, (text) => {
        cancel()
        this.#scrapes.delete(id)
        resolve(text)
      })
      this.#channel.send({ kind: 'scrape', id })
    })
  }

  #handle(message: ToProcess): void {
    switch (message.kind) {
      case 'signal':
        this.#handlers.get(message.signal)?.()
        break
      case 'counts':
        this.#counts = message.counts
        break
      case 'scrape': {
        const { id } = message
        void this.#metrics?.scrape().then((text) => this.#channel.send({ kind: 'scraped', id, text }, text.length))
        break
      }
      case 'scraped':
        this.#scrapes.get(message.id)?.(message.text)
        break
      case 'welcome':
      case 'engine':
    }
  }
}
