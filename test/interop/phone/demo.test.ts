import { readdirSync, readFileSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Browser } from 'playwright-core'
import { afterAll, beforeAll, expect, test } from 'vitest'

import { launchChromium, start, until, type RunningProcess } from '../../harness/index.js'
import { openAt, tileOf, untilMoves } from '../pages/caller.js'
import { uprightClockAges } from '../simulator/clock-page.js'

const COMMAND = fileURLToPath(new URL('../../../packages/server/bin/crossroom.js', import.meta.url))
/** Two processes with codecs start, and a browser, on a machine that may be busy. */
const START_MS = 30_000

let browser: Browser
let stateFolder: string
beforeAll(async () => {
  stateFolder = mkdtempSync(join(tmpdir(), 'crossroom-demo-'))
  browser = await launchChromium()
})
afterAll(async () => {
  await browser.close()
  rmSync(stateFolder, { recursive: true })
})

/** What `npm start` runs after its set-up, on free ports. */
function startDemo(): RunningProcess {
  const ports = ['--rtmp-port', '0', '--http-port', '0', '--rtc-port', '0']
  const env = { ...process.env, XDG_STATE_HOME: stateFolder }
  return start(process.execPath, [COMMAND, 'serve', '--demo', ...ports], { env })
}

/** The simulator that this server has started. */
function phoneOf(server: RunningProcess): number | undefined {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .find((pid) => {
      try {
        const isChild = new RegExp(`^PPid:\\s+${String(server.child.pid)}$`, 'm').test(
          readFileSync(`/proc/${String(pid)}/status`, 'utf8'),
        )
        return isChild && readFileSync(`/proc/${String(pid)}/cmdline`, 'utf8').includes('crossroom-simulate')
      } catch {
        // It ended while we looked.
        return false
      }
    })
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch {
    return false
  }
}

const options = { timeoutMs: START_MS }

test('a user opens the printed address, sees the phone, appears in the terminal and owns the room; Ctrl-C ends both', async () => {
  const server = startDemo()
  const explain = server.output
  const url = await until('the address of the demo', () => /a browser +(http:\S+)/.exec(server.output())?.[1], {
    ...options,
    explain,
  })
  const pid = await until('the phone', () => phoneOf(server), options)
  const { page, complaints } = await openAt(browser, url)
  await page.getByLabel('Your name').fill('Anna')
  await page.getByRole('button', { name: 'Enter', exact: true }).click()
  await tileOf(page, 'phone').waitFor({ timeout: START_MS })
  await untilMoves(page, 'phone')
  const ages = await uprightClockAges(page, 'article[aria-label="phone"] video', 10)
  expect(Math.min(...ages)).toBeLessThan(1000)
  const line = /The phone receives \S+: \d{3,}×\d{3,}, [1-9]\d* pictures \([1-9]\d*\/s\), sound [1-9]\d*, \d+ ms late/
  await until('the line in the terminal', () => line.test(server.output()), { ...options, explain })
  await page.keyboard.press('p')
  await page.getByRole('button', { name: 'Remove phone' }).waitFor()
  await page.getByRole('button', { name: 'Mute phone' }).click()
  await tileOf(page, 'phone').getByText('Microphone off').waitFor()
  await page.getByRole('button', { name: 'Let phone speak again' }).click()
  await tileOf(page, 'phone').getByText('Microphone off').waitFor({ state: 'detached' })
  expect(complaints).toEqual([])
  await page.close()
  server.child.kill('SIGINT')
  expect(await server.exited).toBe(0)
  expect(isAlive(pid)).toBe(false)
}, 90_000)

test('a crashed phone is restarted, and none outlives a killed server', async () => {
  const server = startDemo()
  const first = await until('the phone', () => phoneOf(server), options)
  process.kill(first, 'SIGKILL')
  const second = await until('another phone', () => [phoneOf(server)].find((pid) => pid !== first), options)
  await until('its entry', () => /A member entered a room.*|"user":"phone"/.test(server.output()), options)
  server.child.kill('SIGKILL')
  await until('the end of the phone', () => !isAlive(second), options)
}, 60_000)

test('a closed terminal neither ends the server nor delays its shutdown', async () => {
  const server = startDemo()
  await until('the phone in the room', () => /A member entered a room.*|"user":"phone"/.test(server.output()), options)
  const pid = phoneOf(server)!
  server.child.stdout!.destroy()
  server.child.stderr!.destroy()
  process.kill(pid, 'SIGKILL')
  await until('another phone', () => ![pid, undefined].includes(phoneOf(server)), options)
  server.child.kill('SIGINT')
  expect(await server.exited).toBe(0)
}, 60_000)
