// RTMP ingest: 200 publishers of the 1 Mbit/s stream, nobody watching.
import { setTimeout as sleep } from 'node:timers/promises'
import { startServer, startWorker } from './lib/children.mjs'
import { figure } from './lib/figure.mjs'
import { rssKiB } from './lib/process.mjs'
import { cpuPerSecond } from './lib/window.mjs'

export const title = 'RTMP ingest, 200 publishers'
export const settings = { publishers: 200 }

const WARM_UP_PUBLISHERS = 4

export async function run({ seconds }) {
  const server = await startServer()
  // Code that publishers need is loaded and compiled before memory is counted.
  const first = await startWorker('publishers', { port: server.ports.rtmp, count: WARM_UP_PUBLISHERS, prefix: 'w' })
  await sleep(2000)
  await first.stop()
  await sleep(500)
  const idle = rssKiB(server.pid)
  const { publishers: count } = settings
  const publishers = await startWorker('publishers', { port: server.ports.rtmp, count })
  // A whole GOP of every publisher is cached.
  await sleep(5000)
  const cpu = await cpuPerSecond(server.pid, seconds)
  const memory = rssKiB(server.pid)
  const response = await fetch(`http://127.0.0.1:${server.ports.http}/api/v1/streams`)
  const { streams } = await response.json()
  await publishers.stop()
  await server.stop()
  return [
    figure('CPU per second and publisher', 'ms', cpu / count, { most: 1.5, aim: 1 }),
    figure('memory per publisher', 'KiB', (memory - idle) / count, { most: 1024 }),
    figure('publishers that are live', '', streams.length / count, { least: 1 }),
  ]
}
