import { createServer, connect, type AddressInfo, type Server, type Socket } from 'node:net'
import { once } from 'node:events'
import { setTimeout as delay } from 'node:timers/promises'
import { NatsServers } from '@crossroom/testkit'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { systemClock } from '../../net/index.js'
import { engineContract, type ContractStage } from './contract.cases.js'
import type { ClusterEngine } from './engine.js'
import { NatsEngine } from './nats-engine.js'

/** A cable that can be pulled: a port that leads to a server of NATS. */
class Cable {
  readonly #port: number
  readonly #sockets = new Set<Socket>()
  readonly #server: Server
  #isCut = false

  constructor(port: number) {
    this.#port = port
    this.#server = createServer((socket) => this.#join(socket))
  }

  async open(): Promise<string> {
    this.#server.listen(0, '127.0.0.1')
    await once(this.#server, 'listening')
    return `nats://127.0.0.1:${String((this.#server.address() as AddressInfo).port)}`
  }

  cut(): void {
    this.#isCut = true
    for (const socket of this.#sockets) socket.destroy()
  }

  join(): void {
    this.#isCut = false
  }

  close(): void {
    this.cut()
    this.#server.close()
  }

  #join(socket: Socket): void {
    if (this.#isCut) {
      socket.destroy()
      return
    }
    const inner = connect(this.#port, '127.0.0.1')
    for (const [each, other] of [
      [socket, inner],
      [inner, socket],
    ] as const) {
      this.#sockets.add(each)
      each
        .on('error', () => undefined)
        .on('close', () => {
          this.#sockets.delete(each)
          other.destroy()
        })
      each.pipe(other)
    }
  }
}

let words = 0
const closings: (() => Promise<void>)[] = []
afterEach(async () => {
  for (const close of closings.splice(0)) await close()
})

function stageOn(servers: NatsServers): ContractStage {
  const cables = new Map<ClusterEngine, Cable>()
  const until: ContractStage['until'] = async (isSo, what) => await expect.poll(isSo, { message: what }).toBe(true)
  let nodes = 0
  return {
    word: `case${String(++words)}`,
    until,
    open: async () => {
      const { port } = servers.servers[nodes++ % servers.servers.length]!
      const cable = new Cable(port)
      const engine = await NatsEngine.open({
        servers: [await cable.open()],
        ignoreOthers: true,
        name: 'test',
        clock: systemClock,
      })
      cables.set(engine, cable)
      closings.push(async () => {
        await engine.close()
        cable.close()
      })
      return engine
    },
    cut: async (engine) => {
      cables.get(engine)?.cut()
      await until(() => engine.state === 'lost', 'lost')
    },
    join: async (engine) => {
      cables.get(engine)?.join()
      await until(() => engine.state === 'connected', 'connected')
    },
  }
}

for (const count of [1, 3] as const)
  describe(`NATS with ${String(count)} server(s) keeps the contract`, () => {
    let servers: NatsServers
    beforeAll(async () => {
      servers = await NatsServers.start({ count })
      await ready(servers)
    })
    afterAll(async () => await servers.close())
    for (const each of engineContract) test(each.name, async () => each.run(stageOn(servers)))
  })

/** Servers that just started elect a leader first. */
async function ready(servers: NatsServers): Promise<void> {
  for (;;) {
    const options = { servers: servers.urls, name: 'test', clock: systemClock }
    const engine = await NatsEngine.open(options).catch(() => undefined)
    if (engine !== undefined) return await engine.close()
    await delay(100)
  }
}
