import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { launchChromium, pushFfmpeg, startServer, until, type TestServer } from '../../harness/index.js'
import { enterCall, openAt, tileOf, untilMoves } from './caller.js'

vi.setConfig({ testTimeout: 60_000 })

const KEY = 'a-key-of-a-test-only'
let server: TestServer
let browser: Browser

beforeAll(async () => {
  server = await startServer({ args: ['--api-key', KEY] })
  browser = await launchChromium()
})

afterAll(async () => {
  await browser.close()
  await server.stop()
})

test('the monitor page asks for the key, then shows plain streams and rooms with delay, bitrate and frame rate', async () => {
  const push = pushFfmpeg({ url: `${server.rtmp}/live/camera1` })
  const caller = await enterCall(browser, server.http, 'Anna', 'watched')
  const { page, complaints } = await openAt(browser, `${server.http}/monitor`)
  await page.getByLabel('API key').fill(KEY)
  await page.keyboard.press('Enter')
  await untilMoves(page, 'live/camera1')
  await untilMoves(page, 'watched · Anna')
  for (const name of ['live/camera1', 'watched · Anna']) {
    const figures = tileOf(page, name)
    await until(`figures of ${name}`, async () => {
      const text = (await figures.innerText()).replaceAll('\n', ' ')
      return /Delay \d+ ms/.test(text) && /Bitrate [\d.]+ [kM]bit\/s/.test(text) && /Rate \d+ fps/.test(text)
    })
  }
  await page.getByRole('button', { name: 'Enlarge live/camera1' }).click()
  await tileOf(page, 'watched · Anna').waitFor({ state: 'detached' })
  await page.getByRole('button', { name: 'Show all again' }).click()
  await untilMoves(page, 'watched · Anna')
  await caller.page.close()
  await tileOf(page, 'watched · Anna').waitFor({ state: 'detached', timeout: 20_000 })
  await push.stop()
  // The first question was asked without a key.
  expect(complaints.filter((complaint) => !/401|404/.test(complaint))).toEqual([])
  await page.close()
})

/** The size of the picture that a tile shows while it does not play. */
function pictureOf(page: Page, name: string): Promise<{ readonly width: number; readonly height: number } | undefined> {
  return tileOf(page, name).evaluate(async (tile) => {
    const { poster } = tile.querySelector('video')!
    if (!poster.startsWith('blob:')) return undefined
    const image = new Image()
    image.src = poster
    await image.decode()
    return { width: image.naturalWidth, height: image.naturalHeight }
  })
}

test('a tile that is not in view shows a picture and does not play, until it is scrolled to', async () => {
  const pushes = ['one', 'two'].map((name) => pushFfmpeg({ url: `${server.rtmp}/live/${name}` }))
  const { page } = await openAt(browser, `${server.http}/monitor`)
  await page.setViewportSize({ width: 500, height: 420 })
  await page.getByLabel('API key').fill(KEY)
  await page.keyboard.press('Enter')
  await untilMoves(page, 'live/one')
  const below = tileOf(page, 'live/two')
  await until('a picture of the tile below', async () => (await pictureOf(page, 'live/two'))?.width === 320)
  expect(await pictureOf(page, 'live/two')).toEqual({ width: 320, height: 180 })
  expect(await below.getAttribute('data-state')).toBe('idle')
  await below.scrollIntoViewIfNeeded()
  await untilMoves(page, 'live/two')
  await Promise.all(pushes.map((push) => push.stop()))
  await page.close()
})
