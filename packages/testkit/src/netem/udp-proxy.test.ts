import { createSocket, type Socket } from 'node:dgram'
import { once } from 'node:events'
import { afterEach, expect, test } from 'vitest'
import { UdpProxy, type UdpProxyOptions } from './udp-proxy.js'

const open: { close(): unknown }[] = []
afterEach(() => {
  for (const one of open.splice(0)) one.close()
})

async function bound(): Promise<Socket> {
  const socket = createSocket('udp4')
  socket.bind(0, '127.0.0.1')
  await once(socket, 'listening')
  open.push(socket)
  return socket
}

/** An echo server behind a proxy, and a client. */
async function stage(options: UdpProxyOptions = {}) {
  const server = await bound()
  const ports: number[] = []
  server.on('message', (bytes, from) => {
    ports.push(from.port)
    server.send(bytes, from.port, from.address)
  })
  const proxy = await UdpProxy.open({ targetPort: server.address().port, ...options })
  open.push(proxy)
  const client = await bound()
  const ask = async (text: string): Promise<string> => {
    client.send(text, proxy.port, '127.0.0.1')
    const [bytes] = (await once(client, 'message')) as [Uint8Array]
    return Buffer.from(bytes).toString()
  }
  return { proxy, client, ports, ask }
}

test('datagrams pass both ways, delayed', async () => {
  const { ask, proxy } = await stage({ up: { seed: 1, delay: 20_000 }, down: { seed: 2, delay: 20_000 } })
  const startedMs = performance.now()
  expect(await ask('one')).toBe('one')
  expect(performance.now() - startedMs).toBeGreaterThanOrEqual(35)
  expect(proxy.counters.up.delivered).toBe(1)
  expect(proxy.counters.down.delivered).toBe(1)
})

test('a rebound client comes from another port, and its answers find it', async () => {
  const { ask, proxy, ports } = await stage()
  await ask('one')
  await ask('two')
  proxy.rebind()
  expect(await ask('three')).toBe('three')
  expect(ports[0]).toBe(ports[1])
  expect(ports[2]).not.toBe(ports[1])
})

test('a blocked path passes nothing', async () => {
  const { ask, proxy, client, ports } = await stage()
  proxy.block(true)
  client.send('lost', proxy.port, '127.0.0.1')
  const other = await stage()
  await other.ask('time passes')
  proxy.block(false)
  expect(await ask('found')).toBe('found')
  expect(ports.length).toBe(1)
})
