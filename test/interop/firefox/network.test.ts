import { UdpProxy } from '@crossroom/testkit'
import type { Browser } from 'puppeteer-core'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import {
  clickButton,
  launchFirefox,
  openInFirefox,
  ownAddress,
  untilText,
  whyNoFirefox,
  type FirefoxPage,
} from '../../harness/firefox.js'
import { untilPicturesMove } from '../../harness/firefox-watch.js'
import { startServer, timesAreSound, watchHttpFlv, type TestServer } from '../../harness/index.js'
import { decodeRecording } from '../webrtc/flv-recording.js'
import { openTcpRelay, type TcpRelay } from '../webrtc/tcp-relay.js'

const missing = whyNoFirefox()
if (missing !== undefined) console.warn(`Skipped: ${missing}`)

describe.skipIf(missing !== undefined)('Firefox on poor networks', () => {
  let proxy: UdpProxy
  /** On the same port number as the proxy. */
  let tcpRelay: TcpRelay
  let server: TestServer
  let browser: Browser
  const opened: FirefoxPage[] = []

  beforeAll(async () => {
    const host = ownAddress()!
    proxy = await UdpProxy.open({ host })
    server = await startServer({ args: ['--rtc-address', `${host}:${String(proxy.port)}`] })
    proxy.setTarget(server.ports['rtc']!)
    tcpRelay = await openTcpRelay(proxy.port, server.ports['rtc']!, host)
    browser = await launchFirefox()
  }, 120_000)

  afterEach(async () => {
    await Promise.all(opened.splice(0).map(({ page }) => page.close()))
  })

  afterAll(async () => {
    await browser.close()
    await server.stop()
    tcpRelay.close()
    proxy.close()
  })

  async function open(query: string): Promise<FirefoxPage> {
    const tab = await openInFirefox(browser, `${server.http}/live?${query}`)
    opened.push(tab)
    return tab
  }

  test('FLV players get no broken picture from what it publishes through loss', async () => {
    proxy.change({ loss: 0.05, delay: 25_000 })
    const studio = await open('publish=live/lossy')
    await clickButton(studio, 'Go live')
    await untilText(studio, '[data-sent=transport]', /^WebRTC \/ UDP$/)
    const viewer = watchHttpFlv(`${server.http}/live/lossy.flv`)
    await viewer.frames(400, 40_000)
    proxy.change({ loss: 0, delay: 0 })
    expect(proxy.counters.up.lost).toBeGreaterThan(0)
    expect(timesAreSound(viewer.media)).toBe(true)
    const recording = decodeRecording(viewer)
    viewer.close()
    expect(recording.pictures).toHaveLength(viewer.media.filter(({ kind }) => kind === 'video').length)
  }, 90_000)

  test('it publishes and plays by TCP if UDP is blocked', async () => {
    proxy.block(true)
    const studio = await open('publish=live/tcp')
    await clickButton(studio, 'Go live')
    await untilText(studio, '[data-sent=transport]', /^WebRTC \/ TCP$/)
    const player = await open('stream=live/tcp')
    await untilText(player, '[data-fact=protocol]', /^WebRTC \/ TCP$/)
    await untilPicturesMove(player.scripts)
  }, 90_000)
})
