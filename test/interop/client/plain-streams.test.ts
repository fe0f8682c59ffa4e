import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { launchChromium, pushFfmpeg, startServer, type RunningProcess, type TestServer } from '../../harness/index.js'
import type { PlayerState, StreamPlayer, StreamPublisher } from '../../../packages/client/src/index.js'
import { openRoomPage, untilFrames, type RoomWindow } from './room-page.js'

interface StreamWindow extends RoomWindow {
  player: StreamPlayer
  publisher: StreamPublisher
  states: PlayerState[]
}

let server: TestServer
let browser: Browser
let push: RunningProcess

beforeAll(async () => {
  server = await startServer()
  browser = await launchChromium()
  push = pushFfmpeg({ url: `${server.rtmp}/live/camera` })
})

afterAll(async () => {
  await browser.close()
  await push.stop()
  await server.stop()
})

function play(page: Page, stream: string): Promise<void> {
  return page.evaluate((name) => {
    const it = window as unknown as StreamWindow
    it.states = []
    it.player = it.Crossroom.play({ stream: name, view: 'others' })
    it.player.on('state-changed', (state) => it.states.push(state))
  }, stream)
}

function untilPlaying(page: Page, protocol: string, timeout = 20_000): Promise<unknown> {
  return page.waitForFunction(
    (wanted) => {
      const { state } = (window as unknown as StreamWindow).player
      return state.kind === 'playing' && state.protocol === wanted
    },
    protocol,
    { timeout },
  )
}

test('a plain stream plays by WebRTC in an element of the page, and ends with stop', async () => {
  const page = await openRoomPage(browser, server.http)
  await play(page, 'live/camera')
  await untilPlaying(page, 'webrtc')
  await untilFrames(page, '#others video', 20)
  const kinds = await page.evaluate(() => (window as unknown as StreamWindow).states.map(({ kind }) => kind))
  expect(kinds).toEqual(['connecting', 'playing'])
  const sample = await page.evaluate(() => (window as unknown as StreamWindow).player.getStatistics())
  expect(sample?.pictures).toBeGreaterThan(0)
  await page.evaluate(() => (window as unknown as StreamWindow).player.stop())
  expect(await page.locator('#others video').count()).toBe(0)
  await page.close()
})

test('it plays by FLV if WebRTC cannot connect, and by WebRTC again once it works', async () => {
  const page = await openRoomPage(browser, server.http, {
    prepare: async (it) => {
      await it.route('**/whep/**', (route) => route.abort())
    },
  })
  const loaded: string[] = []
  page.on('request', (request) => loaded.push(new URL(request.url()).pathname))
  await play(page, 'live/camera')
  await untilPlaying(page, 'ws-flv')
  await untilFrames(page, '#others video', 20)
  expect(loaded).toContain('/sdk/mpegts.js')
  await page.unroute('**/whep/**')
  await untilPlaying(page, 'webrtc', 30_000)
  await untilFrames(page, '#others video', 20)
  await page.close()
})

test('a page publishes its camera, then tracks of its own, under one name', async () => {
  const page = await openRoomPage(browser, server.http)
  await page.evaluate(async () => {
    const it = window as unknown as StreamWindow
    it.publisher = await it.Crossroom.publish({ stream: 'live/page', view: 'me' })
  })
  await untilFrames(page, '#me video', 5)
  await play(page, 'live/page')
  await untilPlaying(page, 'webrtc')
  await untilFrames(page, '#others video', 10)
  await page.evaluate(async () => {
    const canvas = document.createElement('canvas')
    Object.assign(canvas, { width: 320, height: 240 })
    const context = canvas.getContext('2d')!
    let turn = 0
    setInterval(() => {
      context.fillStyle = `hsl(${String(turn++)} 80% 50%)`
      context.fillRect(0, 0, 320, 240)
    }, 50)
    await (window as unknown as StreamWindow).publisher.open(canvas.captureStream())
  })
  await page.waitForFunction(() => {
    const { videoWidth, videoHeight } = (window as unknown as StreamWindow).player.video
    return videoWidth * 3 === videoHeight * 4
  })
  await page.evaluate(() => (window as unknown as StreamWindow).publisher.close())
  await page.waitForFunction(() => (window as unknown as StreamWindow).player.state.kind === 'waiting')
  await page.close()
})

test.each([
  ["play({ stream: 'camera', view: 'me' })", /stream of play must be APP\/STREAM/],
  ["play({ stream: 'live/a' })", /play needs view/],
  ["play({ stream: 'live/a', view: 'nowhere' })", /no element/],
  ["publish({ stream: 'live/a', source: 'door' })", /source of publish must be/],
] as const)('%s is refused in words', async (call, words) => {
  const page = await openRoomPage(browser, server.http)
  const said = await page.evaluate(
    `(async () => { try { await Crossroom.${call} } catch (error) { return error.message } })()`,
  )
  expect(said).toMatch(words)
  await page.close()
})
