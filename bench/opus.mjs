// What AAC to Opus costs: 20 streams, first unwatched, then with one listener each.
import { setTimeout as sleep } from 'node:timers/promises'
import { QUIET_MS, startServer, startWorker } from './lib/children.mjs'
import { figure } from './lib/figure.mjs'
import { treeRssKiB } from './lib/process.mjs'
import { cpuPerSecond } from './lib/window.mjs'

export const title = 'AAC to Opus, 20 streams'
export const settings = { streams: 20, runs: 1 }

export async function run({ seconds }) {
  const server = await startServer()
  const { streams: count } = settings
  const publishers = await startWorker('publishers', { port: server.ports.rtmp, count, decoded: true })
  const listeners = await startWorker('rtc-viewers', { port: server.ports.http, kinds: ['audio'] })
  await server.reachAge(QUIET_MS)
  const idle = treeRssKiB(server.pid)
  const without = await cpuPerSecond(server.pid, seconds)
  const streams = Array.from({ length: count }, (_, i) => `x${i}`)
  await listeners.ask({ command: 'join', count, streams })
  await sleep(3000)
  await listeners.ask({ command: 'begin' })
  const startedAt = performance.now()
  const withThem = await cpuPerSecond(server.pid, seconds)
  const { packets } = await listeners.ask({ command: 'end' })
  const passed = (performance.now() - startedAt) / 1000
  const memory = treeRssKiB(server.pid)
  await Promise.all([listeners, publishers].map((worker) => worker.stop()))
  await server.stop()
  return [
    figure('CPU per second and stream that is listened to', 'ms', (withThem - without) / count, { most: 15 }),
    figure('Opus packets per second and stream', '', packets / passed / count, { least: 49 }),
    figure('memory per stream that is listened to', 'KiB', (memory - idle) / count),
  ]
}
