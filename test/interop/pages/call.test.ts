import type { Browser, Page } from 'playwright-core'
import { afterAll, afterEach, beforeAll, expect, test, vi } from 'vitest'
import { launchChromium, pushFfmpeg, startServer, until, type TestServer } from '../../harness/index.js'
import { enterCall, openAt, tileOf, untilMoves, untilSaid, type Caller } from './caller.js'

vi.setConfig({ testTimeout: 60_000 })

let server: TestServer
let browser: Browser
const callers: Caller[] = []

beforeAll(async () => {
  server = await startServer()
  browser = await launchChromium()
})

afterEach(async () => {
  for (const { page, complaints } of callers.splice(0)) {
    expect(complaints).toEqual([])
    await page.close()
  }
})

afterAll(async () => {
  await browser.close()
  await server.stop()
})

async function enter(name: string, room: string): Promise<Page> {
  const caller = await enterCall(browser, server.http, name, room)
  callers.push(caller)
  return caller.page
}

test('two pages see each other, chat, and show mutes', async () => {
  const anna = await enter('Anna', 'two')
  const ben = await enter('Ben', 'two')
  await Promise.all([untilMoves(anna, 'Ben'), untilMoves(ben, 'Anna'), untilMoves(anna, 'Anna')])

  await ben.keyboard.press('c')
  await ben.getByLabel('Write to everybody').fill('Hello <b>Anna</b>')
  await ben.keyboard.press('Enter')
  await anna.getByRole('button', { name: /^Chat.*1 new/ }).click()
  // What somebody writes is text, never markup.
  await anna.getByText('Hello <b>Anna</b>', { exact: true }).waitFor()

  await anna.getByRole('button', { name: /^People/ }).click()
  const rows = anna.getByRole('list', { name: 'People' }).getByRole('listitem')
  await until('two rows', async () => (await rows.count()) === 2)
  expect(await rows.nth(1).innerText()).toMatch(/Ben[^]*Browser/)
  await tileOf(anna, 'Ben').getByText('Microphone off').waitFor({ state: 'detached' })
  await ben.keyboard.press('Escape')
  await ben.keyboard.press('m')
  await tileOf(anna, 'Ben').getByText('Microphone off').waitFor()
  await ben.keyboard.press('v')
  await until('the picture of Ben is gone', async () => (await tileOf(anna, 'Ben').locator('video').count()) === 0)
  await ben.keyboard.press('v')
  await untilMoves(anna, 'Ben')
})

test('a call can be entered, used and left by keyboard alone', async () => {
  const caller = await openAt(browser, server.http)
  callers.push(caller)
  const { page } = caller
  await page.getByLabel('Your name').waitFor()
  const tabTo = async (label: string): Promise<void> => {
    await until(`the focus is on ${label}`, async () => {
      await page.keyboard.press('Tab')
      return page.evaluate((wanted) => {
        const active = document.activeElement
        const labels =
          active instanceof HTMLInputElement ? [...(active.labels ?? [])].map((one) => one.textContent) : []
        return [active?.getAttribute('aria-label'), active?.textContent, ...labels].includes(wanted)
      }, label)
    })
  }
  await tabTo('Your name')
  await page.keyboard.type('Kim')
  await tabTo('Room')
  await page.keyboard.type('keys')
  await page.keyboard.press('Enter')
  await page.getByRole('toolbar').waitFor()
  expect(new URL(page.url()).pathname + new URL(page.url()).search).toBe('/call?room=keys')
  await page.keyboard.press('?')
  await page.getByRole('dialog', { name: 'Keyboard shortcuts' }).waitFor()
  // The next key counts at once: the browser tells of a window's end only later.
  await page.evaluate(() => {
    for (const key of ['Escape', 'o']) {
      document.activeElement?.dispatchEvent(new KeyboardEvent('keydown', { key, bubbles: true, cancelable: true }))
    }
  })
  await page.getByRole('dialog', { name: 'Settings' }).waitFor()
  await page.keyboard.press('Escape')
  await page.getByRole('dialog').waitFor({ state: 'detached' })
  await page.getByRole('button', { name: 'Turn the microphone off (M)' }).waitFor()
  await page.keyboard.press('m')
  await page.getByRole('button', { name: 'Turn the microphone on (M)' }).waitFor()
  await page.keyboard.press('c')
  await page.locator('input:focus').waitFor()
  await page.keyboard.type('by keyboard')
  await page.keyboard.press('Enter')
  await page.getByText('by keyboard', { exact: true }).waitFor()
  await page.keyboard.press('Escape')
  await tabTo('Mic: Turn the microphone on (M)')
  // The last of the bar comes before the first.
  await page.keyboard.press('ArrowLeft')
  await page.keyboard.press('Enter')
  await untilSaid(page, /You left the call/)
  await page.keyboard.press('Enter')
  await page.getByLabel('Your name').waitFor()
})

test('a shared screen is large for the others until sharing ends', async () => {
  const anna = await enter('Anna', 'shared')
  const ben = await enter('Ben', 'shared')
  await untilMoves(ben, 'Anna', 3)
  await anna.keyboard.press('s')
  await untilSaid(anna, /Everybody sees your screen/)
  await untilMoves(ben, 'Screen of Anna', 3)
  const large = await tileOf(ben, 'Screen of Anna').boundingBox()
  const small = await tileOf(ben, 'Anna').boundingBox()
  expect(large!.width).toBeGreaterThan(2 * small!.width)
  await anna.getByRole('button', { name: 'Stop sharing', exact: true }).click()
  await tileOf(ben, 'Screen of Anna').waitFor({ state: 'detached' })
  await untilMoves(ben, 'Anna')
})

test('the owner mutes and removes a member, which is told', async () => {
  const owner = await enter('Olga', 'owned')
  const guest = await enter('Gus', 'owned')
  await untilMoves(owner, 'Gus')
  await owner.keyboard.press('p')
  expect(await guest.getByRole('button', { name: 'Remove Olga' }).count()).toBe(0)
  await owner.getByRole('button', { name: 'Mute Gus' }).click()
  await untilSaid(guest, /The owner muted you/)
  await tileOf(owner, 'Gus').getByText('Microphone off').waitFor()
  // It stays visible to the muted, who can ask for the way back.
  await guest.getByRole('button', { name: 'Ask to be unmuted' }).click()
  await owner.getByText('Gus asks to be unmuted').waitFor()
  await owner.getByRole('button', { name: 'Accept Gus' }).click()
  await untilSaid(guest, /You can be heard again/)
  await guest.getByText('The owner muted you. Nobody can hear you.').waitFor({ state: 'detached' })
  await owner.getByRole('button', { name: 'Move Gus to the audience' }).click()
  await tileOf(owner, 'Gus').waitFor({ state: 'detached' })
  await owner.getByRole('button', { name: 'Invite back Gus' }).click()
  await guest.getByRole('button', { name: 'Join in' }).click()
  await tileOf(owner, 'Gus').waitFor()
  await owner.getByRole('button', { name: 'Remove Gus' }).click()
  await owner.getByRole('dialog', { name: 'Remove Gus?' }).getByRole('button', { name: 'Remove', exact: true }).click()
  await untilSaid(guest, /The owner removed you/)
  await tileOf(owner, 'Gus').waitFor({ state: 'detached' })
  await guest.getByRole('button', { name: 'Enter again' }).click()
  await guest.getByRole('button', { name: 'Enter', exact: true }).click()
  await untilSaid(guest, /The owner keeps you out for a while/)
})

test('an owner who leaves can end the call for all', async () => {
  const owner = await enter('Olga', 'ended')
  const guest = await enter('Gus', 'ended')
  await tileOf(owner, 'Gus').waitFor()
  await owner.getByRole('button', { name: 'Leave' }).click()
  await owner.getByRole('button', { name: 'End for everybody' }).click()
  await untilSaid(guest, /The call was ended for everybody/)
  await untilSaid(owner, /The call was ended for everybody/)
})

test('an encoder enters as a device by the address of the invitation', async () => {
  const anna = await enter('Anna', 'studio')
  const guest = await enter('Ben', 'studio')
  await untilMoves(anna, 'Ben')
  await anna.keyboard.press('i')
  const url = await anna.getByRole('textbox', { name: 'Address for OBS, ffmpeg and cameras' }).innerText()
  expect(url).toMatch(/^rtmp:\/\/127\.0\.0\.1:\d+\/push\/studio\?.*userid=obs-\w{4}/)
  await anna.getByRole('img', { name: 'QR code of the invitation' }).waitFor()
  await anna.keyboard.press('Escape')
  const push = pushFfmpeg({ url })
  try {
    const name = /userid=(obs-\w{4})/.exec(url)![1]!
    await untilMoves(anna, name)
    await tileOf(anna, name).getByText('Device').waitFor()
    await untilMoves(guest, name)
  } finally {
    await push.stop()
  }
})

test('four pages fill a grid, and one of them can be pinned', async () => {
  const names = ['Ada', 'Bo', 'Cy', 'Di']
  const pages: Page[] = []
  for (const name of names) pages.push(await enter(name, 'grid'))
  for (const page of pages) for (const name of names) await untilMoves(page, name, 5)
  const first = pages[0]!
  const boxes = await Promise.all(names.map((name) => tileOf(first, name).boundingBox()))
  for (const box of boxes) expect(box!.width).toBe(boxes[0]!.width)
  expect(new Set(boxes.map((box) => Math.round(box!.y))).size).toBe(2)
  await tileOf(first, 'Cy').hover()
  await first.getByRole('button', { name: 'Pin Cy', exact: true }).click()
  const large = await tileOf(first, 'Cy').boundingBox()
  const small = await tileOf(first, 'Ada').boundingBox()
  expect(large!.width).toBeGreaterThan(2 * small!.width)
  await untilMoves(first, 'Cy')
})
