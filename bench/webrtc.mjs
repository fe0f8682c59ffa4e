// WebRTC play: delay with 100 viewers; then joins one after the other, beside them.
import { setTimeout as sleep } from 'node:timers/promises'
import { startServer, startWorker } from './lib/children.mjs'
import { figure } from './lib/figure.mjs'
import { percentile } from './lib/report.mjs'

export const title = 'WebRTC play, 100 viewers, and joining'
export const settings = { viewers: 100, probes: 10, joins: 12, runs: 1 }

export async function run({ seconds }) {
  const server = await startServer()
  const publisher = await startWorker('publishers', { port: server.ports.rtmp, decoded: true })
  const joiner = await startWorker('rtc-joiner', { port: server.ports.http })
  await sleep(2500)
  const joins = []
  for (let i = 0; i < settings.joins; i++) joins.push(await joiner.ask({ command: 'play' }))
  await joiner.stop()
  // Half of the crowd is served before the probes and half after them.
  const crowd = await startWorker('rtc-viewers', { port: server.ports.http, feedback: true })
  const probes = await startWorker('rtc-viewers', { port: server.ports.http, samples: true, feedback: true })
  const half = (settings.viewers - settings.probes) / 2
  await crowd.ask({ command: 'join', count: half })
  await probes.ask({ command: 'join', count: settings.probes })
  await crowd.ask({ command: 'join', count: half })
  await sleep(2500)
  await probes.ask({ command: 'begin' })
  // Two GOPs at least: keyframes are looked at alone.
  await sleep(Math.max(8, seconds) * 1000)
  const { delays, keyframeDelays, audioDelays, lost } = await probes.ask({ command: 'end' })
  await Promise.all([crowd, probes, publisher].map((worker) => worker.stop()))
  await server.stop()
  // The first ones compile the code.
  const warm = joins.slice(2)
  const median = (name) =>
    percentile(
      warm.map((join) => join[name]),
      50,
    )
  return [
    figure('POST to connected p50', 'ms', median('connected'), { most: 10 }),
    figure('POST to first whole keyframe p50', 'ms', median('keyframe'), { most: 30 }),
    figure('picture behind its publisher 1 s after joining p50', 'ms', median('behindMs'), { most: 50 }),
    figure('frame in to last packet out p50', 'ms', percentile(delays, 50), { most: 1 }),
    figure('frame in to last packet out p99', 'ms', percentile(delays, 99), { most: 12 }),
    figure('keyframes alone p50', 'ms', percentile(keyframeDelays, 50)),
    figure('keyframes alone p99', 'ms', percentile(keyframeDelays, 99), { most: 20 }),
    figure('sound, AAC to Opus, p50', 'ms', percentile(audioDelays, 50), { most: 30 }),
    figure('sound, AAC to Opus, p99', 'ms', percentile(audioDelays, 99)),
    figure('packets that probes missed', '', lost, { most: 0 }),
  ]
}
