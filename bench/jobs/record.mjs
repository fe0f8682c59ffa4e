// 50 streams in real time, first without and then with a recording each.
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { QUIET_MS, startServer, startWorker, WITH_KEY } from '../lib/children.mjs'
import { figure } from '../lib/figure.mjs'
import { cpuPerSecond } from '../lib/window.mjs'

const STREAMS = 50
/** The first segment is open, and what was cached is written. */
const SETTLE_MS = 4000

export async function run({ seconds }) {
  const folder = mkdtempSync(join(tmpdir(), 'bench-record-'))
  const server = await startServer([
    ...['--record-dir', folder, '--state-dir', join(folder, '.state'), '--record-min-free', '0'],
  ])
  const publishers = await startWorker('publishers', { port: server.ports.rtmp, count: STREAMS })
  await server.reachAge(QUIET_MS)
  const before = await cpuPerSecond(server.pid, seconds)
  for (let i = 0; i < STREAMS; i++) await record(server, `live/x${i}`)
  await sleep(SETTLE_MS)
  const child = Number(readFileSync(join(folder, '.journal/pid'), 'utf8'))
  const [together, recorder, bits] = await Promise.all([
    cpuPerSecond(server.pid, seconds),
    cpuPerSecond(child, seconds),
    bitsPerSecond(server, seconds),
  ])
  const metrics = await (await fetch(`http://127.0.0.1:${server.ports.http}/metrics`, { headers: WITH_KEY })).text()
  const leftOut = Number(/record_frames_left_out_total (\d+)/.exec(metrics)?.[1])
  await publishers.stop()
  await server.stop()
  rmSync(folder, { recursive: true, force: true })
  return [
    figure('recordings: bits per second of each', 'Mbit/s', bits / STREAMS / 1e6),
    figure('50 recordings: CPU of server and record process, of a core', '%', (together - before) / 10, { most: 15 }),
    figure('the same, the record process alone', '%', recorder / 10),
    figure('frames that were left out', '', leftOut, { most: 0 }),
  ]
}

async function record({ ports }, stream) {
  const response = await fetch(`http://127.0.0.1:${ports.http}/api/v1/recordings`, {
    method: 'POST',
    headers: { ...WITH_KEY, 'content-type': 'application/json' },
    body: JSON.stringify({ stream }),
  })
  if (!response.ok) throw new Error(`${stream} is not recorded: ${await response.text()}`)
}

async function bitsPerSecond({ ports }, seconds) {
  const bytes = async () => {
    const answer = await fetch(`http://127.0.0.1:${ports.http}/api/v1/streams`, { headers: WITH_KEY })
    return (await answer.json()).streams.reduce((sum, { bytesIn }) => sum + bytesIn, 0)
  }
  const from = await bytes()
  await sleep(seconds * 1000)
  return ((await bytes()) - from) * (8 / seconds)
}
