import { execFileSync, spawn } from 'node:child_process'
import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import type { Browser } from 'playwright-core'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { launchChromium, startServer, until, type TestServer } from '../../harness/index.js'
import { openAt, tileOf } from '../pages/caller.js'

vi.setConfig({ testTimeout: 60_000 })

const BIN = resolve(import.meta.dirname, '../../../packages/server/bin/crossroom.js')
let home: string
let server: TestServer
let browser: Browser

beforeAll(async () => {
  home = mkdtempSync(join(tmpdir(), 'crossroom-desktop-'))
  server = await startServer()
  browser = await launchChromium()
})

afterAll(async () => {
  await browser.close()
  await server.stop()
  rmSync(home, { recursive: true, force: true })
})

/** The command in a home of its own, so that xdg's tools know nobody else's choices. */
function desktop(args: readonly string[], path = process.env['PATH']): { code: number | null; said: Promise<string> } {
  const env = { HOME: home, XDG_DATA_HOME: join(home, 'data'), XDG_CONFIG_HOME: join(home, 'config'), PATH: path }
  const child = spawn(process.execPath, [BIN, 'desktop', ...args], { env, stdio: ['ignore', 'pipe', 'pipe'] })
  let text = ''
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (data: Buffer) => (text += data.toString()))
  const result = { code: null as number | null, said: Promise.resolve('') }
  result.said = new Promise((done) =>
    child.once('close', (code) => {
      result.code = code
      done(text)
    }),
  )
  return result
}

function xdg(...args: string[]): string {
  const env = { ...process.env, HOME: home, XDG_DATA_HOME: join(home, 'data'), XDG_CONFIG_HOME: join(home, 'config') }
  return execFileSync('xdg-mime', args, { env, encoding: 'utf8' }).trim()
}

test('the desktop names this command for both schemes while registered, and no handler afterwards', async () => {
  expect(await desktop(['register']).said).toMatch(/now open a call/)
  const entry = join(home, 'data/applications/crossroom.desktop')
  execFileSync('desktop-file-validate', [entry])
  for (const scheme of ['crossroom', 'wxlite'])
    expect(xdg('query', 'default', `x-scheme-handler/${scheme}`)).toBe('crossroom.desktop')
  expect(await desktop(['register']).said).toMatch(/already exists/)
  expect(await desktop(['unregister']).said).toMatch(/Removed/)
  expect(existsSync(entry)).toBe(false)
  expect(xdg('query', 'default', 'x-scheme-handler/crossroom')).toBe('')
  expect(await desktop(['unregister']).said).toMatch(/Nothing was registered/)
})

test('a link with unknown parts is refused, and one that the user declines opens nothing', async () => {
  const link = `crossroom://start?server=${server.http}&room=app`
  const refused = desktop(['open', `${link}&exec=x`])
  expect(await refused.said).toMatch(/unknown part/)
  expect(refused.code).toBe(1)
  const folder = fakeBrowser()
  expect(await desktop(['open', link], folder).said).toMatch(/not joined/)
  expect(existsSync(join(folder, 'opened'))).toBe(false)
})

test('a link opens an app window, and its ticket is valid once and disappears from the address', async () => {
  const answer = await post('ticket', { roomId: 'app', userId: 'ann', userName: 'Ann' })
  const { ticket } = answer as { ticket: string }
  const folder = fakeBrowser()
  const query = new URLSearchParams({ server: server.http, room: 'app', user: 'ann', name: 'Ann', ticket })
  await desktop(['open', '--yes', `crossroom://start?${query.toString()}`], folder).said
  await until('the browser was called', () => existsSync(join(folder, 'opened')))
  const opened = readFileSync(join(folder, 'opened'), 'utf8').trim()
  expect(opened).toMatch(/^--app=http:\/\//)
  const { page } = await openAt(browser, opened.replace('--app=', ''))
  await page.getByRole('button', { name: 'Join app as Ann' }).click()
  await tileOf(page, 'Ann').waitFor()
  expect(page.url()).toBe(`${server.http}/call?room=app`)
  expect(await post('redeem', { ticket })).toMatchObject({ error: { code: 'TICKET_GONE' } })
  await page.close()
})

test('the landing page continues in the browser if no app answers', async () => {
  const { page } = await openAt(browser, `${server.http}/call?room=app&open=app&name=Ben`)
  await page.getByRole('button', { name: 'Open in the app' }).click()
  await page.getByRole('button', { name: 'Join app as Ben' }).waitFor()
  await page.close()
})

async function post(path: string, body: object): Promise<unknown> {
  const headers = { 'Content-Type': 'application/json' }
  const request = { method: 'POST', headers, body: JSON.stringify(body) }
  return (await fetch(`${server.http}/api/v1/desktop/${path}`, request)).json()
}

/** A folder for PATH whose `chromium` writes down how it was called. */
function fakeBrowser(): string {
  const folder = mkdtempSync(join(home, 'path-'))
  writeFileSync(
    join(folder, 'chromium'),
    `#!/bin/sh\nprintf '%s' "$1" > '${join(folder, 'part')}'\n/bin/mv '${join(folder, 'part')}' '${join(folder, 'opened')}'\n`,
  )
  chmodSync(join(folder, 'chromium'), 0o755)
  return folder
}
