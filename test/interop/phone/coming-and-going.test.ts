import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, expect, test } from 'vitest'

import { launchChromium, until } from '../../harness/index.js'
import { openTcpGate, openUdpGate, type TcpGate, type UdpGate } from '../client/gates.js'
import { enter, eventsOf, framesIn, showEverybody, untilEvent, untilFrames } from '../client/room-page.js'
import { sendClockAndTone } from '../simulator/clock-page.js'
import { useSimulatedRoom, type OpenPhone } from '../simulator/simulated-room.js'

/** Pictures are coded and decoded on a machine that may be busy. */
const BUSY_MS = 25_000
/** On such a machine; who only waits for somebody to come back waits 15 s. */
const AT_ONCE_MS = 8000

let media: UdpGate
const room = useSimulatedRoom(async () => {
  media = await openUdpGate()
  return ['--rtc-address', `127.0.0.1:${String(media.port)}`]
})
let socket: TcpGate
let browser: Browser
beforeAll(async () => {
  media.lead(room.server.ports['rtc']!)
  socket = await openTcpGate(room.server.ports['http']!)
  browser = await launchChromium()
})
afterAll(async () => {
  await browser.close()
  socket.close()
  media.close()
})

/** A browser whose network can be cut. */
async function openPage(roomId: string, userId = 'web'): Promise<Page> {
  const page = await enter(browser, `http://127.0.0.1:${String(socket.port)}`, { roomId, userId })
  await showEverybody(page)
  await sendClockAndTone(page, 1000)
  return page
}

/** A call of a phone and a browser that see each other. */
async function openCall(roomId: string): Promise<{ page: Page; phone: OpenPhone }> {
  const page = await openPage(roomId)
  const phone = await room.open('phone', { roomId })
  await phone.untilPlays('web', 10, BUSY_MS)
  await untilFrames(page, '#phone-main video', 10, BUSY_MS)
  return { page, phone }
}

/** Waits until so many pictures came that were not there before. */
async function untilGoesOn(page: Page, pictures = 15): Promise<void> {
  const view = '#phone-main video'
  await untilFrames(page, view, (await framesIn(page, view)) + pictures, BUSY_MS)
}

test('a phone changes from Wi-Fi to 4G: phone and browser still see each other, and neither is seen leaving', async () => {
  const { page, phone } = await openCall('wifi-to-4g')
  phone.phone.changeNetwork()
  await untilGoesOn(page, 30)
  await phone.untilPlays('web', 20, BUSY_MS)
  expect(phone.codes()).toContain(1102)
  expect(phone.codes()).not.toContain(1032)
  expect(phone.told.player).toContainEqual(['web', 2103])
  expect(await eventsOf(page, 'remote-user-exit')).toEqual([])
  await page.context().close()
}, 90_000)

test('a browser changes its network: the phone keeps its player and sees no exit', async () => {
  const { page, phone } = await openCall('browser-moves')
  media.cut()
  socket.silence()
  await phone.untilPlays('web', 30, BUSY_MS)
  await untilGoesOn(page)
  expect(phone.codes()).not.toContain(1032)
  expect(phone.told.player.filter(([user, code]) => user === 'web' && code === -2301)).toEqual([])
  await page.context().close()
}, 90_000)

test('a phone and a browser leave: the others are told immediately', async () => {
  const { page, phone } = await openCall('leaving')
  await phone.phone.close()
  await untilEvent(page, 'remote-user-exit', { userId: 'phone' }, AT_ONCE_MS)
  const again = await room.open('phone', { roomId: 'leaving' })
  await again.untilPlays('web', 10, BUSY_MS)
  await page.evaluate(() => (window as unknown as { crossroom: { exitRoom(): Promise<void> } }).crossroom.exitRoom())
  await until('1032', () => again.codes().includes(1032), { timeoutMs: AT_ONCE_MS })
  await page.context().close()
}, 90_000)

test('a crashed browser returns under its name: the phone plays it again', async () => {
  const { page, phone } = await openCall('crash')
  await page.context().close()
  const back = await openPage('crash')
  await phone.untilPlays('web', 20, BUSY_MS)
  await untilFrames(back, '#phone-main video', 10, BUSY_MS)
  await back.context().close()
}, 90_000)

test('a crashed phone returns under its name: the browser shows it again, and its old session ends', async () => {
  const { page, phone } = await openCall('phone-crash')
  phone.phone.loseNetwork()
  const back = await room.open('phone', { roomId: 'phone-crash' })
  await back.untilPlays('web', 10, BUSY_MS)
  await untilGoesOn(page)
  await page.context().close()
}, 90_000)
