import type { Browser } from 'playwright-core'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { launchChromium, startServer, type TestServer } from '../../harness/index.js'
import { enterCall, openAt, tileOf, untilMoves } from './caller.js'

vi.setConfig({ testTimeout: 60_000 })

/** A name that is not localhost, so that plain HTTP is not secure. */
const ELSEWHERE = 'meeting-room'
let server: TestServer
let browser: Browser

beforeAll(async () => {
  server = await startServer()
  browser = await launchChromium({ more: [`--host-resolver-rules=MAP ${ELSEWHERE} 127.0.0.1`] })
})

afterAll(async () => {
  await browser.close()
  await server.stop()
})

test('over plain http the page says why the camera is off, and still plays', async () => {
  const anna = await enterCall(browser, server.http, 'Anna', 'plain')
  const origin = `http://${ELSEWHERE}:${String(server.ports['http'])}`
  const { page } = await openAt(browser, `${origin}/call?room=plain`)
  await page.getByText(/Browsers block the camera and microphone/).waitFor()
  expect(await page.getByRole('button', { name: 'Turn the camera on' }).isDisabled()).toBe(true)
  await page.getByLabel('Your name').fill('Ben')
  await page.keyboard.press('Enter')
  await untilMoves(page, 'Anna')
  await tileOf(anna.page, 'Ben').waitFor()
  await page.close()
  await anna.page.close()
})

test('language and colours can be chosen, and are remembered', async () => {
  const { page } = await openAt(browser, server.http)
  await page.getByRole('button', { name: '切换到中文' }).click()
  await page.getByRole('button', { name: '深色外观' }).click()
  await page.reload()
  await page.getByLabel('你的名字').waitFor()
  expect(await page.evaluate(() => document.documentElement.dataset['theme'])).toBe('dark')
  await page.goto(`${server.http}/monitor`)
  await page.getByText('监看').first().waitFor()
  await page.close()
})

test('a call fits on a phone, and the remaining controls are behind one button', async () => {
  const context = await browser.newContext({ viewport: { width: 390, height: 844 }, hasTouch: true, isMobile: true })
  const page = await context.newPage()
  await page.goto(`${server.http}/call?room=phone`)
  await page.getByLabel('Your name').fill('Pia')
  await page.getByRole('button', { name: 'Enter', exact: true }).click()
  await untilMoves(page, 'Pia', 3)
  await page.getByRole('button', { name: 'More' }).click()
  await page.getByRole('button', { name: 'Invite' }).click()
  await page.getByRole('img', { name: /QR/ }).waitFor()
  expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBe(390)
  await context.close()
})

test('a call continues after a cut connection, and says so meanwhile', async () => {
  const { page } = await enterCall(browser, server.http, 'Anna', 'cut', {
    prepare: (page) =>
      page.addInitScript(() => {
        const sockets: WebSocket[] = []
        Object.assign(window, { cut: () => sockets.forEach((socket) => socket.close()) })
        window.WebSocket = class extends WebSocket {
          constructor(url: string | URL, protocols?: string | string[]) {
            super(url, protocols)
            sockets.push(this)
          }
        }
      }),
  })
  const said = page.getByText(/Reconnecting/).waitFor()
  await page.evaluate(() => (window as unknown as { cut(): void }).cut())
  await said
  await page.getByText(/Reconnecting/).waitFor({ state: 'detached' })
  await page.getByRole('toolbar').waitFor()
  await page.close()
})
