// 50 cameras, 640×360 at 25 frames and 500 kbit/s, pulled by RTSP over TCP.
import { setTimeout as sleep } from 'node:timers/promises'
import { QUIET_MS, startServer, startWorker, WITH_KEY } from '../lib/children.mjs'
import { figure } from '../lib/figure.mjs'
import { treeRssKiB } from '../lib/process.mjs'
import { percentile } from '../lib/report.mjs'
import { cpuPerSecond } from '../lib/window.mjs'

const PULLS = 50
const LIVE_MS = 30_000
/** A whole GOP of each camera is cached after that, and code is compiled. */
const SETTLE_MS = 6000
const PROBED = 5

export async function run({ seconds }) {
  const server = await startServer(['--pull-private', '127.0.0.1'])
  const cameras = await startWorker('rtsp-cameras')
  const api = `http://127.0.0.1:${server.ports.http}/api/v1`
  await server.reachAge(QUIET_MS)
  const idle = { memory: treeRssKiB(server.pid), cpu: await cpuPerSecond(server.pid, seconds) }
  for (let i = 0; i < PULLS; i++) {
    const body = JSON.stringify({ url: `rtsp://127.0.0.1:${cameras.ready.port}/x${i}`, stream: `cam/x${i}` })
    const headers = { ...WITH_KEY, 'content-type': 'application/json' }
    const { status } = await fetch(`${api}/pulls`, { method: 'POST', headers, body })
    if (status !== 201) throw new Error(`The pull was answered with ${status}.`)
  }
  const live = async () => {
    const { pulls } = await (await fetch(`${api}/pulls`, { headers: WITH_KEY })).json()
    return pulls.filter(({ state }) => state === 'live').length
  }
  const deadline = performance.now() + LIVE_MS
  while ((await live()) < PULLS && performance.now() < deadline) await sleep(100)
  await sleep(SETTLE_MS)
  const cpu = await cpuPerSecond(server.pid, seconds)
  const memory = treeRssKiB(server.pid)
  const urls = Array.from({ length: PROBED }, (_, i) => `http://127.0.0.1:${server.ports.http}/cam/x${i * 10}.flv`)
  const probe = await startWorker('stamp-probe', { urls })
  await sleep(2000)
  await probe.ask({ command: 'begin' })
  await sleep(Math.max(8, seconds) * 1000)
  const { late } = await probe.ask({ command: 'end' })
  const count = await live()
  await Promise.all([probe.stop(), cameras.stop()])
  await server.stop()
  return [
    figure('50 RTSP pulls of 360p25, CPU each', '% of a core', (cpu - idle.cpu) / PULLS / 10, { most: 1 }),
    figure('memory each, children included', 'MiB', (memory - idle.memory) / PULLS / 1024, { most: 8 }),
    figure('camera to HTTP-FLV player, p50', 'ms', percentile(late, 50)),
    figure('camera to HTTP-FLV player, p95', 'ms', percentile(late, 95), { most: 30 }),
    figure('pictures that were timed', '', late.length),
    figure('pulls that are live', '', count / PULLS, { least: 1 }),
  ]
}
