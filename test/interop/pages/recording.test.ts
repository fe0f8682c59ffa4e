import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Browser, Page } from 'playwright-core'
import { afterAll, afterEach, beforeAll, expect, test, vi } from 'vitest'
import { launchChromium, rest, startServer, until, WITH_KEY, type TestServer } from '../../harness/index.js'
import { enter as enterBySdk, type RoomWindow } from '../client/room-page.js'
import { enterCall, untilMoves, type Caller } from './caller.js'

vi.setConfig({ testTimeout: 120_000 })

let folder: string
let server: TestServer
let browser: Browser
const callers: Caller[] = []
const pages: Page[] = []

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'recording-mark-'))
  server = await startServer({ args: ['--record-dir', folder], env: { CROSSROOM_STATE_DIR: folder } })
  browser = await launchChromium()
})

afterEach(async () => {
  for (const { page, complaints } of callers.splice(0)) {
    expect(complaints).toEqual([])
    await page.close()
  }
  for (const page of pages.splice(0)) await page.close()
})

afterAll(async () => {
  await browser.close()
  await server.stop()
  await rm(folder, { recursive: true, force: true })
})

async function enter(name: string, room: string, at = server): Promise<Page> {
  const caller = await enterCall(browser, at.http, name, room)
  callers.push(caller)
  return caller.page
}

interface Recording {
  readonly id: string
  readonly room?: string
  readonly source: string
  readonly state: string
  readonly files?: readonly { readonly state: string; readonly durationMs?: number; readonly stream: string }[]
}

const recordingsOf = async (room: string): Promise<Recording[]> => {
  const { recordings } = (await rest<{ recordings: Recording[] }>(server, 'GET', 'recordings'))!
  return recordings.filter((one) => one.room === room)
}

const markOn = (page: Page) => page.locator('.recording-mark')
const button = (page: Page, name: string) => page.getByRole('button', { name, exact: true })

test('the owner records a room by its page, and everybody sees that it is recorded until it is not', async () => {
  const anna = await enter('Anna', 'marked')
  const ben = await enter('Ben', 'marked')
  await untilMoves(ben, 'Anna')
  expect(await button(ben, 'Record').count()).toBe(0)
  await button(anna, 'Record').click()
  for (const page of [anna, ben]) await markOn(page).waitFor()
  expect(await markOn(ben).innerText()).toBe('Recording')
  const cyd = await enter('Cyd', 'marked')
  await markOn(cyd).waitFor()
  await button(cyd, 'Settings (O)').click()
  await button(cyd, '切换到中文').click()
  await until('the mark to be Chinese', async () => (await markOn(cyd).innerText()) === '录制中')

  const [recording] = await recordingsOf('marked')
  expect(recording).toMatchObject({ source: 'owner', state: 'recording' })
  await untilMoves(ben, 'Anna')
  await button(anna, 'Stop recording').click()
  for (const page of [anna, ben, cyd]) await markOn(page).waitFor({ state: 'detached' })
  const finished = await until('the files to be finished', async () => {
    const found = await rest<Recording>(server, 'GET', `recordings/${recording!.id}`)
    return found?.files?.length !== 0 && found?.files?.every(({ state }) => state !== 'writing') === true && found
  })
  expect(finished.state).toBe('ended')
  expect(finished.files!.some(({ durationMs = 0 }) => durationMs > 300)).toBe(true)
})

test('by the SDK only the owner records, and what the operator records only the operator stops', async () => {
  const options = { roomId: 'sdk', userId: 'anna' }
  const anna = await enterBySdk(browser, server.http, options)
  const ben = await enterBySdk(browser, server.http, { ...options, userId: 'ben' })
  pages.push(anna, ben)
  const ask = (page: Page, what: 'startRecording' | 'stopRecording') =>
    page.evaluate(
      (method) =>
        (window as unknown as RoomWindow).crossroom[method]().then(
          () => ({ code: 'done', text: '' }),
          (error: Error & { code: string }) => ({ code: error.code, text: error.message }),
        ),
      what,
    )
  const isRecorded = (page: Page) => page.evaluate(() => (window as unknown as RoomWindow).crossroom.isRecorded)
  const untilRecorded = (page: Page, is: boolean) =>
    until(`recorded: ${String(is)}`, async () => (await isRecorded(page)) === is)

  const refused = await ask(ben, 'startRecording')
  expect(refused).toMatchObject({ code: 'ROLE_FORBIDDEN', text: expect.stringMatching(/\w+ \w+/) as string })
  expect(await recordingsOf('sdk')).toEqual([])

  expect((await ask(anna, 'startRecording')).code).toBe('done')
  expect((await ask(anna, 'startRecording')).code).toBe('done')
  expect(await recordingsOf('sdk')).toHaveLength(1)
  await untilRecorded(ben, true)
  expect((await ask(ben, 'stopRecording')).code).toBe('ROLE_FORBIDDEN')
  expect((await ask(anna, 'stopRecording')).code).toBe('done')
  await untilRecorded(ben, false)

  const made = await fetch(`${server.http}/api/v1/recordings`, {
    method: 'POST',
    headers: { ...WITH_KEY, 'content-type': 'application/json' },
    body: JSON.stringify({ room: 'sdk', userId: 'ben' }),
  })
  expect(made.status).toBe(201)
  await untilRecorded(anna, true)
  expect(await ask(anna, 'stopRecording')).toMatchObject({
    code: 'RECORDED_BY_SERVER',
    text: expect.stringContaining('operator') as string,
  })
  expect(await isRecorded(anna)).toBe(true)
})

test('a recording of the owner ends when the room is disbanded', async () => {
  const anna = await enterBySdk(browser, server.http, { roomId: 'over', userId: 'anna' })
  pages.push(anna)
  await anna.evaluate(async () => {
    const { crossroom } = window as unknown as RoomWindow
    await crossroom.startRecording()
    // It ends with the answer, or before it.
    await crossroom.disband().catch(() => undefined)
  })
  await until('the recording to end', async () => (await recordingsOf('over'))[0]?.state === 'ended')
})

test('a server without a folder for recordings says so, in the words of the page', async () => {
  // The folder for its state is in use.
  const plain = await startServer({ env: { CROSSROOM_STATE_DIR: folder } })
  try {
    const anna = await enter('Anna', 'off', plain)
    await button(anna, 'Record').click()
    await anna.getByText('This server makes no recordings.').waitFor({ timeout: 10_000 })
    expect(await markOn(anna).count()).toBe(0)
  } finally {
    await plain.stop()
  }
})
