// Plays one stream with many players over a byte protocol and says what it cost the server.
import { setTimeout as sleep } from 'node:timers/promises'
import { COMPLETE_MS, QUIET_MS, startWorker } from './children.mjs'
import { rssKiB } from './process.mjs'
import { FRAMES_PER_SECOND } from './source.mjs'
import { cpuPerSecond } from './window.mjs'

/** Until the queues of the start are empty. */
const SETTLE_MS = 1500

/**
 * `server` is what startServer or a worker gave; `where` is `{port, protocol}`. Delay is read by a few `probes` in a process
 * of their own,
 * in the middle of all players: a process that reads for hundreds of players adds a delay of its own.
 */
export async function playBytes(server, where, { players, probes, seconds }) {
  const crowd = await startWorker('players', where)
  const probe = await startWorker('players', { ...where, samples: true })
  await sleep(SETTLE_MS)
  await server.reachAge?.(COMPLETE_MS)
  const idle = rssKiB(server.pid)
  await crowd.ask({ command: 'join', count: players / 2 })
  await probe.ask({ command: 'join', count: probes })
  await crowd.ask({ command: 'join', count: players / 2 - probes })
  await sleep(SETTLE_MS)
  await server.reachAge?.(QUIET_MS)
  await Promise.all([crowd, probe].map((worker) => worker.ask({ command: 'begin' })))
  const startedAt = performance.now()
  const cpu = await cpuPerSecond(server.pid, seconds)
  const passed = (performance.now() - startedAt) / 1000
  const [most, few] = await Promise.all([crowd, probe].map((worker) => worker.ask({ command: 'end' })))
  const memory = rssKiB(server.pid)
  await Promise.all([crowd.stop(), probe.stop()])
  return {
    cpuPerPlayer: cpu / players,
    received: (most.frames + few.frames) / (players * passed * FRAMES_PER_SECOND),
    gaps: most.gaps + few.gaps,
    closed: most.closed + few.closed,
    videoDelays: few.videoDelays,
    audioDelays: few.audioDelays,
    memoryPerPlayer: (memory - idle) / players,
  }
}
