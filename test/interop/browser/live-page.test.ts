import type { Browser } from 'playwright-core'
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import {
  launchChromium,
  openLivePage,
  pushClock,
  startServer,
  untilPlays,
  type LivePage,
  type RunningProcess,
  WITH_KEY,
  type TestServer,
} from '../../harness/index.js'

let server: TestServer
let browser: Browser
let live: LivePage | undefined
const pushes: RunningProcess[] = []

beforeAll(async () => {
  server = await startServer()
  // As on a person's machine: nothing but a muted video may start without a click.
  browser = await launchChromium({ without: ['--autoplay-policy=no-user-gesture-required'] })
})

afterEach(async () => {
  await live?.page.close()
  live = undefined
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

async function open(query = '', origin = server.http): Promise<LivePage> {
  live = await openLivePage(browser, origin, query)
  return live
}

test('a stream is chosen from the list by keyboard and played by the best available protocol', async () => {
  push('listed')
  const { page, fact, untilFact, complaints } = await open()
  const link = page.getByRole('link', { name: 'live/listed' })
  await link.waitFor()
  await link.focus()
  await page.keyboard.press('Enter')
  await untilPlays(page)
  expect(new URL(page.url()).search).toBe('?stream=live/listed')
  expect(await link.getAttribute('aria-current')).toBe('true')
  await untilFact('protocol', /\w/)
  expect(await fact('picture')).toBe('640 × 360')
  await page.getByText('Play this stream elsewhere').click()
  expect(await page.locator('.copies').textContent()).toContain(`${server.rtmp}/live/listed`)
  expect(complaints.filter((complaint) => !/404|405/.test(complaint))).toEqual([])
})

test('a page opened early waits, and plays once the publisher connects', async () => {
  const { page, untilNotice } = await open('stream=live/later&protocol=http-flv')
  await untilNotice(/live\/later is not live yet/)
  push('later')
  await untilPlays(page)
  expect(await page.locator('#player').getAttribute('data-state')).toBe('playing')
})

test('playback continues when a publisher returns', async () => {
  const first = push('again')
  const { page, untilNotice } = await open('stream=live/again&protocol=ws-flv')
  await untilPlays(page)
  await first.stop()
  await untilNotice(/Waiting for the publisher/)
  push('again')
  await untilPlays(page)
})

test('a viewer who leaves is removed immediately', async () => {
  push('left')
  const { page } = await open('stream=live/left&protocol=http-flv')
  await untilPlays(page)
  const viewers = async (): Promise<number> => {
    const response = await fetch(`${server.http}/api/v1/streams/live/left`, { headers: WITH_KEY })
    return ((await response.json()) as { viewers: number }).viewers
  }
  expect(await viewers()).toBe(1)
  await page.goto('about:blank')
  await expect.poll(viewers).toBe(0)
})

test('a codec that the browser lacks is named', async () => {
  push('codec')
  live = await openLivePage(browser, server.http, 'stream=live/codec&protocol=ws-flv', async (page) => {
    await page.addInitScript(() => {
      MediaSource.prototype.addSourceBuffer = (type) => {
        throw new DOMException(`The type provided ('${type}') is unsupported.`, 'NotSupportedError')
      }
    })
  })
  await live.untilNotice(/This browser cannot decode the stream \(H\.264\)/)
})

test('if the browser blocks autoplay, a click starts playback', async () => {
  push('click')
  live = await openLivePage(browser, server.http, 'stream=live/click', async (page) => {
    await page.addInitScript(() => {
      // Not navigator.userActivation: every look of the test driver into the page counts as a gesture there.
      let clicked = false
      document.addEventListener('click', () => (clicked = true), { capture: true })
      const play = Object.getOwnPropertyDescriptor(HTMLMediaElement.prototype, 'play')!.value as () => Promise<void>
      HTMLMediaElement.prototype.play = function () {
        return clicked ? play.call(this) : Promise.reject(new DOMException('No gesture yet.', 'NotAllowedError'))
      }
    })
  })
  await live.page.getByRole('button', { name: 'Play', exact: true }).click()
  await untilPlays(live.page)
})

test('a refused viewer is told so, and how to get access', async () => {
  const closed = await startServer({ args: ['--secret', 'a secret for this test', '--play', 'token'] })
  const { page, untilNotice } = await open('stream=live/closed', closed.http)
  await untilNotice(/not allowed to watch/)
  expect(await page.locator('#notice-more').textContent()).toContain('token')
  await page.getByRole('button', { name: 'Try again' }).click()
  await untilNotice(/not allowed to watch/)
  await closed.stop()
})

test('with a secret the list asks for the API key, and the name field works without it', async () => {
  const keyed = await startServer({ args: ['--secret', 'a secret for this test', '--api-key', 'key-of-this-test'] })
  pushes.push(pushClock({ url: `${keyed.rtmp}/live/keyed` }))
  const { page } = await open('', keyed.http)
  await page.getByText('needs the API key').waitFor()
  await page.getByRole('textbox', { name: 'Stream name' }).fill('no such name')
  await page.getByRole('button', { name: 'Watch' }).click()
  await page.getByText('A stream name is APP/STREAM').waitFor()
  await page.getByRole('textbox', { name: 'Stream name' }).fill('live/keyed')
  await page.getByRole('button', { name: 'Watch' }).click()
  await untilPlays(page)
  await page.getByLabel('API key').fill('key-of-this-test')
  await page.getByRole('button', { name: 'Show' }).click()
  await page.getByRole('link', { name: 'live/keyed' }).waitFor()
  await keyed.stop()
})

test('the page speaks Chinese when asked to, and remembers it', async () => {
  const { page } = await open()
  await page.getByRole('button', { name: '切换到中文' }).click()
  await page.getByText('请选择要观看的直播流。').waitFor()
  await page.reload()
  await page.getByRole('heading', { name: '直播', exact: true }).waitFor()
  expect(await page.locator('html').getAttribute('lang')).toBe('zh-CN')
})
