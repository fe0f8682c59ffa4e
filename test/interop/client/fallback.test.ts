import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { launchChromium, pushFfmpeg, startServer, type RunningProcess, type TestServer } from '../../harness/index.js'
import { enter, eventsOf, showEverybody, untilEvent, untilFrames, untilSounds, type RoomWindow } from './room-page.js'

let server: TestServer
let browser: Browser
let push: RunningProcess

beforeAll(async () => {
  // Nobody listens at port 9, neither on UDP nor on TCP.
  server = await startServer({ args: ['--rtc-address', '127.0.0.1:9'] })
  browser = await launchChromium()
  push = pushFfmpeg({ url: `${server.rtmp}/push/walled?userid=camera` })
})

afterAll(async () => {
  await browser.close()
  await push.stop()
  await server.stop()
})

test('if WebRTC is blocked, video and audio arrive by WebSocket', async () => {
  const page = await enter(browser, server.http, { roomId: 'walled', userId: 'anna' })
  const loaded: string[] = []
  page.on('request', (request) => loaded.push(new URL(request.url()).pathname))
  await showEverybody(page)
  await untilEvent(page, 'remote-video-available', { userId: 'camera' })
  await untilEvent(page, 'play-path-changed', { path: 'ws-flv' }, 12_000)
  await untilFrames(page, '#camera-main video', 25)
  await untilSounds(page, '#camera-main video')
  expect(loaded).toContain('/sdk/mpegts.js')
  await untilEvent(page, 'first-video-frame', { userId: 'camera', width: 640, height: 360 })

  await page.evaluate(() => {
    const { crossroom } = window as unknown as RoomWindow
    crossroom.setRemoteAudioVolume('camera', 30)
    return crossroom.muteRemoteAudio('camera', true)
  })
  const video = page.locator('#camera-main video')
  expect(await video.evaluate((it: HTMLVideoElement) => [it.muted, it.volume])).toEqual([true, 0.3])
  await page.evaluate(() => (window as unknown as RoomWindow).crossroom.stopRemoteVideo({ userId: 'camera' }))
  expect(await video.count()).toBe(0)
  expect(await eventsOf(page, 'error')).toEqual([])
})

test('a browser without H.264 in calls plays by WebSocket from the beginning', async () => {
  const prepare = (page: Page): Promise<unknown> =>
    page.addInitScript(() => {
      RTCRtpReceiver.getCapabilities = () => ({ codecs: [], headerExtensions: [] })
    })
  const page = await enter(browser, server.http, { roomId: 'walled', userId: 'cleo', role: 'audience' }, { prepare })
  await showEverybody(page)
  await untilFrames(page, '#camera-main video', 25)
  expect(await page.evaluate(() => (window as unknown as RoomWindow).crossroom.playPath)).toBe('ws-flv')
})

test('a browser that cannot send is told so in a sentence', async () => {
  const page = await enter(browser, server.http, { roomId: 'walled', userId: 'ben' })
  await page.evaluate(() => (window as unknown as RoomWindow).crossroom.startLocalAudio())
  const error = await untilEvent(page, 'error', { code: 'MEDIA_NO_PATH' }, 15_000)
  expect(error['text']).toMatch(/neither UDP nor TCP/)
})
