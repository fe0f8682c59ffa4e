// Mixed sound of a room: what it costs when everybody plays the mix of the others, and how late it is.
import { QUIET_MS, startServer, startWorker } from './lib/children.mjs'
import { figure } from './lib/figure.mjs'
import { percentile } from './lib/report.mjs'
import { cpuPerSecond } from './lib/window.mjs'
import { setTimeout as sleep } from 'node:timers/promises'

export const title = 'Mixed sound, a room of 8'
export const settings = { members: 8, runs: 1, seconds: 8 }

const FRAMES_PER_SECOND = 48_000 / 1024
const MS_PER_PERCENT = 10
/** Mixes run for so long before they are measured: until then V8 compiles them, once in the life of a codec process. */
const SETTLED_MS = 8000

export async function run({ seconds }) {
  const turns = await cost('turns', seconds)
  const all = await cost('all', seconds)
  const delays = await lateness()
  return [
    figure('CPU while two of them speak', '% of a core', turns.cpuMs / MS_PER_PERCENT, { most: 5 }),
    figure('CPU while all of them speak', '% of a core', all.cpuMs / MS_PER_PERCENT, { most: 5 }),
    figure('frames of each mix per second', '', turns.frames, { least: FRAMES_PER_SECOND - 0.5 }),
    figure('sound in to mixed sound out, p50', 'ms', percentile(delays, 50), { most: 60 }),
    figure('the same, p95', 'ms', percentile(delays, 95)),
  ]
}

/** What the mixes add to a room whose members push and play nothing. */
async function cost(talk, seconds) {
  const { members: count } = settings
  const server = await startServer()
  const members = await startWorker('mix-members', { port: server.ports.http, count, talk })
  await server.reachAge(QUIET_MS)
  const without = await cpuPerSecond(server.pid, seconds)
  await members.ask({ command: 'listen' })
  await sleep(SETTLED_MS)
  await members.ask({ command: 'forget' })
  const startedAt = performance.now()
  const withThem = await cpuPerSecond(server.pid, seconds)
  const { frames } = await members.ask({ command: 'frames' })
  const passed = (performance.now() - startedAt) / 1000
  await members.stop()
  await server.stop()
  return { cpuMs: withThem - without, frames: frames / passed / count }
}

/** How long single bursts of one member are on their way to another. */
async function lateness() {
  const server = await startServer()
  const members = await startWorker('mix-members', { port: server.ports.http, count: 3, talk: 'bursts' })
  await members.ask({ command: 'listen' })
  await sleep(3000)
  await members.ask({ command: 'forget' })
  await sleep(12_000)
  const { delays } = await members.ask({ command: 'delays' })
  await members.stop()
  await server.stop()
  if (delays.length < 15) throw new Error(`Only ${delays.length} bursts were heard.`)
  return delays
}
