// What is said of 500 players of one protocol, whatever it is.
import { startServer, startWorker } from './children.mjs'
import { figure } from './figure.mjs'
import { playBytes } from './play-bytes.mjs'
import { percentile } from './report.mjs'

/** Figures of the players of `protocol` at the server's port of that name ('rtmp' or 'http'). */
export async function playFigures(port, protocol, settings) {
  const server = await startServer()
  const publisher = await startWorker('publishers', { port: server.ports.rtmp })
  const played = await playBytes(server, { port: server.ports[port], protocol }, settings)
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
