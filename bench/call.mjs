// A call of eight: four members by WebRTC, four that push by RTMP and play by HTTP-FLV; everybody plays everybody else.
import { setTimeout as sleep } from 'node:timers/promises'
import { QUIET_MS, startServer, startWorker } from './lib/children.mjs'
import { figure } from './lib/figure.mjs'
import { cpuPerSecond } from './lib/window.mjs'

export const title = 'A call of eight'
export const settings = { browsers: 4, phones: 4, runs: 1, seconds: 8 }

const MS_PER_PERCENT = 10
const SETTLE_MS = 4000
/** Of the source, with a little left for frames under way when the clock starts and stops. */
const VIDEO_PER_SECOND = 24.5
const OPUS_PER_SECOND = 49

export async function run({ seconds }) {
  const { browsers, phones } = settings
  const server = await startServer()
  const { http: port, rtmp } = server.ports
  const members = await startWorker('call-members', { port, browsers, phones })
  await startWorker('publishers', {
    port: rtmp,
    app: 'push',
    prefix: 'call?userid=phone',
    count: phones,
    decoded: true,
  })
  const camera = await startWorker('rtc-publishers', { port, path: 'whip/push/call?userid=browser', count: browsers })
  await server.reachAge(QUIET_MS)
  await members.ask({ command: 'play' })
  await sleep(SETTLE_MS)
  await members.ask({ command: 'take' })
  const startedAt = performance.now()
  const cpu = await cpuPerSecond(server.pid, seconds)
  const seen = await members.ask({ command: 'take' })
  const passed = (performance.now() - startedAt) / 1000
  await Promise.all([members, camera].map((worker) => worker.stop()))
  await server.stop()
  const others = browsers + phones - 1
  const perTrack = (frames, players) => frames / passed / players / others
  return [
    figure('CPU of the server and its children', '% of a core', cpu / MS_PER_PERCENT, { most: 40 }),
    figure('pictures per second of each other member, browsers', '', perTrack(seen.pictures, browsers), {
      least: VIDEO_PER_SECOND,
    }),
    figure('packets of sound per second of each other member, browsers', '', perTrack(seen.sounds, browsers), {
      least: OPUS_PER_SECOND,
    }),
    figure('frames per second of each other member, phones', '', perTrack(seen.tags, phones), { least: 71 }),
  ]
}
