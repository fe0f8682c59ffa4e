// Chromium publishes by WHIP: how soon FLV players get it, how fast its rate climbs, what one publisher costs the server.
import { setTimeout as sleep } from 'node:timers/promises'
import { startServer } from './lib/children.mjs'
import { launchChromium, openPeer } from './lib/chromium.mjs'
import { figure } from './lib/figure.mjs'
import { tallyFlv } from './lib/flv-tally.mjs'
import { cpuPerSecond } from './lib/window.mjs'

export const title = 'WHIP: Chromium publishes, HTTP-FLV plays'
export const settings = { runs: 3, seconds: 5 }

const GOAL_BITRATE = 1_500_000
const CLIMB_LIMIT_MS = 15_000
const LOOK_MS = 250

export async function run({ seconds = settings.seconds } = {}) {
  const browser = await launchChromium()
  const server = await startServer()
  const origin = `http://127.0.0.1:${server.ports.http}`
  const peer = await openPeer(browser, origin)
  const player = tallyFlv(`${origin}/live/x.flv`)
  await peer.publish('live/x', { noise: true, maxBitrate: 2 * GOAL_BITRATE })
  const climb = await climbSeconds(peer)
  const { connectedAt } = await peer.page.evaluate(() => globalThis.peer.times)
  const before = await peer.stats()
  const cpu = await cpuPerSecond(server.pid, seconds)
  const after = await peer.stats()
  const packets = (kind) => after[kind].packetsSent - before[kind].packetsSent
  player.close()
  await peer.close()
  await server.stop()
  await browser.close()
  return [
    figure('connected to first video at FLV', 'ms', player.firstVideoAt - connectedAt, { most: 300 }),
    figure('connected to first audio at FLV', 'ms', player.firstAudioAt - connectedAt, { most: 300 }),
    figure('connected to 1.5 Mbit/s sent', 's', climb, { most: 5 }),
    figure('CPU per second, one publisher and one FLV player', 'ms', cpu),
    figure('packets received a second', '', (packets('video') + packets('audio')) / seconds),
  ]
}

/** Seconds until the video of one quarter of a second was sent at the rate of the goal. */
async function climbSeconds(peer) {
  const startedAt = performance.now()
  let [bytes, at] = [0, startedAt]
  while (performance.now() - startedAt < CLIMB_LIMIT_MS) {
    await sleep(LOOK_MS)
    const sent = (await peer.stats()).video?.bytesSent ?? 0
    const now = performance.now()
    const bitrate = ((sent - bytes) * 8000) / (now - at)
    bytes = sent
    at = now
    if (bitrate >= GOAL_BITRATE) return (now - startedAt) / 1000
  }
  return Infinity
}
