import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, expect, test } from 'vitest'

import { launchChromium, until } from '../../harness/index.js'
import { enter, showEverybody, untilFrames, untilTone } from '../client/room-page.js'
import { sendClockAndTone, uprightClockAges } from '../simulator/clock-page.js'
import { useSimulatedRoom, type OpenPhone } from '../simulator/simulated-room.js'

/** Everybody's own tone, Hz. */
const PITCHES = { anna: 1000, ben: 1500, mei: 440, lin: 660 } as const
const USERS = Object.keys(PITCHES) as (keyof typeof PITCHES)[]
/** Eight pictures are coded and twelve decoded on a machine that may be busy. */
const BUSY_MS = 40_000

const room = useSimulatedRoom()
let browser: Browser
beforeAll(async () => {
  browser = await launchChromium()
})
afterAll(() => browser.close())

/** Waits until a phone hears somebody's own tone and reads a clock that is not old. */
async function phonePlays(phone: OpenPhone, user: keyof typeof PITCHES): Promise<void> {
  const look = (): boolean => {
    const stats = phone.phone.stats().get(user)
    if (stats?.delayMs === undefined) return false
    return Math.abs(stats.pitch - PITCHES[user]) < PITCHES[user] / 20 && stats.delayMs < 1000
  }
  const explain = (): string => JSON.stringify([...phone.phone.stats()])
  await until(`${user} on a phone`, look, { timeoutMs: BUSY_MS, everyMs: 300, explain })
}

/** Waits until a page shows and sounds somebody. */
async function pagePlays(page: Page, user: keyof typeof PITCHES): Promise<void> {
  await untilFrames(page, `#${user}-main video`, 10, BUSY_MS)
  await untilTone(page, user, PITCHES[user], BUSY_MS)
}

test('two phones and two browsers see each other move and hear each other’s tone', async () => {
  const open = async (userId: 'anna' | 'ben'): Promise<Page> => {
    const page = await enter(browser, room.server.http, { roomId: 'four', userId })
    await showEverybody(page)
    await sendClockAndTone(page, PITCHES[userId])
    return page
  }
  const pages = { anna: await open('anna'), ben: await open('ben') }
  const phones = {
    mei: await room.open('mei', { roomId: 'four', pitch: PITCHES.mei }),
    lin: await room.open('lin', { roomId: 'four', pitch: PITCHES.lin, prefer: 'rtmp' }),
  }
  for (const [name, phone] of Object.entries(phones))
    for (const user of USERS) if (user !== name) await phonePlays(phone, user)
  for (const [name, page] of Object.entries(pages)) {
    for (const user of USERS) if (user !== name) await pagePlays(page, user)
    for (const user of ['mei', 'lin'])
      expect(Math.min(...(await uprightClockAges(page, `#${user}-main video`, 8)))).toBeLessThan(1000)
  }
}, 120_000)
