import type { Browser } from 'playwright-core'
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
