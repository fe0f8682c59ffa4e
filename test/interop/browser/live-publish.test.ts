import type { Browser, Page } from 'playwright-core'
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import {
  launchChromium,
  openLivePage,
  run,
  startServer,
  until,
  untilPlays,
  untilSound,
  type LivePage,
  WITH_KEY,
  type TestServer,
} from '../../harness/index.js'

let server: TestServer
let browser: Browser
const pages: Page[] = []

beforeAll(async () => {
  server = await startServer()
  // A page of this host came by plain HTTP and not from this machine, as far as the browser knows.
  browser = await launchChromium({
    more: ['--host-resolver-rules=MAP plain.test 127.0.0.1', '--auto-select-desktop-capture-source=Entire screen'],
  })
})

afterEach(async () => {
  await Promise.all(pages.splice(0).map((page) => page.close()))
})

afterAll(async () => {
  await browser.close()
  await server.stop()
})

async function open(
  query: string,
  options: { origin?: string; prepare?: (page: Page) => Promise<unknown> } = {},
): Promise<LivePage> {
  const live = await openLivePage(browser, options.origin ?? server.http, query, options.prepare)
  pages.push(live.page)
  return live
}

function untilState(page: Page, state: string): Promise<true> {
  const stateNow = (): Promise<string | null> => page.locator('#studio').getAttribute('data-state')
  return until(`the studio is ${state}`, async () => (await stateNow()) === state && true, {
    timeoutMs: 20_000,
    explain: server.log,
  })
}

async function untilSent(page: Page, name: string, pattern: RegExp): Promise<void> {
  await until(`${name} is ${String(pattern)}`, async () => {
    return pattern.test((await page.locator(`[data-sent=${name}]`).textContent()) ?? '')
  })
}

async function publish(name: string): Promise<LivePage> {
  const live = await open(`publish=live/${name}`)
  await live.page.getByRole('button', { name: 'Go live' }).click()
  await untilState(live.page, 'live')
  return live
}

const publisherOf = async (name: string): Promise<string | undefined> => {
  const response = await fetch(`${server.http}/api/v1/connections?stream=live/${name}&role=publisher`, {
    headers: WITH_KEY,
  })
  return ((await response.json()) as { connections: { id: string }[] }).connections[0]?.id
}

test('a page publishes camera and microphone, and pages play them by WebRTC and by WebSocket-FLV', async () => {
  const studio = await open('publish=live/me')
  await studio.page.getByText('Nobody sees it before you go live.').waitFor()
  await studio.page.getByRole('button', { name: 'Camera', exact: true }).click()
  await untilState(studio.page, 'ready')
  expect(await studio.page.locator('#preview').getAttribute('data-mirrored')).toBe('true')
  expect(await publisherOf('me')).toBeUndefined()

  const answered = studio.page.waitForResponse((response) => response.url().includes('/whip/'))
  await studio.page.getByRole('button', { name: 'Go live' }).click()
  await untilState(studio.page, 'live')
  const answer = await (await answered).text()
  const opus = /a=rtpmap:(\d+) opus/.exec(answer)?.[1] ?? ''
  expect(answer).toContain(`a=rtcp-fb:${opus} nack\r\n`)
  await untilSent(studio.page, 'transport', /^WebRTC \/ UDP$/)
  await untilSent(studio.page, 'picture', /^\d+ × \d+$/)
  await untilSent(studio.page, 'bitrate', /bit\/s$/)
  await untilSent(studio.page, 'lost', /^\d+\.\d %$/)
  await studio.page.getByText('Codecs: H264, opus').waitFor()

  for (const protocol of ['webrtc', 'ws-flv']) {
    const { page } = await open(`stream=live/me&protocol=${protocol}`)
    await untilPlays(page)
    await page.getByRole('button', { name: 'Turn on the sound' }).click()
    await untilSound(page)
    await page.close()
  }

  const ended = studio.page.waitForResponse((response) => response.request().method() === 'DELETE')
  await studio.page.getByRole('button', { name: 'Stop' }).click()
  expect((await ended).status()).toBe(200)
  await until('the publisher is gone', async () => (await publisherOf('me')) === undefined)
  await untilState(studio.page, 'ready')
  expect(studio.complaints).toEqual([])
}, 90_000)

test('a name in use is refused with a sentence, and leaving the page frees it', async () => {
  const first = await publish('busy')
  const second = await open('publish=live/busy')
  const goLive = second.page.getByRole('button', { name: 'Go live' })
  await goLive.click()
  await second.page.getByText('live/busy is already live.').waitFor()
  await first.page.goto('about:blank')
  await until('the name is free', async () => (await publisherOf('busy')) === undefined)
  await goLive.click()
  await untilState(second.page, 'live')
}, 60_000)

test('a session ended by the server stays ended, and the page says so', async () => {
  const { page } = await publish('ended')
  const publisher = await publisherOf('ended')
  await fetch(`${server.http}/api/v1/connections/${publisher!}`, { headers: WITH_KEY, method: 'DELETE' })
  await page.getByText('The server ended the session.').waitFor()
  await page.getByRole('button', { name: 'Go live' }).click()
  await untilState(page, 'live')
}, 60_000)

test('a page republishes under the same name after a server restart, and asks for a token when it is needed', async () => {
  const secret = 'a secret for one test'
  const start = (port: number): Promise<TestServer> =>
    startServer({ args: ['--http-port', String(port), '--publish', 'token'], env: { CROSSROOM_SECRET: secret } })
  const first = await start(0)
  const refused = await open('publish=live/back', { origin: first.http })
  await refused.page.getByRole('button', { name: 'Go live' }).click()
  await refused.page.getByText('You are not allowed to publish this stream.').waitFor()

  const arguments_ = ['token', '--stream', 'live/back', '--publish', '--secret', secret]
  const { stdout } = await run('node', ['packages/server/bin/crossroom.js', ...arguments_])
  const { page } = await open(`publish=live/back&token=${encodeURIComponent(stdout.trim())}`, { origin: first.http })
  await page.getByRole('button', { name: 'Go live' }).click()
  await untilState(page, 'live')
  await first.stop()
  await page.getByText('Reconnecting as live/back…').waitFor()
  const second = await start(first.ports['http']!)
  await untilState(page, 'live')
  await second.stop()
}, 90_000)

test('the publisher stays on air while the page plays, and switches between camera and screen', async () => {
  const { page } = await publish('switch')
  await page.locator('#streams').getByRole('link', { name: 'live/switch' }).click()
  await untilPlays(page)
  await page.getByRole('link', { name: 'On air as live/switch' }).click()
  const session = await publisherOf('switch')
  await page.getByRole('button', { name: 'Screen' }).click()
  await until('the screen is shown', async () => {
    return (await page.locator('#preview').getAttribute('data-mirrored')) === 'false'
  })
  await untilState(page, 'live')
  await page.getByRole('button', { name: 'Mute the microphone' }).click()
  await page.getByRole('button', { name: 'Hide the picture' }).click()
  await page.getByText('picture hidden').waitFor()
  await page.getByRole('button', { name: 'Camera', exact: true }).click()
  await page.getByRole('button', { name: 'Show the picture' }).click()
  await untilState(page, 'live')
  expect(await publisherOf('switch')).toBe(session)
}, 60_000)

test('refusals by the browser or the user are explained in a sentence', async () => {
  const denied = await open('publish=live/no', {
    prepare: async (page) => {
      await page.addInitScript(() => {
        navigator.mediaDevices.getUserMedia = () => Promise.reject(new DOMException('', 'NotAllowedError'))
      })
    },
  })
  await denied.page.getByRole('button', { name: 'Go live' }).click()
  await denied.page.getByText('Access was denied by you or your system.').waitFor()

  const none = await open('publish=live/no', {
    prepare: async (page) => {
      await page.addInitScript(() => {
        navigator.mediaDevices.enumerateDevices = () => Promise.resolve([])
      })
    },
  })
  await none.page.getByRole('button', { name: 'Camera', exact: true }).click()
  await none.page.getByText('No camera and no microphone were found.').waitFor()

  const plain = await open('publish=live/no', { origin: server.http.replace('127.0.0.1', 'plain.test') })
  await plain.page.getByText('Browsers block camera').waitFor()
  expect(await plain.page.getByRole('button', { name: 'Go live' }).isDisabled()).toBe(true)
}, 60_000)
