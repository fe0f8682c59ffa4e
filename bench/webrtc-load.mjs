// WebRTC play: CPU per delivered packet with 400 viewers, silent and with feedback; memory and event loop with 1000.
import { setTimeout as sleep } from 'node:timers/promises'
import { COMPLETE_MS, QUIET_MS, startServer, startWorker, WITH_KEY } from './lib/children.mjs'
import { figure } from './lib/figure.mjs'
import { rssKiB } from './lib/process.mjs'
import { cpuPerSecond } from './lib/window.mjs'

export const title = 'WebRTC play under load'
export const settings = { viewers: 400, many: 1000, runs: 1 }

const SETTLE_MS = 2500
/** What the lag of Node's own monitor is when nothing lags: its timer ticks every 10 ms. */
const MONITOR_MS = 10

export async function run({ seconds }) {
  const { viewers, many } = settings
  const silent = await load(viewers, { seconds })
  const talking = await load(viewers, { seconds, feedback: true })
  const crowd = await load(many, { seconds })
  return [
    figure('CPU per delivered packet, silent viewers', 'us', silent.cpuPerPacket, { most: 2.5 }),
    figure('CPU per delivered packet, viewers with feedback', 'us', talking.cpuPerPacket, { most: 3.5 }),
    figure('packets per second and viewer', '', silent.packetsPerSecond / viewers),
    figure('frames received of frames sent, silent', '', silent.received, { least: 0.98 }),
    figure('frames received of frames sent, with feedback', '', talking.received, { least: 0.98 }),
    figure('gaps in sequence numbers', '', silent.lost + talking.lost),
    figure(`event loop delay p99 with ${many} viewers`, 'ms', crowd.loopDelayMs, { most: 20 }),
    figure(`frames received of frames sent, ${many} viewers`, '', crowd.received),
    figure(`CPU per delivered packet, ${many} viewers`, 'us', crowd.cpuPerPacket),
    figure(`memory per viewer, ${many} viewers`, 'KiB', crowd.memoryPerViewer, { most: 100 }),
  ]
}

async function load(count, { seconds, feedback = false }) {
  const server = await startServer()
  const publisher = await startWorker('publishers', { port: server.ports.rtmp, decoded: true })
  const viewers = await startWorker('rtc-viewers', { port: server.ports.http, feedback })
  await server.reachAge(COMPLETE_MS)
  const idle = rssKiB(server.pid)
  await viewers.ask({ command: 'join', count })
  await sleep(SETTLE_MS)
  await server.reachAge(QUIET_MS)
  // Reading the metrics begins a new count.
  await loopDelay(server)
  await viewers.ask({ command: 'begin' })
  const startedAt = performance.now()
  const cpu = await cpuPerSecond(server.pid, seconds)
  const { packets, videoFrames, lost } = await viewers.ask({ command: 'end' })
  const passed = (performance.now() - startedAt) / 1000
  const loopDelayMs = await loopDelay(server)
  const memory = rssKiB(server.pid)
  await Promise.all([viewers, publisher].map((worker) => worker.stop()))
  await server.stop()
  const packetsPerSecond = packets / passed
  return {
    cpuPerPacket: (cpu * 1000) / packetsPerSecond,
    packetsPerSecond,
    received: videoFrames / (count * passed * 25),
    lost,
    loopDelayMs,
    memoryPerViewer: (memory - idle) / count,
  }
}

async function loopDelay(server) {
  const response = await fetch(`http://127.0.0.1:${server.ports.http}/metrics`, { headers: WITH_KEY })
  const [, seconds] = /^nodejs_eventloop_lag_p99_seconds (\S+)/m.exec(await response.text())
  return Math.max(0, Number(seconds) * 1000 - MONITOR_MS)
}
