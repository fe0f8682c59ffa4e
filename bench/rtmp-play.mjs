// RTMP play with 500 players.
import { startServer, startWorker } from './lib/children.mjs'
import { figure } from './lib/figure.mjs'
import { playBytes } from './lib/play-bytes.mjs'
import { percentile } from './lib/report.mjs'

export const title = 'RTMP play, 500 players'
export const settings = { players: 500, probes: 20, runs: 1 }

export async function run({ seconds }) {
  const server = await startServer()
  const publisher = await startWorker('publishers', { port: server.ports.rtmp })
  const where = { port: server.ports.rtmp, protocol: 'rtmp' }
  const played = await playBytes(server, where, { ...settings, seconds })
  await publisher.stop()
  await server.stop()
  const delays = [...played.videoDelays, ...played.audioDelays]
  return [
    figure('CPU per second and player', 'ms', played.cpuPerPlayer),
    figure('frames received of frames sent', '', played.received, { least: 0.98 }),
    figure('gaps, and players that were closed', '', played.gaps + played.closed, { most: 0 }),
    figure('added delay p50', 'ms', percentile(delays, 50)),
    figure('added delay p99', 'ms', percentile(delays, 99)),
    figure('memory per player', 'KiB', played.memoryPerPlayer),
  ]
}
