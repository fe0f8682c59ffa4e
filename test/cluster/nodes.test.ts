import { once } from 'node:events'
import { createServer, type AddressInfo } from 'node:net'
import { rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { tmpdir } from 'node:os'
import { NatsServers } from '@crossroom/testkit'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { COMMAND, rest, run, startServer, TEST_API_KEY, until } from '../harness/index.js'
import { ClusterStage, nodesSeenBy, readiness, SECRET, statesSeenBy } from './cluster-stage.js'

let stage: ClusterStage
beforeAll(async () => {
  stage = await ClusterStage.open()
})
afterAll(() => stage.close())

/** What a node says that cannot start with these flags. */
async function refusal(args: readonly string[], shared: readonly string[] = ['--secret', SECRET]): Promise<string> {
  try {
    await (await startServer({ args: [...args, ...shared, '--relay-port', '0'] })).stop()
    return 'It started.'
  } catch (error) {
    return (error as Error).message
  }
}

test('nodes see each other; one that is drained from another goes, and so does one that is killed', async () => {
  const a = await stage.start('a', ['--region', 'east'])
  const [b, c] = await Promise.all([stage.start('b'), stage.start('c')])
  await until('all to be seen', async () => (await nodesSeenBy(a)).length === 3)
  expect(await nodesSeenBy(a)).toMatchObject([
    { id: 'a', state: 'up', isSelf: true, region: 'east' },
    { id: 'b', state: 'up', isSelf: false },
    { id: 'c', state: 'up', isSelf: false },
  ])
  expect(await statesSeenBy(b)).toEqual({ a: 'up', b: 'up', c: 'up' })
  expect(await rest(a, 'POST', 'cluster/nodes/nobody/drain')).toBeUndefined()
  expect(await rest(a, 'POST', 'cluster/nodes/c/drain')).toEqual({ id: 'c' })
  expect(await c.process.exited).toBe(0)
  await until('c to have left', async () => (await nodesSeenBy(a)).length === 2)
  b.process.child.kill('SIGKILL')
  await until('b to be gone', async () => (await statesSeenBy(a))['b'] === 'gone')
  const again = await stage.start('b')
  await until('b to be back', async () => (await statesSeenBy(a))['b'] === 'up')
  await again.stop()
})

test('crossroom cluster lists the nodes and drains one, which is not ready and seen as draining till it has ended', async () => {
  const [one, two] = await Promise.all([stage.start('one'), stage.start('two', ['--drain-notice', '3'])])
  await until('both to be seen', async () => (await statesSeenBy(one))['two'] === 'up')
  const cluster = (...args: string[]): ReturnType<typeof run> =>
    run(process.execPath, [
      COMMAND,
      'cluster',
      ...args,
      '--http-port',
      String(one.ports['http']),
      '--api-key',
      TEST_API_KEY,
    ])
  const listed = await cluster('nodes')
  expect(listed.stdout).toMatch(
    /^up {7}one {2}127\.0\.0\.1:\d+ {2}0 members, 0 streams, load 0\.\d\d {2}\S+ \(this server\)$/m,
  )
  expect(listed.stdout).toMatch(/^up {7}two /m)
  expect((await cluster('drain', 'nobody')).stderr).toBe('The server refused: No node called nobody answers.\n')
  const drained = await cluster('drain', 'two')
  expect(drained).toMatchObject({ code: 0, stdout: expect.stringContaining('Node two drains.') as string })
  await until('two to be seen as draining', async () => (await statesSeenBy(one))['two'] === 'draining')
  expect((await readiness(two)).status).toBe(503)
  expect(await two.process.exited).toBe(0)
  await until('two to have left', async () => (await statesSeenBy(one))['two'] === undefined)
  const alone = await startServer()
  const answer = await run(process.execPath, [
    ...[COMMAND, 'cluster', 'nodes', '--http-port', String(alone.ports['http']), '--api-key', TEST_API_KEY],
  ])
  expect(answer).toMatchObject({
    code: 1,
    stderr: 'The server on this machine is not in a cluster: start it with --cluster.\n',
  })
  await Promise.all([one.stop(), alone.stop()])
}, 90_000)
test('a node that does not fit is refused at its start, in one sentence', async () => {
  const ours = ['--cluster', stage.nats.urls[0]!]
  const first = await stage.start('first')
  expect(await refusal([...ours, '--node-id', 'first'])).toContain('A node called first runs already')
  const foreign = ['--secret', 'another-secret-that-is-long-enough-too']
  expect(await refusal(ours, foreign)).toMatch(
    /Node \w+ has another secret than this one: give all nodes of a cluster the same --secret\./,
  )
  expect(await refusal(ours, [])).toContain('--cluster requires --secret')
  expect(await refusal([...ours, '--cluster-creds', '/nowhere/a.creds'])).toContain('cannot be read (ENOENT)')
  await first.stop()
})

test('an engine that is not there or has no JetStream is named with what to do', async () => {
  const nobody = createServer().listen(0, '127.0.0.1')
  await once(nobody, 'listening')
  const { port } = nobody.address() as AddressInfo
  nobody.close()
  const bare = await NatsServers.start({ jetStream: false })
  const [gone, plain] = await Promise.all([
    refusal(['--cluster', `nats://127.0.0.1:${String(port)}`]),
    refusal(['--cluster', bare.urls[0]!]),
  ])
  await bare.close()
  expect(gone).toContain(`NATS at nats://127.0.0.1:${String(port)} cannot be reached`)
  expect(plain).toContain('runs without JetStream: start it with -js')
}, 60_000)

test('credentials that are wrong, missing, too weak or unreadable are named, and right ones are taken', async () => {
  const users = [
    '{ user: alice, password: "p:w/d" }',
    '{ user: bob, password: bob, permissions: { publish: ["other.>"], subscribe: ["other.>", "_INBOX.>"] } }',
  ]
  const closed = await NatsServers.start({ lines: [`authorization { users: [${users.join(', ')}] }`] })
  const at = `127.0.0.1:${String(closed.servers[0]!.port)}`
  const creds = join(tmpdir(), `broken-${String(process.pid)}.creds`)
  writeFileSync(creds, 'nothing')
  try {
    const wrong = await refusal(['--cluster', `nats://alice:wrong@${at}`])
    expect(wrong).toContain(`NATS at nats://${at} refuses these credentials`)
    expect(wrong).not.toContain('wrong@')
    const [missing, weak, broken] = await Promise.all([
      refusal(['--cluster', `nats://${at}`]),
      refusal(['--cluster', `nats://bob:bob@${at}`]),
      refusal(['--cluster', `nats://${at}`, '--cluster-creds', creds]),
    ])
    expect(missing).toContain(`NATS at nats://${at} refuses these credentials: check --cluster-creds, or user`)
    expect(weak).toContain(`The user of NATS at nats://${at} lacks permissions: it needs crossroom.>`)
    expect(broken).toContain('The file of --cluster-creds is no credentials of NATS.')
    const right = `nats://alice:${encodeURIComponent('p:w/d')}@${at}`
    const server = await startServer({ args: ['--cluster', right, '--secret', SECRET, '--relay-port', '0'] })
    expect(await nodesSeenBy(server)).toHaveLength(1)
    await server.stop()
  } finally {
    await closed.close()
    rmSync(creds)
  }
}, 90_000)

test('three servers of NATS without a majority are named at the start', async () => {
  const three = await NatsServers.start({ count: 3 })
  await (
    await startServer({ args: ['--cluster', three.urls.join(','), '--secret', SECRET, '--relay-port', '0'] })
  ).stop()
  await Promise.all(three.servers.slice(1).map((server) => server.kill()))
  expect(await refusal(['--cluster', three.urls.join(',')])).toMatch(/fewer than two of its three servers/)
  await three.close()
}, 90_000)
