import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { launch, type Browser, type Page } from 'puppeteer-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { probe, startServer, timesAreSound, until, watchHttpFlv, type TestServer } from '../../harness/index.js'
// Also declares what the page is.
import type { PeerStats } from './browser-peer.js'
import { decodeRecording } from './flv-recording.js'

/** Debian's; `FIREFOX` names another one. */
const FIREFOX = process.env['FIREFOX'] ?? '/usr/bin/firefox-esr'
const PREFERENCES = {
  'media.autoplay.default': 0,
  'media.navigator.audio.fake_frequency': 440,
  'media.navigator.permission.disabled': true,
  'media.navigator.streams.fake': true,
  'media.peerconnection.ice.obfuscate_host_addresses': false,
}
const HTML = readFileSync(new URL('./peer-page.html', import.meta.url), 'utf8')

const hasFirefox = spawnSync(FIREFOX, ['--version'], { stdio: 'ignore' }).status === 0
if (!hasFirefox) console.warn('Skipped: Firefox is not there (apt-get install firefox-esr).')

describe.skipIf(!hasFirefox)('Firefox, whose H.264 is a download', () => {
  let server: TestServer
  let pages: Server
  let browser: Browser
  let page: Page

  beforeAll(async () => {
    // Firefox does not send from loopback: the server is to be reached by the machine's own address.
    server = await startServer({
      args: ['--host', '0.0.0.0', '--secret', 'a secret of this test', '--publish', 'open'],
    })
    pages = createServer((_request, response) => response.setHeader('Content-Type', 'text/html').end(HTML))
    await new Promise<void>((resolve) => pages.listen(0, '127.0.0.1', resolve))
    browser = await launch({ browser: 'firefox', executablePath: FIREFOX, extraPrefsFirefox: PREFERENCES })
    page = await browser.newPage()
    await page.goto(`http://127.0.0.1:${String((pages.address() as AddressInfo).port)}/`)
  }, 60_000)

  afterAll(async () => {
    await browser.close()
    pages.close()
    await server.stop()
  })

  test('what it publishes in VP8 and Opus comes out of HTTP-FLV and RTMP as H.264 and AAC', async () => {
    const viewer = watchHttpFlv(`${server.http}/live/fox.flv`)
    await page.evaluate((url) => window.peer.publish(url, { devices: true }), `${server.http}/whip/live/fox`)
    const pictures = () => viewer.media.filter(({ kind }) => kind === 'video').length
    await until('four seconds of pictures', () => pictures() >= 100, {
      timeoutMs: 30_000,
      explain: () => `${String(pictures())} came`,
    })
    const { video, audio }: PeerStats = await page.evaluate(() => window.peer.stats())
    expect([video?.codec, audio?.codec]).toEqual(['video/VP8', 'audio/opus'])

    const { tracks } = await probe(`${server.rtmp}/live/fox`, { seconds: 1 })
    expect(tracks.find(({ kind }) => kind === 'video')).toMatchObject({ codec: 'h264', width: 640, height: 480 })
    expect(tracks.find(({ kind }) => kind === 'audio')).toMatchObject({ codec: 'aac', sampleRate: 48_000 })
    expect(timesAreSound(viewer.media)).toBe(true)
    const recording = decodeRecording(viewer)
    viewer.close()
    expect(recording.pictures.length).toBe(pictures())
    expect(recording.sound.amplitudeAt(440)).toBeGreaterThan(0.1)
  }, 60_000)
})
