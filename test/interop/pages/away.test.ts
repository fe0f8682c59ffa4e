import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { launchChromium, openLivePage, pushFfmpeg, startServer, until, type TestServer } from '../../harness/index.js'
import { enterCall, tileOf, untilMoves, untilSaid } from './caller.js'

vi.setConfig({ testTimeout: 120_000 })

let server: TestServer
let browser: Browser

beforeAll(async () => {
  server = await startServer()
  browser = await launchChromium()
})

afterAll(async () => {
  await browser.close()
  await server.stop()
})

/** Looks at what lies on top in a box many times a second, and keeps how bright the darkest look was. */
function watchForBlack(page: Page, box: string): Promise<void> {
  return page.evaluate((selector) => {
    const small = new OffscreenCanvas(8, 8).getContext('2d', { willReadFrequently: true })!
    const seen = { looks: 0, darkest: 255 }
    Object.assign(window, { seen })
    setInterval(() => {
      const video = document.querySelector<HTMLVideoElement>(`${selector} video`)
      if (video === null) return
      const cover = video.nextElementSibling
      small.clearRect(0, 0, 8, 8)
      small.drawImage(cover instanceof HTMLCanvasElement ? cover : video, 0, 0, 8, 8)
      const { data } = small.getImageData(0, 0, 8, 8)
      let sum = 0
      for (let at = 0; at < data.length; at += 4) sum += data[at]! + data[at + 1]! + data[at + 2]!
      seen.looks++
      seen.darkest = Math.min(seen.darkest, sum / (3 * 64))
    }, 20)
  }, box)
}

const blackness = (page: Page): Promise<{ looks: number; darkest: number }> =>
  page.evaluate(() => (window as unknown as { seen: { looks: number; darkest: number } }).seen)

test('a stream that began by FLV switches to WebRTC once it works, without a black picture', async () => {
  const push = pushFfmpeg({ url: `${server.rtmp}/live/back` })
  const { page, untilFact, complaints } = await openLivePage(browser, server.http, 'stream=live/back', (page) =>
    page.addInitScript(() => {
      let isBlocked = true
      RTCPeerConnection.prototype.setRemoteDescription = new Proxy(
        Reflect.get(RTCPeerConnection.prototype, 'setRemoteDescription'),
        {
          apply: (target, self, given) => {
            if (!isBlocked) return Reflect.apply(target, self, given) as Promise<void>
            isBlocked = false
            return Promise.reject(new DOMException('no way through', 'OperationError'))
          },
        },
      )
    }),
  )
  await untilFact('protocol', /^WebSocket-FLV/)
  await page.getByText('WebRTC is tried again in the background.').waitFor()
  await watchForBlack(page, '#player')
  await untilFact('protocol', /^WebRTC/)
  await page.getByText('WebRTC is tried again in the background.').waitFor({ state: 'detached' })
  const { looks, darkest } = await blackness(page)
  expect(looks).toBeGreaterThan(20)
  expect(darkest).toBeGreaterThan(30)
  expect(complaints).toEqual([])
  await page.close()
  await push.stop()
})

test('after a server outage the call uses WebRTC again, and no message blames the network', async () => {
  const anna = await enterCall(browser, server.http, 'Anna', 'away')
  const ben = await enterCall(browser, server.http, 'Ben', 'away')
  await untilMoves(ben.page, 'Anna', 3)
  const fellBack = ben.page.waitForRequest(/mpegts/)
  const { http, rtmp, rtc } = server.ports
  server.process.child.kill('SIGKILL')
  await untilSaid(ben.page, /Reconnecting/)
  await fellBack
  const ports = ['--http-port', http, '--rtmp-port', rtmp, '--rtc-port', rtc].map(String)
  server = await startServer({ args: ports })
  await tileOf(ben.page, 'Anna').waitFor({ timeout: 30_000 })
  let seen = ''
  const isByWebRtc = async (): Promise<boolean> => {
    seen = await ben.page.evaluate(() => {
      const video = document.querySelector<HTMLVideoElement>('article[aria-label=Anna] video')
      const way = video?.srcObject instanceof MediaStream ? 'webrtc' : 'none'
      return `${way} ${String(video?.videoWidth)} ${document.querySelector('.banner')?.textContent ?? ''}`
    })
    return /^webrtc [1-9]/.test(seen)
  }
  await until('pictures by WebRTC', isByWebRtc, { timeoutMs: 40_000, explain: () => seen })
  await untilMoves(ben.page, 'Anna', 3)
  await ben.page.getByText(/slower fallback/).waitFor({ state: 'detached' })
  expect(await ben.page.getByText(/blocks WebRTC/).count()).toBe(0)
  await anna.page.close()
  await ben.page.close()
})
