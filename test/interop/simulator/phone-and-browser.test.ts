import type { Browser } from 'playwright-core'
import { afterAll, beforeAll, expect, test } from 'vitest'

import { launchChromium } from '../../harness/index.js'
import { enter, showEverybody, untilFrames, untilTone } from '../client/room-page.js'
import { sendClockAndTone, uprightClockAges } from './clock-page.js'
import { useSimulatedRoom } from './simulated-room.js'

const room = useSimulatedRoom()
let browser: Browser

beforeAll(async () => {
  browser = await launchChromium()
})
afterAll(() => browser.close())

test('a phone and a browser see and hear each other, and the clocks in the pictures are young', async () => {
  const page = await enter(browser, room.server.http, { roomId: 'call', userId: 'web' })
  await showEverybody(page)
  await sendClockAndTone(page, 1000)
  const phone = await room.open('phone', { pitch: 440, quirks: { gopSeconds: 5 } })

  const seen = await phone.untilPlays('web', 40, 25_000)
  expect(seen.delayMs).toBeLessThan(400)
  const view = '#phone-main video'
  await untilFrames(page, view, 20, 25_000)
  await untilTone(page, 'phone', 440)
  const ages = (await uprightClockAges(page, view, 40)).sort((one, other) => one - other)
  expect(ages[20]).toBeLessThan(400)

  await page.evaluate(() => (window as unknown as { crossroom: { exitRoom(): Promise<void> } }).crossroom.exitRoom())
  await expect.poll(() => phone.codes().includes(1032)).toBe(true)
})

test('a phone that comes into a running call has its picture within a second, with a GOP of 5 s on its own side', async () => {
  const page = await enter(browser, room.server.http, { roomId: 'late', userId: 'web' })
  await showEverybody(page)
  await sendClockAndTone(page, 1000)
  const first = await room.open('first', { roomId: 'late', quirks: { gopSeconds: 5 } })
  await first.untilPlays('web', 10, 25_000)
  await untilFrames(page, '#first-main video', 10, 25_000)

  const openedAt = performance.now()
  const second = await room.open('second', { roomId: 'late' })
  await second.untilPlays('first', 1)
  const toPhone = performance.now() - openedAt
  await second.untilPlays('web', 1)
  const toBrowser = performance.now() - openedAt
  console.log(`first picture of a phone after ${toPhone.toFixed()} ms, of a browser after ${toBrowser.toFixed()} ms`)
  expect(toPhone).toBeLessThan(3000)
  expect(toBrowser).toBeLessThan(3000)
})
