import { once } from 'node:events'
import { createServer, type AddressInfo, type Server } from 'node:net'
import { NatsServers } from '@crossroom/testkit'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { COMMAND, start, startServer, until } from '../harness/index.js'
import { ClusterStage, MINUTE_AHEAD, nodesSeenBy, readiness, SECRET } from './cluster-stage.js'

interface Finding {
  readonly check: string
  readonly state: 'ok' | 'warn' | 'fail'
  readonly message: string
}

let stage: ClusterStage
/** Takes connections where others look for a node. */
let relay: Server
let reached: string
/** Nobody does so there. */
let silent: string
beforeAll(async () => {
  stage = await ClusterStage.open()
  relay = createServer((socket) => void socket.destroy()).listen(0, '127.0.0.1')
  const nobody = createServer().listen(0, '127.0.0.1')
  await Promise.all([once(relay, 'listening'), once(nobody, 'listening')])
  ;[reached, silent] = [relay, nobody].map(
    (server) => `127.0.0.1:${String((server.address() as AddressInfo).port)}`,
  ) as [string, string]
  nobody.close()
})
afterAll(async () => {
  relay.close()
  await stage.close()
})

/** What `crossroom doctor` finds of the cluster. */
async function findings(args: readonly string[] = [], env: Readonly<Record<string, string>> = {}): Promise<Finding[]> {
  const ports = ['--rtmp-port', '0', '--http-port', '0', '--rtc-port', '0', '--relay-port', '0']
  const all = ['doctor', '--json', '--host', '127.0.0.1', '--cluster', stage.nats.urls[0]!, '--secret', SECRET]
  const found: Finding[] = []
  const doctor = start(
    process.execPath,
    [COMMAND, ...all, ...ports, ...args],
    { env: { ...process.env, ...env } },
    (line) => void found.push(JSON.parse(line) as Finding),
  )
  await doctor.exited
  return found.filter(({ check, message }) => ['cluster', 'relay'].includes(check) || message.includes('ode a'))
}

test('the doctor of a node that will join names every node that runs, and what is wrong between them', async () => {
  const a = await stage.start('a', ['--relay-address', reached])
  expect(await findings()).toEqual([
    { check: 'cluster', state: 'ok', message: 'NATS takes writes; 1 node is up.' },
    {
      check: 'node',
      state: 'ok',
      message: expect.stringMatching(
        new RegExp(`^Node a at ${reached}: same secret, clocks \\d+ ms apart\\.$`),
      ) as string,
    },
  ])
  await a.stop()
})

test('the doctor names another secret and a clock that is off', async () => {
  const a = await stage.start('a', ['--relay-address', reached])
  const [foreign, late] = await Promise.all([
    findings(['--secret', 'another-secret-that-is-long-enough-too']),
    findings([], MINUTE_AHEAD),
  ])
  expect(foreign.at(-1)).toEqual({
    check: 'node',
    state: 'fail',
    message: 'Node a has another secret than this one: give all nodes of a cluster the same --secret.',
  })
  expect(late.at(-1)).toEqual({
    check: 'node',
    state: 'fail',
    message: 'The clock of this machine is 60 s ahead of that of node a: set both with NTP.',
  })
  await a.stop()
})

test('the doctor names an address that nobody answers at', async () => {
  const a = await stage.start('a', ['--relay-address', silent])
  expect((await findings()).at(-1)).toEqual({
    check: 'node',
    state: 'fail',
    message: `Node a cannot be reached at ${silent} (connect ECONNREFUSED ${silent}): open that port, or set its --relay-address.`,
  })
  await a.stop()
})

test('the doctor says what NATS lacks', async () => {
  const bare = await NatsServers.start({ jetStream: false })
  const plain = await findings(['--cluster', bare.urls[0]!])
  expect(plain).toEqual([
    { check: 'cluster', state: 'fail', message: expect.stringContaining('start it with -js') as string },
  ])
  await bare.close()
  const [gone] = await findings(['--cluster', bare.urls[0]!])
  expect(gone).toMatchObject({ state: 'fail', message: expect.stringContaining('cannot be reached') as string })
})

test('a clock that is a minute ahead keeps a node out, in one sentence', async () => {
  const a = await stage.start('a')
  const late = stage.start('late', [], MINUTE_AHEAD)
  await expect(late).rejects.toThrow('The clock of this machine is 60 s ahead of that of node a: set both with NTP.')
  expect((await nodesSeenBy(a)).map(({ id }) => id)).toEqual(['a'])
  await a.stop()
})

test('a node whose NATS is gone says so in /readyz, and is ready again when it is back', async () => {
  const nats = await NatsServers.start()
  const [server] = nats.servers
  const node = await startServer({ args: ['--cluster', nats.urls[0]!, '--secret', SECRET, '--relay-port', '0'] })
  const part = async (): Promise<unknown> => ((await readiness(node)).parts as { cluster: unknown }).cluster
  expect(await part()).toEqual({ on: true })
  await server!.kill()
  await until('the loss', async () => (await readiness(node)).status === 503)
  const why = 'NATS cannot be reached: calls go on, new ones are refused.'
  expect(await part()).toEqual({ on: false, why })
  await server!.start()
  await until('the return', async () => (await readiness(node)).status === 200)
  expect(node.log()).toContain('The engine of the cluster is back')
  await node.stop()
  await nats.close()
})
