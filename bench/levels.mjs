// What it costs to measure how loud devices are: 16 that push AAC into one room, first with nobody who is told, then with one.
import { setTimeout as sleep } from 'node:timers/promises'
import { QUIET_MS, startServer, startWorker } from './lib/children.mjs'
import { figure } from './lib/figure.mjs'
import { RoomMember } from './lib/room-member.mjs'
import { cpuPerSecond } from './lib/window.mjs'

export const title = 'Levels of 16 devices'
export const settings = { devices: 16, runs: 1, seconds: 10 }

/** Each device is looked at eight times a second and told of four times. */
const LEAST_TOLD = 2

export async function run({ seconds }) {
  const server = await startServer()
  const { devices: count } = settings
  const publishers = await startWorker('publishers', {
    ...{ port: server.ports.rtmp, count, app: 'push', prefix: 'levels?userid=device', decoded: true },
  })
  await server.reachAge(QUIET_MS)
  const without = await cpuPerSecond(server.pid, seconds)
  const member = new RoomMember(server.ports.http)
  let told = 0
  member.onNotification = ({ method }) => {
    if (method === 'media.levels') told++
  }
  await member.enter({ roomId: 'levels', userId: 'listener' })
  await sleep(3000)
  told = 0
  const startedAt = performance.now()
  const withThem = await cpuPerSecond(server.pid, seconds)
  const passed = (performance.now() - startedAt) / 1000
  await publishers.stop()
  await server.stop()
  return [
    figure('CPU per second and device that is listened to', 'ms', (withThem - without) / count, { most: 5 }),
    figure('levels told per second', '', told / passed, { least: LEAST_TOLD }),
  ]
}
