import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { launchChromium, pushFfmpeg, startServer, type RunningProcess, type TestServer } from '../../harness/index.js'
import { enterCall, openAt, untilMoves } from './caller.js'

vi.setConfig({ testTimeout: 60_000 })

const KEY = 'a-key-of-a-test-only'

const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8')

let server: TestServer
let browser: Browser
let push: RunningProcess
/** A call of its own for each try: whoever an earlier one left behind stays there. */
let calls = 0

beforeAll(async () => {
  server = await startServer({ args: ['--api-key', KEY] })
  browser = await launchChromium()
  push = pushFfmpeg({ url: `${server.rtmp}/live/camera1` })
})

afterAll(async () => {
  await push.stop()
  await browser.close()
  await server.stop()
})

/** What axe finds wrong on the page as it is now, in words. */
async function faultsOf(page: Page): Promise<string[]> {
  // Not a script element, which the content security policy would refuse.
  await page.evaluate(axe)
  return page.evaluate(async () => {
    const { violations } = await (
      window as unknown as {
        axe: { run(): Promise<{ violations: { id: string; help: string; nodes: { html: string }[] }[] }> }
      }
    ).axe.run()
    return violations.map(({ id, help, nodes }) => `${id}: ${help}\n  ${nodes.map(({ html }) => html).join('\n  ')}`)
  })
}

const COLOURS = ['light', 'dark'] as const

test.each(COLOURS)(
  'the entry page and its error messages have no accessibility violations in %s colours',
  async (colours) => {
    const { page } = await openAt(browser, server.http, { colours })
    expect(await faultsOf(page)).toEqual([])
    await page.getByRole('button', { name: 'Check camera and microphone' }).click()
    await page.getByRole('slider', { name: /Smoother/ }).waitFor()
    expect(await faultsOf(page)).toEqual([])
    await page.getByRole('button', { name: 'Enter', exact: true }).click()
    await page.getByText('Please enter your name.').waitFor()
    expect(await faultsOf(page)).toEqual([])
    await page.close()
  },
)

test.each(COLOURS)(
  'the call with its panels and dialogs has no accessibility violations in %s colours',
  async (colours) => {
    const room = `axe-${colours}-${String(++calls)}`
    const owner = await enterCall(browser, server.http, 'Olga', room, { colours })
    const guest = await enterCall(browser, server.http, 'Gus', room, { colours })
    const { page } = owner
    await untilMoves(page, 'Gus', 2)
    await guest.page.keyboard.press('c')
    await guest.page.locator('input:focus').waitFor()
    await guest.page.keyboard.type('hello')
    await guest.page.keyboard.press('Enter')
    for (const key of ['p', 'c']) {
      await page.keyboard.press(key)
      await page.getByRole('complementary').waitFor()
      expect(await faultsOf(page)).toEqual([])
      await page.keyboard.press('Escape')
      if (key === 'p') await page.getByRole('button', { name: 'Close', exact: true }).click()
    }
    await page.keyboard.press('g')
    for (const key of ['i', 'o', '?']) {
      await page.keyboard.press(key)
      await page.getByRole('dialog').waitFor()
      if (key === 'i') await page.getByRole('img', { name: /QR/ }).waitFor()
      expect(await faultsOf(page)).toEqual([])
      await page.keyboard.press('Escape')
      await page.getByRole('dialog').waitFor({ state: 'detached' })
    }
    await guest.page.close()
    await page.getByRole('button', { name: 'Leave' }).click()
    await page.getByText('You left the call.').waitFor()
    expect(await faultsOf(page)).toEqual([])
    await page.close()
  },
)

test.each(COLOURS)('the live room has no accessibility violations in %s colours', async (colours) => {
  const { page } = await openAt(browser, `${server.http}/live?room=axe-live-${colours}`, { colours })
  await page.getByText('Nobody is live here yet.').waitFor()
  expect(await faultsOf(page)).toEqual([])
  await page.close()
})

test.each(COLOURS)('the monitor page has no accessibility violations in %s colours', async (colours) => {
  const { page } = await openAt(browser, `${server.http}/monitor`, { colours })
  await page.getByLabel('API key').waitFor()
  expect(await faultsOf(page)).toEqual([])
  await page.getByLabel('API key').fill(KEY)
  await page.keyboard.press('Enter')
  await untilMoves(page, 'live/camera1', 2)
  expect(await faultsOf(page)).toEqual([])
  await page.close()
})

test.each(COLOURS)('the page of plain streams has no accessibility violations in %s colours', async (colours) => {
  const { page } = await openAt(browser, `${server.http}/live?stream=live/camera1`, { colours })
  await page.locator('#player[data-state=playing]').waitFor()
  expect(await faultsOf(page)).toEqual([])
  await page.close()
})

test('the Chinese entry page and WeChat’s notice on a phone have no accessibility violations', async () => {
  const context = await browser.newContext({
    viewport: { width: 360, height: 740 },
    locale: 'zh-CN',
    userAgent:
      'Mozilla/5.0 (Linux; Android 13) AppleWebKit/537.36 Chrome/116 Mobile Safari/537.36 MicroMessenger/8.0.50',
  })
  const page = await context.newPage()
  await page.goto(`${server.http}/call?room=lobby`)
  await page.getByRole('link', { name: '只观看' }).waitFor()
  expect(await faultsOf(page)).toEqual([])
  await page.getByRole('button', { name: '在此尝试通话' }).click()
  await page.getByLabel('你的名字').waitFor()
  expect(await faultsOf(page)).toEqual([])
  const wide = await page.evaluate(() => document.documentElement.scrollWidth)
  expect(wide).toBe(360)
  expect(await page.evaluate(() => document.documentElement.lang)).toBe('zh-CN')
  await context.close()
})
