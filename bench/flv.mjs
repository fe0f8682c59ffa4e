// HTTP-FLV: CPU per second and player, beside a bare socket writer in the same run; delay; memory; time to join.
import { setTimeout as sleep } from 'node:timers/promises'
import { startServer, startWorker } from './lib/children.mjs'
import { cpuMs, rssKiB } from './lib/process.mjs'
import { percentile } from './lib/report.mjs'

/** Plays with `players` for `seconds` against the process `pid` on `port`. */
async function measure(pid, port, path, players, seconds) {
  const before = rssKiB(pid)
  const worker = startWorker('flv-players', { port, path, count: players })
  await worker.ready
  await sleep(3000)
  const rss = rssKiB(pid)
  await worker.ask('begin')
  const cpu = cpuMs(pid)
  const startedAt = performance.now()
  await sleep(seconds * 1000)
  const spent = cpuMs(pid) - cpu
  const passed = (performance.now() - startedAt) / 1000
  const state = await worker.ask('end')
  await worker.stop()
  return { state, cpuPerPlayer: spent / passed / players, rssPerPlayer: (rss - before) / players, passed }
}

export async function run({ players = 500, seconds = 15 } = {}) {
  const server = await startServer()
  const publisher = startWorker('publishers', { port: server.ports.rtmp, count: 1, prefix: 'x' })
  await publisher.ready
  await sleep(2500)
  const flv = await measure(server.pid, server.ports.http, '/live/x0.flv', players, seconds)
  await publisher.stop()
  await server.stop()
  const bare = startWorker('bare-writer', {})
  const { port } = await bare.ready
  const yardstick = await measure(bare.pid, port, '/', players, seconds)
  await bare.stop()
  const { state } = flv
  const expected = Math.round(flv.passed * (25 + 48_000 / 1024))
  const delays = state.delays.map(([, ms]) => ms)
  const video = state.delays.filter(([type]) => type === 9).map(([, ms]) => ms)
  return [
    { name: 'HTTP-FLV: CPU per second and player', value: flv.cpuPerPlayer, unit: 'ms', goal: '<= 0.40, aim 0.25' },
    { name: 'bare net.Socket writer: the same', value: yardstick.cpuPerPlayer, unit: 'ms' },
    { name: 'HTTP-FLV against bare writer', value: flv.cpuPerPlayer / yardstick.cpuPerPlayer, unit: 'x', goal: '<= 1.3' },
    { name: 'HTTP-FLV: frames per player received / sent', value: state.frames / players / expected, unit: '', goal: '1' },
    { name: 'HTTP-FLV: gaps seen by players', value: state.gaps, unit: '', goal: '0' },
    { name: 'HTTP-FLV: added delay p50', value: percentile(delays, 50), unit: 'ms', goal: '<= 5' },
    { name: 'HTTP-FLV: added delay p99', value: percentile(delays, 99), unit: 'ms', goal: '<= 30' },
    { name: 'HTTP-FLV: added delay of video p50 / p99', value: [percentile(video, 50), percentile(video, 99)], unit: 'ms' },
    { name: 'HTTP-FLV: GET to first keyframe tag p50 (joining together)', value: percentile(state.joins, 50), unit: 'ms' },
    { name: 'HTTP-FLV: memory per player', value: flv.rssPerPlayer, unit: 'KiB', goal: '<= 40' },
  ]
}
