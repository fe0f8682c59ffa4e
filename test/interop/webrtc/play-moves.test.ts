import { UdpProxy } from '@crossroom/testkit'
import type { Browser } from 'playwright-core'
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import {
  launchChromium,
  pushFfmpeg,
  startServer,
  until,
  untilHeard,
  untilStream,
  type RunningProcess,
  type TestServer,
} from '../../harness/index.js'
import { BrowserPeer } from './browser-peer.js'
import { openTcpRelay, type TcpRelay } from './tcp-relay.js'

let proxy: UdpProxy
/** On the same port number as the proxy. */
let tcpRelay: TcpRelay
let server: TestServer
let browser: Browser
let push: RunningProcess
let player: BrowserPeer

beforeAll(async () => {
  proxy = await UdpProxy.open()
  server = await startServer({ args: ['--rtc-address', `127.0.0.1:${String(proxy.port)}`] })
  proxy.setTarget(server.ports['rtc']!)
  tcpRelay = await openTcpRelay(proxy.port, server.ports['rtc']!)
  browser = await launchChromium()
  push = pushFfmpeg({ url: `${server.rtmp}/live/x` })
  await untilStream(server, 'live/x', 'live', 25)
})

afterEach(async () => {
  proxy.block(false)
  await player.close()
})

afterAll(async () => {
  await browser.close()
  await push.stop()
  await server.stop()
  tcpRelay.close()
  proxy.close()
})

async function play(): Promise<void> {
  player = await BrowserPeer.open(browser, server.http)
  await player.play('live/x')
  await player.untilDecoded(25)
}

/** Picture and sound go on in the session that was, as the server's list shows. */
async function expectGoesOn(): Promise<void> {
  await player.untilDecoded(50)
  await untilHeard(player.page, 440)
}

test('Chromium plays on after a NAT assigns another port', async () => {
  await play()
  proxy.rebind()
  await expectGoesOn()
})

test('Chromium plays on after an ICE restart by PATCH', async () => {
  await play()
  const port = await player.localPort()
  await player.restartIce()
  await until('another way', async () => (await player.localPort()) !== port, { timeoutMs: 15_000 })
  await expectGoesOn()
})

test('Chromium whose UDP is blocked during playback continues by TCP after an ICE restart, and returns to UDP', async () => {
  await play()
  proxy.block(true)
  await player.untilState('disconnected')
  await player.restartIce()
  await player.untilState('connected')
  await expectGoesOn()
  expect((await player.stats()).protocol).toBe('tcp')
  proxy.block(false)
  await player.restartIce()
  await until('UDP again', async () => (await player.stats()).protocol === 'udp', { timeoutMs: 15_000 })
  await expectGoesOn()
}, 60_000)
