import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Browser } from 'playwright-core'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { launchChromium, startServer, type TestServer } from '../../harness/index.js'
import { openAt, tileOf } from './caller.js'

vi.setConfig({ testTimeout: 60_000 })

let home: string
let server: TestServer
let browser: Browser

beforeAll(async () => {
  home = mkdtempSync(join(tmpdir(), 'crossroom-first-'))
  server = await startServer({ args: ['--demo'], env: { XDG_STATE_HOME: home } })
  browser = await launchChromium()
})

afterAll(async () => {
  await browser.close()
  await server.stop()
  rmSync(home, { recursive: true, force: true })
})

test('the first page only needs a name: the demo room is filled in', async () => {
  const { page, complaints } = await openAt(browser, server.http)
  await page.getByText('A simulated phone is waiting in this room.').waitFor()
  await page.getByLabel('Your name').fill('Anna')
  await page.keyboard.press('Enter')
  await tileOf(page, 'Anna').waitFor()
  expect(page.url()).toBe(`${server.http}/call?room=demo`)
  expect(complaints).toEqual([])
  await page.close()
})

test('an empty room field creates a room, and the address carries it', async () => {
  const { page } = await openAt(browser, server.http)
  await page.getByText('A simulated phone is waiting in this room.').waitFor()
  await page.getByLabel('Your name').fill('Ben')
  await page.getByLabel('Room', { exact: true }).fill('')
  await page.getByRole('button', { name: 'Enter', exact: true }).click()
  await tileOf(page, 'Ben').waitFor()
  expect(page.url()).toMatch(/\/call\?room=[a-z]+-[a-z]+-[a-z2-9]{4}-[a-z2-9]{4}$/)
  await page.close()
})
