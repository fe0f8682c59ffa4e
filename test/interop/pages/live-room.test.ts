import type { Browser, Page } from 'playwright-core'
import { afterAll, afterEach, beforeAll, expect, test, vi } from 'vitest'
import { launchChromium, startServer, until, type TestServer } from '../../harness/index.js'
import { openAt, tileOf, untilMoves, untilSaid, type Caller } from './caller.js'

vi.setConfig({ testTimeout: 60_000 })

let server: TestServer
let browser: Browser
const open: Caller[] = []

beforeAll(async () => {
  server = await startServer()
  browser = await launchChromium()
})

afterEach(async () => {
  for (const { page, complaints } of open.splice(0)) {
    expect(complaints).toEqual([])
    await page.close()
  }
})

afterAll(async () => {
  await browser.close()
  await server.stop()
})

async function visit(room: string, name: string): Promise<Page> {
  const caller = await openAt(browser, `${server.http}/live?room=${room}&name=${name}`)
  open.push(caller)
  return caller.page
}

test('a host goes live, and a viewer watches, asks to join, is accepted and leaves the stage again', async () => {
  const viewer = await visit('show', 'Vera')
  await untilSaid(viewer, /Nobody is live here yet/)
  const host = await visit('show', 'Hal')
  await host.getByRole('button', { name: 'Go live' }).click()
  await untilMoves(host, 'Hal')
  await untilMoves(viewer, 'Hal')
  await host.getByText('1 watching').waitFor()
  expect(await tileOf(host, 'Vera').count()).toBe(0)

  await viewer.getByRole('button', { name: 'Ask to join in' }).click()
  await host.getByRole('button', { name: 'Accept Vera' }).click()
  await untilSaid(viewer, /You may speak now/)
  await untilMoves(host, 'Vera')
  await untilMoves(viewer, 'Vera')
  const [large, small] = [await tileOf(viewer, 'Hal').boundingBox(), await tileOf(viewer, 'Vera').boundingBox()]
  expect(large!.width).toBeGreaterThan(2 * small!.width)

  await viewer.getByRole('button', { name: 'Leave the stage' }).click()
  await tileOf(host, 'Vera').waitFor({ state: 'detached' })
  await untilMoves(viewer, 'Hal')
  await host.getByRole('button', { name: 'Stop' }).click()
  await untilSaid(viewer, /Nobody is live here yet/)
})

test('a declined viewer stays in the audience, and chats under its own name', async () => {
  const host = await visit('talk', 'Hal')
  await host.getByRole('button', { name: 'Go live' }).click()
  await untilMoves(host, 'Hal', 3)
  const caller = await openAt(browser, `${server.http}/live?room=talk`)
  open.push(caller)
  const viewer = caller.page
  await untilMoves(viewer, 'Hal')
  await viewer.getByLabel('What is your name?').fill('Vera')
  await viewer.getByRole('button', { name: 'Go on' }).click()
  await viewer.getByLabel('What is your name?').waitFor({ state: 'detached' })
  await untilMoves(viewer, 'Hal')
  await viewer.getByLabel('Write to everybody').fill('hello')
  await viewer.keyboard.press('Enter')
  const log = host.getByRole('log')
  await until('the words of Vera', async () => /vera[^]*hello/i.test(await log.innerText()))
  await viewer.getByRole('button', { name: 'Ask to join in' }).click()
  // A request can be taken back, and the host is told.
  await host.getByRole('button', { name: /^Decline/ }).waitFor()
  await viewer.getByRole('button', { name: /Cancel/ }).click()
  await host.getByRole('button', { name: /^Decline/ }).waitFor({ state: 'detached' })
  await viewer.getByRole('button', { name: 'Ask to join in' }).click()
  await host.getByRole('button', { name: /^Decline/ }).click()
  await untilSaid(viewer, /Your request was declined/)
  await viewer.getByRole('button', { name: 'Ask to join in' }).waitFor()
})
