// Three nodes and three NATS servers: streams that are published on the first node and played on the second.
import { setTimeout as sleep } from 'node:timers/promises'
import { NatsServers } from '@crossroom/testkit'
import { QUIET_MS, startServer, startWorker, WITH_KEY } from './lib/children.mjs'
import { figure } from './lib/figure.mjs'
import { percentile } from './lib/report.mjs'
import { cpuPerSecond } from './lib/window.mjs'

export const title = 'Cluster of three nodes: 40 streams from one to another'
export const settings = { streams: 40, joins: 20, runs: 1, seconds: 8 }

const SECRET = 'a-secret-that-the-nodes-of-benchmarks-share'
/** A copy that nobody plays any more is given up after 5 s. */
const GIVEN_UP_MS = 8000
const BETWEEN_MS = 60

export async function run({ seconds }) {
  const { streams, joins } = settings
  const nats = await NatsServers.start({ count: 3 })
  const start = (id) =>
    startServer([
      '--cluster',
      nats.urls.join(','),
      '--node-id',
      id,
      '--relay-port',
      '0',
      '--secret',
      SECRET,
      '--publish',
      'open',
    ])
  const [a, b, c] = [await start('a'), await start('b'), await start('c')]
  const publishers = await startWorker('publishers', { port: a.ports.rtmp, count: streams })
  await b.reachAge(QUIET_MS)
  const idle = { a: await cpuPerSecond(a.pid, seconds), b: await cpuPerSecond(b.pid, seconds) }

  const players = await startWorker('players', { port: b.ports.http })
  await players.ask({ command: 'begin' })
  for (let i = 0; i < joins; i++) {
    await players.ask({ command: 'join', count: 1, path: `/live/x${i}` })
    await sleep(BETWEEN_MS)
    await players.ask({ command: 'leave' })
  }
  const first = await players.ask({ command: 'end' })
  const joiner = await startWorker('rtc-joiner', { port: b.ports.http })
  const whep = []
  for (let i = joins; i < Math.min(streams, 2 * joins); i++)
    whep.push(await joiner.ask({ command: 'play', name: `x${i}` }))
  await joiner.stop()
  await sleep(GIVEN_UP_MS)

  const playEach = async () => {
    for (let i = 0; i < streams; i++) await players.ask({ command: 'join', count: 1, path: `/live/x${i}` })
    await sleep(2500)
  }
  await playEach()
  const sender = (await cpuPerSecond(a.pid, seconds)) - idle.a
  const once = (await cpuPerSecond(b.pid, seconds)) - idle.b
  await playEach()
  const twice = (await cpuPerSecond(b.pid, seconds)) - idle.b
  const served = await relayFigure(a, 'served_streams', 'b')
  const bytes = await relayFigure(a, 'sent_bytes_total', 'b')
  await sleep(seconds * 1000)
  const sentPerStream = ((await relayFigure(a, 'sent_bytes_total', 'b')) - bytes) / seconds / streams
  await players.stop()

  const probe = await startWorker('relay-probe', { near: a.ports.http, far: b.ports.http })
  await sleep(2500)
  await probe.ask({ command: 'begin' })
  await sleep(Math.max(8, seconds) * 1000)
  const { late } = await probe.ask({ command: 'end' })
  await Promise.all([probe, publishers].map((worker) => worker.stop()))
  await Promise.all([a, b, c].map((server) => server.stop()))
  await nats.close()
  return [
    figure('added delay, first node to second, p50', 'ms', percentile(late, 50), { most: 2 }),
    figure('added delay, first node to second, p99', 'ms', percentile(late, 99), { most: 10 }),
    figure('GET at the second to first whole keyframe, nobody there before, p50', 'ms', percentile(first.joins, 50), {
      most: 30,
    }),
    figure(
      'POST at the second to first whole keyframe, nobody there before, p50',
      'ms',
      percentile(
        whep.slice(2).map(({ keyframe }) => keyframe),
        50,
      ),
      { most: 30 },
    ),
    figure('copies that cross for two players of each stream', '', served / streams, { most: 1 }),
    figure('bytes that cross per second and stream', 'kB', sentPerStream / 1000),
    figure('sender: CPU per second and stream, TLS', 'ms', sender / streams, { most: 0.9 }),
    figure('receiver: the same, without its players', 'ms', (once - (twice - once)) / streams, { most: 0.8 }),
  ]
}

async function relayFigure(server, name, node) {
  const text = await (await fetch(`http://127.0.0.1:${server.ports.http}/metrics`, { headers: WITH_KEY })).text()
  const line = text.split('\n').find((one) => one.startsWith(`crossroom_relay_${name}{node="${node}"}`))
  return line === undefined ? 0 : Number(line.split(' ')[1])
}
