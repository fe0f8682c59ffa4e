// 50 streams in real time, first without and then with a push each to another server: by RTMP, and some by WHIP.
import { setTimeout as sleep } from 'node:timers/promises'
import { QUIET_MS, startServer, startWorker, WITH_KEY } from '../lib/children.mjs'
import { figure } from '../lib/figure.mjs'
import { treeRssKiB } from '../lib/process.mjs'
import { cpuPerSecond } from '../lib/window.mjs'

const STREAMS = 50
/** Their sound is converted to Opus. */
const BY_WHIP = 10
const PUSHING_MS = 30_000
/** What was cached is sent, and code is compiled. */
const SETTLE_MS = 4000

export async function run({ seconds }) {
  const server = await startServer(['--push-private', '127.0.0.1'])
  const target = await startServer([])
  const publishers = await startWorker('publishers', { port: server.ports.rtmp, count: STREAMS })
  await server.reachAge(QUIET_MS)
  const idle = { cpu: await cpuPerSecond(server.pid, seconds), memory: treeRssKiB(server.pid) }
  const rtmp = await measure(server, STREAMS, seconds, (i) => `rtmp://127.0.0.1:${target.ports.rtmp}/live/x${i}`)
  const whip = await measure(server, BY_WHIP, seconds, (i) => `http://127.0.0.1:${target.ports.http}/whip/live/x${i}`)
  await publishers.stop()
  await Promise.all([server.stop(), target.stop()])
  const share = ({ cpu }, count) => (cpu - idle.cpu) / count / 10
  return [
    figure('50 pushes by RTMP, CPU each', '% of a core', share(rtmp, STREAMS)),
    figure('memory each', 'MiB', (rtmp.memory - idle.memory) / STREAMS / 1024),
    figure('sent by all', 'Mbit/s', rtmp.bits / 1e6),
    figure('pushes by RTMP that go on', '', rtmp.pushing / STREAMS, { least: 1 }),
    figure('frames that were left out', '', rtmp.dropped, { most: 0 }),
    figure('10 pushes by WHIP with Opus made of AAC, CPU each', '% of a core', share(whip, BY_WHIP)),
    figure('pushes by WHIP that go on', '', whip.pushing / BY_WHIP, { least: 1 }),
  ]
}

async function measure(server, count, seconds, urlOf) {
  const api = `http://127.0.0.1:${server.ports.http}/api/v1/pushes`
  for (let i = 0; i < count; i++) {
    const body = JSON.stringify({ stream: `live/x${i}`, url: urlOf(i) })
    const headers = { ...WITH_KEY, 'content-type': 'application/json' }
    const response = await fetch(api, { method: 'POST', headers, body })
    if (response.status !== 201) throw new Error(`The push was answered with ${await response.text()}`)
  }
  const list = async () => (await (await fetch(api, { headers: WITH_KEY })).json()).pushes
  const pushing = (pushes) => pushes.filter(({ state }) => state === 'pushing').length
  const total = (pushes, field) => pushes.reduce((sum, push) => sum + push[field], 0)
  const deadline = performance.now() + PUSHING_MS
  while (pushing(await list()) < count && performance.now() < deadline) await sleep(100)
  await sleep(SETTLE_MS)
  const before = await list()
  const cpu = await cpuPerSecond(server.pid, seconds)
  const after = await list()
  const bits = ((total(after, 'bytesOut') - total(before, 'bytesOut')) * 8) / seconds
  const memory = treeRssKiB(server.pid)
  for (const { id } of after) await fetch(`${api}/${id}`, { method: 'DELETE', headers: WITH_KEY })
  return { cpu, memory, bits, pushing: pushing(after), dropped: total(after, 'droppedFrames') }
}
