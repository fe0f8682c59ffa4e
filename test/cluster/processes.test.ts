import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { get } from 'node:http'
import { afterAll, beforeAll, expect, test } from 'vitest'
import {
  pushFfmpeg,
  rest,
  startServer,
  until,
  untilStream,
  watchHttpFlv,
  WITH_KEY,
  type TestServer,
} from '../harness/index.js'
import { WirePeer } from '../interop/webrtc/wire-peer.js'
import { statesSeenBy } from './cluster-stage.js'
import { pidOf, processesOf } from './server-processes.js'

const NAMES = ['live/p1', 'live/p2', 'live/p3', 'live/p4']

let server: TestServer
beforeAll(async () => {
  server = await startServer({ args: ['--processes', '2', '--node-id', 'here'] })
})
afterAll(() => server.stop())

/** Empty when the process that was to answer ended. */
async function metrics(): Promise<string> {
  const signal = AbortSignal.timeout(5000)
  return await fetch(`${server.http}/metrics`, { headers: WITH_KEY, signal }).then(
    (response) => response.text(),
    () => '',
  )
}

async function untilAllRun(): Promise<void> {
  const areBack = async (): Promise<boolean> => (await metrics()).includes('crossroom_processes{process="parent"} 2')
  await until('the processes to be back', areBack, { timeoutMs: 45_000, explain: server.log })
}

async function figure(name: string, process: number): Promise<number | undefined> {
  const line = (await metrics())
    .split('\n')
    .find((one) => one.startsWith(name) && one.includes(`process="${String(process)}"`))
  return line === undefined ? undefined : Number(line.split(' ').at(-1))
}

async function nodesOfStreams(): Promise<Record<string, string>> {
  const { streams } = (await rest<{ streams: { name: string; node: string }[] }>(server, 'GET', 'streams'))!
  return Object.fromEntries(streams.map(({ name, node }) => [name, node]))
}

test('what is published over one process is played over both, and one question answers for both', async () => {
  const [one, two] = processesOf(server)
  expect([one, two]).toMatchObject([
    { process: 1, node: 'here-1' },
    { process: 2, node: 'here-2' },
  ])
  expect(one!.rtc).not.toBe(two!.rtc)
  const pushes = NAMES.map((name) => pushFfmpeg({ url: `${server.rtmp}/${name}` }))
  await Promise.all(NAMES.map((name) => untilStream(server, name, 'live', 30)))
  expect(new Set(Object.values(await nodesOfStreams()))).toEqual(new Set(['here-1', 'here-2']))
  for (const name of NAMES) {
    const viewers = Array.from({ length: 2 }, () => watchHttpFlv(`${server.http}/${name}.flv`))
    await Promise.all(viewers.map((viewer) => viewer.frames(30)))
    for (const viewer of viewers) viewer.close()
    const browser = await WirePeer.play(`${server.http}/whep/${name}`)
    expect(browser.videoFrames).toBeGreaterThanOrEqual(10)
    await browser.close()
  }
  expect(await figure('crossroom_relay_received_bytes_total', 1)).toBeGreaterThan(0)
  expect(await figure('crossroom_relay_received_bytes_total', 2)).toBeGreaterThan(0)
  expect(await metrics()).toMatch(/^crossroom_processes\{process="parent"\} 2$/m)
  expect(await (await fetch(`${server.http}/readyz`)).json()).toMatchObject({ parts: { processes: { on: true } } })
  await Promise.all(pushes.map((push) => push.stop()))
})

test('a process that is killed is started again, and what it carried comes back over the other', async () => {
  const [one, two] = processesOf(server)
  const push = pushFfmpeg({ url: `${server.rtmp}/live/again` })
  await untilStream(server, 'live/again', 'live', 30)
  const dead = (await nodesOfStreams())['live/again'] === 'here-1' ? one! : two!
  process.kill(pidOf(server, dead.process), 'SIGKILL')
  await push.exited
  await untilAllRun()
  expect(server.log()).toMatch(/"process":\d,"code":null,"signal":"SIGKILL".*A process ended and is started again/)
  expect(await metrics()).toContain('crossroom_process_restarts_total{process="parent"} 1')
  await until('both nodes', async () => {
    const states = await statesSeenBy(server)
    return states['here-1'] === 'up' && states['here-2'] === 'up'
  })
  const second = pushFfmpeg({ url: `${server.rtmp}/live/again` })
  await untilStream(server, 'live/again', 'live', 30)
  const viewers = Array.from({ length: 2 }, () => watchHttpFlv(`${server.http}/live/again.flv`))
  await Promise.all(viewers.map((viewer) => viewer.frames(30)))
  for (const viewer of viewers) viewer.close()
  await second.stop()
})

test('a process that hangs is killed: a connection that it did not take ends, the others are answered', async () => {
  process.kill(pidOf(server, 1), 'SIGSTOP')
  const ask = async (): Promise<unknown> => {
    const signal = AbortSignal.timeout(40_000)
    return await once(get(`${server.http}/healthz`, { agent: false, signal }), 'response')
  }
  // They go to the processes in turn; the one that hangs is given no second one.
  const asked = await Promise.allSettled([ask(), ask(), ask(), ask()])
  const failed = asked.flatMap((one) => (one.status === 'rejected' ? [(one.reason as { code: string }).code] : []))
  expect(failed).toEqual(['ECONNRESET'])
  expect(server.log()).toContain('"why":"It hangs."')
  await untilAllRun()
}, 90_000)

test('one signal drains all of them', async () => {
  const pids = [...server.log().matchAll(/"pid":(\d+)/g)].map(([, pid]) => pid!)
  const viewer = watchHttpFlv(`${server.http}/live/last.flv`)
  const push = pushFfmpeg({ url: `${server.rtmp}/live/last` })
  await viewer.frames(10)
  server.process.child.kill('SIGTERM')
  await viewer.end()
  expect(await server.process.exited).toBe(0)
  expect(server.log().match(/"process":\d,"msg":"Draining/g)).toHaveLength(2)
  for (const pid of pids) expect(() => readFileSync(`/proc/${pid}/stat`)).toThrow()
  await push.exited
})
