import { UdpProxy } from '@crossroom/testkit'
import type { Browser } from 'playwright-core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import {
  launchChromium,
  pushFfmpeg,
  startServer,
  until,
  watchHttpFlv,
  type FlvViewer,
  type RunningProcess,
  type TestServer,
} from '../../harness/index.js'
import { BrowserPeer, type PeerStats } from './browser-peer.js'

let proxy: UdpProxy
let server: TestServer
let browser: Browser
let push: RunningProcess
/** Loses nothing: it counts what is sent. */
let yardstick: FlvViewer

beforeAll(async () => {
  proxy = await UdpProxy.open({ up: { seed: 1, delay: 25_000 }, down: { seed: 2, delay: 25_000, loss: 0.1 } })
  server = await startServer({ args: ['--rtc-address', `127.0.0.1:${String(proxy.port)}`] })
  proxy.setTarget(server.ports['rtc']!)
  browser = await launchChromium()
  push = pushFfmpeg({ url: `${server.rtmp}/live/x` })
  yardstick = watchHttpFlv(`${server.http}/live/x.flv`)
})

afterAll(async () => {
  yardstick.close()
  await browser.close()
  await push.stop()
  await server.stop()
  proxy.close()
})

interface Moment extends PeerStats {
  readonly sent: number
}

test('at 10 % loss and 50 ms toward Chromium nearly all video is shown and nearly all audio heard', async () => {
  const player = await BrowserPeer.open(browser, server.http)
  await player.play('live/x')
  await player.untilDecoded(75)
  const look = async (): Promise<Moment> => ({
    ...(await player.stats()),
    sent: yardstick.media.filter(({ kind }) => kind === 'video').length,
  })
  const before = await look()
  const lastStamp = yardstick.media.at(-1)!.timestampMs
  await until('ten more seconds', () => yardstick.media.at(-1)!.timestampMs > lastStamp + 10_000, { timeoutMs: 15_000 })
  const after = await look()
  const frames = after.video!.framesDecoded! - before.video!.framesDecoded!
  const samples = after.audio!.totalSamplesReceived! - before.audio!.totalSamplesReceived!
  const concealed = after.audio!.concealedSamples! - before.audio!.concealedSamples!
  expect(proxy.counters.down.lost).toBeGreaterThan(50)
  expect(frames / (after.sent - before.sent)).toBeGreaterThan(0.9)
  expect(1 - concealed / samples).toBeGreaterThan(0.9)
})
