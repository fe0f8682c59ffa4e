// HTTP-FLV with 500 players: CPU beside that of a bare socket writer, every frame at every player, delay, memory.
import { figure } from './lib/figure.mjs'
import { playBytes } from './lib/play-bytes.mjs'
import { startServer, startWorker } from './lib/children.mjs'
import { median, percentile } from './lib/report.mjs'

export const title = 'HTTP-FLV, 500 players'
export const settings = { players: 500, probes: 20, runs: 2 }

export async function run({ seconds = 5 } = {}) {
  const server = await startServer()
  const publisher = await startWorker('publishers', { port: server.ports.rtmp })
  const played = await playBytes(server, { port: server.ports.http, protocol: 'http-flv' }, { ...settings, seconds })
  await publisher.stop()
  await server.stop()
  const bare = await startWorker('bare-writer')
  const yardstick = await playBytes(bare, { port: bare.ready.port, protocol: 'http-flv' }, { ...settings, seconds })
  await bare.stop()
  const delays = [...played.videoDelays, ...played.audioDelays]
  return [
    figure('CPU per second and player', 'ms', played.cpuPerPlayer, { most: 0.4, aim: 0.25 }),
    figure('the same for a bare net.Socket writer', 'ms', yardstick.cpuPerPlayer),
    figure('server to bare writer', 'x', played.cpuPerPlayer / yardstick.cpuPerPlayer, { most: 1.3 }),
    figure('frames received of frames sent', '', played.received, { least: 0.98 }),
    figure('gaps, and players that were closed', '', played.gaps + played.closed, { most: 0 }),
    figure('added delay p50', 'ms', percentile(delays, 50), { most: 5 }),
    figure('added delay p99', 'ms', percentile(delays, 99), { most: 30 }),
    figure('added delay of video p50', 'ms', median(played.videoDelays)),
    figure('the same for the bare writer', 'ms', median(yardstick.videoDelays)),
    figure('memory per player', 'KiB', played.memoryPerPlayer, { most: 40 }),
  ]
}
