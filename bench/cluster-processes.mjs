// One server as one process and as two, side by side: WebRTC viewers of many streams, streams and viewers on both processes.
import { setTimeout as sleep } from 'node:timers/promises'
import { QUIET_MS, startServer, startWorker, WITH_KEY } from './lib/children.mjs'
import { figure } from './lib/figure.mjs'
import { cpuPerSecond } from './lib/window.mjs'

export const title = 'Two processes of one machine, and one: WebRTC viewers of many streams'
export const settings = { streams: 10, viewers: 300, runs: 1, seconds: 8 }

/** Until V8 has compiled what a steady load runs, in each process. */
const SETTLE_MS = 12_000
const FRAMES = 25

export async function run({ seconds }) {
  const [one, two] = await compare('whip', seconds)
  const [converting, convertingTwice] = await compare('rtmp', seconds)
  return [
    figure('CPU per second and viewer, one process', 'ms', one.perViewer),
    figure('the same, two processes', 'ms', two.perViewer),
    figure('two processes to one', '', two.perViewer / one.perViewer, { most: 1.1 }),
    figure(
      'CPU per second that the second process adds, all streams crossing',
      'ms',
      (two.perViewer - one.perViewer) * settings.viewers,
    ),
    figure('frames received of frames sent, one process', '', one.received, { least: 0.98 }),
    figure('frames received of frames sent, two processes', '', two.received, { least: 0.98 }),
    figure('viewers of the busier process, of all', '', two.busier),
    figure('streams that cross, of all', '', two.crossing),
    // Each process that has viewers of a stream converts its AAC.
    figure('with AAC to convert: two processes to one', '', convertingTwice.perViewer / converting.perViewer),
  ]
}

/** Both at the same time: what else the machine does weighs on both. */
async function compare(by, seconds) {
  const loads = [await Load.start(by, 1), await Load.start(by, 2)]
  await loads[1].server.reachAge(QUIET_MS)
  const idle = await Promise.all(loads.map((load) => load.measure(seconds)))
  for (const load of loads) await load.join()
  await sleep(SETTLE_MS)
  const loaded = await Promise.all(loads.map((load) => load.measure(seconds)))
  const spread = await Promise.all(loads.map((load) => load.spread()))
  for (const load of loads) await load.stop()
  return loads.map((_, i) => ({
    perViewer: (loaded[i].cpu - idle[i].cpu) / settings.viewers,
    received: loaded[i].received,
    ...spread[i],
  }))
}

class Load {
  static async start(by, processes) {
    const load = new Load()
    load.server = await startServer(['--processes', String(processes)])
    const { rtmp, http } = load.server.ports
    load.publishers =
      by === 'rtmp'
        ? await startWorker('publishers', {
            port: rtmp,
            count: settings.streams,
            decoded: true,
          })
        : await startWorker('rtc-publishers', { port: http, count: settings.streams })
    load.viewers = await startWorker('rtc-viewers', { port: http })
    return load
  }

  async join() {
    const { streams: streamCount, viewers: count } = settings
    const streams = Array.from({ length: count }, (_, i) => `x${Math.floor((i * streamCount) / count)}`)
    await this.viewers.ask({ command: 'join', count, streams })
  }

  async measure(seconds) {
    await this.viewers.ask({ command: 'begin' })
    const startedAt = performance.now()
    const cpu = await cpuPerSecond(this.server.pid, seconds)
    const { videoFrames } = await this.viewers.ask({ command: 'end' })
    const passed = (performance.now() - startedAt) / 1000
    return {
      cpu,
      received: videoFrames / (settings.viewers * passed * FRAMES),
    }
  }

  async spread() {
    const watching = await this.#figures('viewers', 'whep')
    const pulled = await this.#figures('relay_pulled_streams')
    const crossing = pulled.reduce((sum, value) => sum + value, 0) / settings.streams
    return { busier: Math.max(...watching) / settings.viewers, crossing }
  }

  async stop() {
    await Promise.all([this.viewers.stop(), this.publishers.stop()])
    await this.server.stop()
  }

  /** The values of a metric, one for each process. */
  async #figures(name, label = '') {
    const url = `http://127.0.0.1:${this.server.ports.http}/metrics`
    const text = await (await fetch(url, { headers: WITH_KEY })).text()
    const lines = text.split('\n').filter((line) => line.startsWith(`crossroom_${name}{`) && line.includes(label))
    return lines.map((line) => Number(line.split(' ').at(-1)))
  }
}
