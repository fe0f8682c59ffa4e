// RTMP ingest: 200 publishers of the 1 Mbit/s stream, nobody watching.
import { setTimeout as sleep } from 'node:timers/promises'
import { COMPLETE_MS, QUIET_MS, startServer, startWorker, WITH_KEY } from './lib/children.mjs'
import { figure } from './lib/figure.mjs'
import { rssKiB } from './lib/process.mjs'
import { cpuPerSecond } from './lib/window.mjs'

export const title = 'RTMP ingest, 200 publishers'
export const settings = { publishers: 200, runs: 2 }

/** A whole GOP of every publisher is cached after that, and code is compiled. */
const SETTLE_MS = 4000

export async function run({ seconds }) {
  const server = await startServer()
  const { publishers: count } = settings
  await server.reachAge(COMPLETE_MS)
  const idle = rssKiB(server.pid)
  const publishers = await startWorker('publishers', { port: server.ports.rtmp, count })
  await sleep(SETTLE_MS)
  await server.reachAge(QUIET_MS)
  const cpu = await cpuPerSecond(server.pid, seconds)
  const memory = rssKiB(server.pid)
  const response = await fetch(`http://127.0.0.1:${server.ports.http}/api/v1/streams`, { headers: WITH_KEY })
  const { streams } = await response.json()
  await publishers.stop()
  await server.stop()
  return [
    figure('CPU per second and publisher', 'ms', cpu / count, { most: 1.5, aim: 1 }),
    figure('memory per publisher', 'KiB', (memory - idle) / count, { most: 1024 }),
    figure('publishers that are live', '', streams.length / count, { least: 1 }),
  ]
}
