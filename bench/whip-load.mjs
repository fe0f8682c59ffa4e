// Publishers by WebRTC: 100 that nobody watches, then 50 with an HTTP-FLV player each, their sound converted to AAC.
import { setTimeout as sleep } from 'node:timers/promises'
import { QUIET_MS, startServer, startWorker } from './lib/children.mjs'
import { figure } from './lib/figure.mjs'
import { treeRssKiB } from './lib/process.mjs'
import { cpuPerSecond } from './lib/window.mjs'

export const title = 'WebRTC publish under load'
export const settings = { publishers: 100, watched: 50, runs: 1 }

/** Until V8 has compiled what a steady load runs: in the first ten seconds that is a tenth of all that is spent. */
const SETTLE_MS = 12_000

export async function run({ seconds }) {
  const { publishers, watched } = settings
  const alone = await load(publishers, false, seconds)
  const seen = await load(watched, true, seconds)
  return [
    figure(`CPU per received packet, ${publishers} publishers, no viewer`, 'us', alone.cpuPerPacket, { most: 6 }),
    figure('packets per second and publisher', '', alone.packetsPerSecond / publishers),
    figure(`CPU per second and publisher, ${watched} with an FLV player each`, 'ms', seen.cpu / watched, { most: 25 }),
    figure('frames per second and player', '', seen.framesPerSecond / watched, { least: 71 }),
    figure('memory per publisher that is watched', 'KiB', seen.memory / watched),
  ]
}

async function load(count, isWatched, seconds) {
  const server = await startServer()
  await server.reachAge(QUIET_MS)
  const idle = treeRssKiB(server.pid)
  const publishers = await startWorker('rtc-publishers', { port: server.ports.http, count })
  const players = isWatched ? await startWorker('flv-players', { port: server.ports.http, count }) : undefined
  await sleep(SETTLE_MS)
  await publishers.ask({ command: 'take' })
  await players?.ask({ command: 'take' })
  const startedAt = performance.now()
  const cpu = await cpuPerSecond(server.pid, seconds)
  const { packets } = await publishers.ask({ command: 'take' })
  const frames = (await players?.ask({ command: 'take' }))?.frames ?? 0
  const passed = (performance.now() - startedAt) / 1000
  const memory = treeRssKiB(server.pid) - idle
  await Promise.all([publishers, players].map((worker) => worker?.stop()))
  await server.stop()
  const packetsPerSecond = packets / passed
  return {
    cpu,
    cpuPerPacket: (cpu * 1000) / packetsPerSecond,
    packetsPerSecond,
    framesPerSecond: frames / passed,
    memory,
  }
}
