import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { launchChromium, pushFfmpeg, startServer, type TestServer } from '../../harness/index.js'
import {
  enter,
  eventsOf,
  sendColourAndTone,
  showEverybody,
  untilColour,
  untilEvent,
  untilFrames,
  untilTone,
} from './room-page.js'

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

const PEOPLE = [
  ['anna', [200, 40, 40]],
  ['ben', [40, 40, 200]],
  ['cleo', [40, 200, 40]],
  ['dora', [200, 200, 40]],
] as const

test('four pages see each other', async () => {
  const pages = new Map<string, Page>()
  for (const [userId, colour] of PEOPLE) {
    const page = await enter(browser, server.http, { roomId: 'grid', userId })
    await showEverybody(page)
    await sendColourAndTone(page, `rgb(${colour.join()})`, 440)
    pages.set(userId, page)
  }
  for (const [userId, page] of pages) {
    for (const [other, colour] of PEOPLE) {
      if (other !== userId) await untilColour(page, `#${other}-main video`, colour, 30_000)
    }
    expect(await eventsOf(page, 'error')).toEqual([])
  }
  await Promise.all([...pages.values()].map((page) => page.context().close()))
}, 90_000)

test('a device that pushes RTMP is a full member: seen, heard, and unavailable when it ends', async () => {
  const anna = await enter(browser, server.http, { roomId: 'device', userId: 'anna' })
  await showEverybody(anna)
  const push = pushFfmpeg({ url: `${server.rtmp}/push/device?userid=camera` })
  const { user } = await untilEvent(anna, 'remote-user-enter', { userId: 'camera' })
  expect(user).toMatchObject({ kind: 'rtmp', role: 'device' })
  await untilFrames(anna, '#camera-main video', 25)
  await untilTone(anna, 'camera', 440)
  await push.stop()
  await untilEvent(anna, 'remote-video-unavailable', { userId: 'camera' })
})
