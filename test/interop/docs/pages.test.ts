import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { sample } from '../../docs/samples.js'
import { launchChromium, startServer, until, untilStream, WITH_KEY, type TestServer } from '../../harness/index.js'
import { openPlainPage } from '../client/room-page.js'

/** The pages of the documents, on a web developer's own server, with the server that `npm start` runs. */

let home: string
let server: TestServer
let browser: Browser

beforeAll(async () => {
  home = mkdtempSync(join(tmpdir(), 'crossroom-docs-'))
  server = await startServer({ args: ['--demo'], env: { XDG_STATE_HOME: home } })
  browser = await launchChromium()
})

afterAll(async () => {
  await browser.close()
  await server.stop()
  rmSync(home, { recursive: true })
})

function open(html: string): Promise<Page> {
  return openPlainPage(
    browser,
    `<!doctype html><title>sample</title>${html.replaceAll('http://localhost:8080', server.http)}`,
  )
}

function pictures(page: Page, view: string): Promise<number> {
  return page.evaluate((selector) => {
    const video = document.querySelector<HTMLVideoElement>(selector)
    return video === null ? 0 : video.getVideoPlaybackQuality().totalVideoFrames
  }, view)
}

test('the README’s page is a call with the demo’s phone', async () => {
  const html = sample('README.md', 'crossroom.enterRoom')
  expect(sample('packages/client/README.md', 'crossroom.enterRoom')).toBe(html)
  const page = await open(html)
  await until('the own picture', async () => (await pictures(page, '#me video')) > 5, { timeoutMs: 20_000 })
  await until('the phone', async () => (await pictures(page, '#others video')) > 10, { timeoutMs: 20_000 })
  await page.close()
})

test('a page publishes by WHIP, and another plays it by WHEP', async () => {
  const module = (script: string): string => `<video autoplay muted></video><script type="module">${script}</script>`
  const publisher = await open(module(sample('docs/3-webrtc.md', 'getUserMedia')))
  await untilStream(server, 'live/camera1', 'live')
  const player = await open(module(sample('docs/3-webrtc.md', 'ontrack')))
  await until('the picture', async () => (await pictures(player, 'video')) > 5, { timeoutMs: 20_000 })
  await Promise.all([publisher.close(), player.close()])
})

test('the SDK’s sample page publishes a plain stream and plays it', async () => {
  const page = await open(sample('packages/client/README.md', 'Crossroom.publish'))
  await until('the preview', async () => (await pictures(page, '#preview video')) > 5, { timeoutMs: 20_000 })
  await until('the stream', async () => (await pictures(page, '#player video')) > 5, { timeoutMs: 20_000 })
  await page.close()
})

test('the SDK’s sample page rings at another one, which accepts', async () => {
  const html = sample('packages/client/README.md', 'calls.online')
  const anna = await open(html)
  const ben = await open(html.replaceAll("userId: 'anna'", "userId: 'ben'"))
  await until('Ben is online', async () => {
    const answer = await fetch(`${server.http}/metrics`, { headers: WITH_KEY })
    return (await answer.text()).includes('crossroom_users_online 2')
  })
  await anna.click('#call')
  for (const page of [anna, ben])
    await until('the other’s picture', async () => (await pictures(page, '#others video')) > 5, { timeoutMs: 20_000 })
  await Promise.all([anna.close(), ben.close()])
})
