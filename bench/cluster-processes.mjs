// One server as one process and as two: WebRTC viewers of many streams, with streams and viewers on both processes.
import { setTimeout as sleep } from 'node:timers/promises'
import { QUIET_MS, startServer, startWorker, WITH_KEY } from './lib/children.mjs'
import { figure } from './lib/figure.mjs'
import { cpuPerSecond } from './lib/window.mjs'

export const title = 'Two processes of one machine, and one: WebRTC viewers of many streams'
export const settings = { streams: 10, viewers: 400, runs: 1, seconds: 8 }

/** Until V8 has compiled what a steady load runs, in each process. */
const SETTLE_MS = 12_000
const FRAMES = 25

export async function run({ seconds }) {
  const plain = await compare('whip', seconds)
  const converted = await compare('rtmp', seconds)
  return [
    ...figuresOf('WHIP', plain, { most: 1.1 }),
    // Each process that has viewers of a stream converts its AAC, and that is what this ratio says.
    ...figuresOf('RTMP with AAC', converted),
    figure('viewers of the busier process, of all', '', plain.two.busier),
    figure('streams that cross, of all and both ways', '', plain.two.crossing / settings.streams),
  ]
}

function figuresOf(what, { one, two }, goal) {
  return [
    figure(`published by ${what}: CPU per second and viewer, one process`, 'ms', one.perViewer),
    figure(`published by ${what}: the same, two processes`, 'ms', two.perViewer),
    figure(`published by ${what}: two processes to one`, '', two.perViewer / one.perViewer, goal),
    figure(`published by ${what}: frames received of frames sent, one process`, '', one.received, { least: 0.98 }),
    figure(`published by ${what}: the same, two processes`, '', two.received, { least: 0.98 }),
  ]
}

async function compare(by, seconds) {
  return { one: await load(by, 1, seconds), two: await load(by, 2, seconds) }
}

/** What viewers cost beside the streams: without them, then with them. */
async function load(by, processes, seconds) {
  const { streams, viewers: count } = settings
  const server = await startServer(['--processes', String(processes)])
  const publishers =
    by === 'rtmp'
      ? await startWorker('publishers', { port: server.ports.rtmp, count: streams, decoded: true })
      : await startWorker('rtc-publishers', { port: server.ports.http, count: streams })
  const viewers = await startWorker('rtc-viewers', { port: server.ports.http })
  await server.reachAge(QUIET_MS)
  const idle = await cpuPerSecond(server.pid, seconds)
  const names = Array.from({ length: count }, (_, i) => `x${i % streams}`)
  await viewers.ask({ command: 'join', count, streams: names })
  await sleep(SETTLE_MS)
  await viewers.ask({ command: 'begin' })
  const startedAt = performance.now()
  const cpu = await cpuPerSecond(server.pid, seconds)
  const { videoFrames } = await viewers.ask({ command: 'end' })
  const passed = (performance.now() - startedAt) / 1000
  const watching = await figures(server, 'viewers', 'whep')
  const crossing = await figures(server, 'relay_pulled_streams')
  await Promise.all([viewers, publishers].map((worker) => worker.stop()))
  await server.stop()
  return {
    perViewer: (cpu - idle) / count,
    busier: Math.max(...watching) / count,
    crossing: crossing.reduce((sum, value) => sum + value, 0),
    received: videoFrames / (count * passed * FRAMES),
  }
}

/** The values of a metric, one for each process. */
async function figures(server, name, label = '') {
  const text = await (await fetch(`http://127.0.0.1:${server.ports.http}/metrics`, { headers: WITH_KEY })).text()
  const lines = text.split('\n').filter((line) => line.startsWith(`crossroom_${name}{`) && line.includes(label))
  return lines.map((line) => Number(line.split(' ').at(-1)))
}
