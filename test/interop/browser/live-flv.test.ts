import type { Browser, Page } from 'playwright-core'
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import {
  launchChromium,
  openPage,
  pushClock,
  readDelay,
  startServer,
  until,
  untilHeard,
  untilPlays,
  type RunningProcess,
  type TestServer,
} from '../../harness/index.js'

let server: TestServer
let browser: Browser
let page: Page | undefined
const pushes: RunningProcess[] = []

beforeAll(async () => {
  server = await startServer()
  browser = await launchChromium()
})

afterEach(async () => {
  await page?.close()
  page = undefined
  await Promise.all(pushes.splice(0).map((push) => push.stop()))
})

afterAll(async () => {
  await browser.close()
  await server.stop()
})

function push(name: string): RunningProcess {
  const running = pushClock({ url: `${server.rtmp}/live/${name}` })
  pushes.push(running)
  return running
}

async function open(query: string): Promise<string[]> {
  const opened = await openPage(browser, `${server.http}/live?${query}`)
  page = opened.page
  return opened.complaints
}

function fact(name: string): Promise<string | null> {
  return page!.locator(`[data-fact=${name}]`).textContent()
}

test.each([
  ['ws-flv', 'WebSocket-FLV'],
  ['http-flv', 'HTTP-FLV'],
])('Chromium plays /live by %s, less than a second behind, with sound', async (protocol, words) => {
  push(protocol)
  const complaints = await open(`stream=live/${protocol}&protocol=${protocol}`)
  const playing = await untilPlays(page!)
  expect(playing).toMatchObject({ width: 640, height: 360, paused: false })
  await page!.getByRole('button', { name: 'Turn on the sound' }).click()
  await untilHeard(page!, 440)
  await untilHeard(page!, 1000)
  const delayMs = await readDelay(page!)
  console.log(protocol, 'delay', delayMs, await fact('delay'))
  expect(delayMs).toBeLessThan(1000)
  expect(await fact('protocol')).toBe(words)
  expect(await fact('picture')).toBe('640 × 360')
  await until('the frame rate', async () => /^2[3-7] fps$/.test((await fact('rate')) ?? ''))
  await page!.screenshot({ path: `/tmp/live-${protocol}.png` })
  expect(complaints).toEqual([])
})
