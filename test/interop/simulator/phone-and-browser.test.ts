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

test('a phone and a browser see and hear each other, with fresh clocks in the pictures', async () => {
  const page = await enter(browser, room.server.http, { roomId: 'call', userId: 'web' })
  await showEverybody(page)
  await sendClockAndTone(page, 1000)
  const phone = await room.open('phone', { pitch: 440, quirks: { gopSeconds: 5 } })

  await phone.untilPlays('web', 40)
  await phone.untilYoung('web')
  const view = '#phone-main video'
  await untilFrames(page, view, 20, 25_000)
  await untilTone(page, 'phone', 440)
  expect(Math.min(...(await uprightClockAges(page, view, 40)))).toBeLessThan(400)

  await page.evaluate(() => (window as unknown as { crossroom: { exitRoom(): Promise<void> } }).crossroom.exitRoom())
  await expect.poll(() => phone.codes().includes(1032)).toBe(true)
})

test('a phone that joins a running call sees pictures before the next keyframe, with a GOP of 9 s', async () => {
  const page = await enter(browser, room.server.http, { roomId: 'late', userId: 'web' })
  await showEverybody(page)
  await sendClockAndTone(page, 1000)
  const first = await room.open('first', { roomId: 'late', quirks: { gopSeconds: 9 } })
  await first.untilPlays('web', 10)
  await untilFrames(page, '#first-main video', 10, 25_000)

  const openedAt = performance.now()
  const second = await room.open('second', { roomId: 'late' })
  await second.untilPlays('first', 1)
  const toPhone = performance.now() - openedAt
  await second.untilPlays('web', 1)
  const toBrowser = performance.now() - openedAt
  console.log(`first picture of a phone after ${toPhone.toFixed()} ms, of a browser after ${toBrowser.toFixed()} ms`)
  expect(toPhone).toBeLessThan(6000)
  expect(toBrowser).toBeLessThan(8000)
})
