// Rooms by their signaling alone: how soon changes are told, how many enter a second, what a silent socket costs.
import { COMPLETE_MS, QUIET_MS, startServer, startWorker } from './lib/children.mjs'
import { figure } from './lib/figure.mjs'
import { rssKiB } from './lib/process.mjs'
import { percentile } from './lib/report.mjs'

export const title = 'Rooms: signaling'
export const settings = { members: 50, audience: 2000, anchors: 3, entriesPerSecond: 300, sockets: 5000, runs: 1 }

/** One process holds no more sockets than its limit of open files allows. */
const PER_WORKER = 2500

export async function run({ seconds }) {
  return [...(await meeting()), ...(await broadcast()), ...(await entries(seconds)), ...(await idleSockets())]
}

/** A room of people who all see each other. */
async function meeting() {
  const { server, workers } = await start(1)
  const roomId = 'meeting'
  await workers[0].ask({ command: 'fill', roomId, count: settings.members, role: 'anchor' })
  const told = await workers[0].ask({ command: 'changes', roomId, rounds: 20, pauseMs: 150 })
  await stop(server, workers)
  return [
    figure(`an enter reaches each of ${settings.members} members, p95`, 'ms', percentile(told.enter, 95), { most: 50 }),
    figure(`a leave reaches each of ${settings.members} members, p95`, 'ms', percentile(told.exit, 95), { most: 50 }),
    figure('members told of members', '', (told.enter.length + told.exit.length) / (2 * told.expected), { least: 1 }),
  ]
}

/** Few who send and very many who watch. */
async function broadcast() {
  const { server, workers } = await start(1)
  const roomId = 'broadcast'
  const { audience, anchors } = settings
  await workers[0].ask({ command: 'fill', roomId, count: anchors, role: 'anchor' })
  await workers[0].ask({ command: 'fill', roomId, count: audience, role: 'audience' })
  const told = await workers[0].ask({ command: 'changes', roomId, rounds: 5, pauseMs: 1500 })
  const sent = await workers[0].ask({ command: 'crowd', roomId, count: 100, settleMs: 2500 })
  await stop(server, workers)
  const all = [...told.enter, ...told.exit]
  return [
    figure(`an anchor's change reaches each of ${audience + anchors}, p95`, 'ms', percentile(all, 95), { most: 500 }),
    figure('members told of members', '', all.length / (2 * told.expected), { least: 1 }),
    figure('messages to the audience when 100 viewers come and go', '', sent.audience, { most: 0 }),
    figure('messages to each anchor meanwhile', '', sent.anchor / anchors),
  ]
}

async function entries(seconds) {
  const { server, workers } = await start(1)
  await workers[0].ask({ command: 'rate', perSecond: 50, seconds: 2 })
  const { times, total, perSecond } = await workers[0].ask({
    command: 'rate',
    perSecond: settings.entriesPerSecond,
    seconds,
  })
  await stop(server, workers)
  return [
    figure('entries per second', '', perSecond, { least: settings.entriesPerSecond * 0.98 }),
    figure('room.enter to its answer, p95', 'ms', percentile(times, 95), { most: 300 }),
    figure('entries that were answered', '', times.length / total, { least: 1 }),
  ]
}

async function idleSockets() {
  const count = Math.ceil(settings.sockets / PER_WORKER)
  const { server, workers } = await start(count)
  await server.reachAge(QUIET_MS)
  const before = rssKiB(server.pid)
  for (const worker of workers)
    await worker.ask({ command: 'fill', roomId: 'idle', count: settings.sockets / count, role: 'audience' })
  const after = rssKiB(server.pid)
  await stop(server, workers)
  return [
    figure(`memory per socket, ${settings.sockets} in a room`, 'KiB', (after - before) / settings.sockets, {
      most: 20,
    }),
  ]
}

async function start(count) {
  const server = await startServer()
  const names = Array.from({ length: count }, (_, i) => String(i))
  const workers = await Promise.all(names.map((name) => startWorker('room-members', { port: server.ports.http, name })))
  await server.reachAge(COMPLETE_MS)
  return { server, workers }
}

async function stop(server, workers) {
  await Promise.all(workers.map((worker) => worker.stop()))
  await server.stop()
}
