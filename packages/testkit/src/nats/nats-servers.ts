import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer, type AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** Of Debian's package. */
const PROGRAM = process.env['NATS_SERVER'] ?? 'nats-server'

export interface NatsServersOptions {
  /** 1, or 3 for a cluster whose store lives while two servers do. Default 1. */
  readonly count?: 1 | 3
  /** Default true. */
  readonly jetStream?: boolean
  /** More lines of the configuration: authorization, accounts. */
  readonly lines?: readonly string[]
}

/** Real NATS servers on free ports of this machine, with a store of their own that goes with them. */
export class NatsServers {
  readonly servers: readonly NatsServer[]
  readonly #folder: string

  private constructor(servers: readonly NatsServer[], folder: string) {
    this.servers = servers
    this.#folder = folder
  }

  /** Resolves when every server takes clients. A cluster may still be electing the leader of its store. */
  static async start({ count = 1, jetStream = true, lines = [] }: NatsServersOptions = {}): Promise<NatsServers> {
    const folder = mkdtempSync(join(tmpdir(), 'nats-'))
    const ports = await freePorts(2 * count)
    const [clients, routes] = [ports.slice(0, count), ports.slice(count)]
    const servers = clients.map((port, index) => {
      const name = `n${String(index + 1)}`
      const cluster =
        count === 1
          ? []
          : [`cluster { name: c, host: 127.0.0.1, port: ${String(routes[index])}`, `  routes: [${routesOf(routes)}] }`]
      const store = jetStream ? [`jetstream { store_dir: "${join(folder, name)}", max_file: 256M, max_mem: 64M }`] : []
      const file = join(folder, `${name}.conf`)
      const own = [`server_name: ${name}`, 'host: 127.0.0.1', `port: ${String(port)}`]
      writeFileSync(file, [...own, ...store, ...cluster, ...lines, ''].join('\n'))
      return new NatsServer(port, file)
    })
    const started = new NatsServers(servers, folder)
    try {
      await Promise.all(servers.map((server) => server.start()))
    } catch (error) {
      await started.close()
      throw error
    }
    return started
  }

  /** For `--cluster`. */
  get urls(): string[] {
    return this.servers.map(({ url }) => url)
  }

  async close(): Promise<void> {
    await Promise.all(this.servers.map((server) => server.kill()))
    rmSync(this.#folder, { recursive: true, force: true, maxRetries: 5 })
  }
}

export class NatsServer {
  readonly port: number
  readonly #file: string
  #process: ChildProcess | undefined
  #log = ''

  constructor(port: number, file: string) {
    this.port = port
    this.#file = file
  }

  get url(): string {
    return `nats://127.0.0.1:${String(this.port)}`
  }

  /** Also after `kill`: with the same port and store. */
  async start(): Promise<void> {
    const child = spawn(PROGRAM, ['-c', this.#file], { stdio: ['ignore', 'ignore', 'pipe'] })
    this.#process = child
    const stop = (): void => void child.kill('SIGKILL')
    process.once('exit', stop)
    child.once('exit', () => process.off('exit', stop))
    await new Promise<void>((resolve, reject) => {
      child.once('error', reject)
      child.once('exit', () => reject(new Error(`nats-server ended: ${this.#log.slice(-2000)}`)))
      child.stderr.setEncoding('utf8').on('data', (text: string) => {
        this.#log += text
        if (text.includes('Server is ready')) resolve()
      })
    })
  }

  /** `SIGSTOP` and `SIGCONT` freeze it and wake it up. */
  signal(signal: NodeJS.Signals): void {
    this.#process?.kill(signal)
  }

  async kill(): Promise<void> {
    const child = this.#process
    this.#process = undefined
    if (child?.exitCode !== null || child.signalCode !== null) return
    const ended = once(child, 'exit')
    child.kill('SIGKILL')
    await ended
  }
}

function routesOf(ports: readonly number[]): string {
  return ports.map((port) => `nats://127.0.0.1:${String(port)}`).join(', ')
}

/** All at the same time, so that no port is answered twice. */
async function freePorts(count: number): Promise<number[]> {
  const holders = await Promise.all(
    Array.from({ length: count }, async () => {
      const holder = createServer().listen(0, '127.0.0.1')
      await once(holder, 'listening')
      return holder
    }),
  )
  const ports = holders.map((holder) => (holder.address() as AddressInfo).port)
  await Promise.all(holders.map((holder) => new Promise((resolve) => holder.close(resolve))))
  return ports
}
