// From GET to the whole first keyframe: one HTTP-FLV player after the other.
import { setTimeout as sleep } from 'node:timers/promises'
import { startServer, startWorker } from './lib/children.mjs'
import { figure } from './lib/figure.mjs'
import { percentile } from './lib/report.mjs'

export const title = 'Joining HTTP-FLV, one player at a time'
export const settings = { joins: 100, runs: 1 }

const WARM_UP = 20
const BETWEEN_MS = 60

export async function run() {
  const server = await startServer()
  const publisher = await startWorker('publishers', { port: server.ports.rtmp })
  const players = await startWorker('players', { port: server.ports.http, protocol: 'http-flv' })
  await sleep(2500)
  for (let i = 0; i < WARM_UP + settings.joins; i++) {
    if (i === WARM_UP) await players.ask({ command: 'begin' })
    await players.ask({ command: 'join', count: 1 })
    await sleep(BETWEEN_MS)
    await players.ask({ command: 'leave' })
  }
  const { joins } = await players.ask({ command: 'end' })
  await Promise.all([players, publisher, server].map((child) => child.stop()))
  return [
    figure('GET to first keyframe p50', 'ms', percentile(joins, 50), { most: 5 }),
    figure('GET to first keyframe p99', 'ms', percentile(joins, 99)),
    figure('joins that got a keyframe', '', joins.length / settings.joins, { least: 1 }),
  ]
}
