import { readFileSync } from 'node:fs'
import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { launchChromium, startServer, until, type TestServer } from '../../harness/index.js'
import { openPlainPage } from './room-page.js'

const README = new URL('../../../packages/client/README.md', import.meta.url)

let server: TestServer
let browser: Browser

beforeAll(async () => {
  server = await startServer()
  browser = await launchChromium()
})

afterAll(async () => {
  await browser.close()
  await server.stop()
})

/** The page of the README, for that user, on a web developer's own server. */
function pageFor(userId: string): Promise<Page> {
  const [, html] = /```html\n([\s\S]*?)```/.exec(readFileSync(README, 'utf8'))!
  const mine = html!.replace("'/sdk/", `'${server.http}/sdk/`).replace("'anna'", `'${userId}'`)
  return openPlainPage(browser, `<!doctype html><title>ten lines</title>${mine}`)
}

function pictures(page: Page, view: string): Promise<number> {
  return page.evaluate((id) => {
    const video = document.querySelector<HTMLVideoElement>(`#${id} video`)
    return video === null ? 0 : video.getVideoPlaybackQuality().totalVideoFrames
  }, view)
}

test('the ten lines of the README are a call', async () => {
  const [script] = /<script type="module">\n([\s\S]*?)<\/script>/.exec(readFileSync(README, 'utf8'))!.slice(1)
  expect(script!.split('\n').filter((line) => line.trim() !== '').length).toBeLessThanOrEqual(10)
  const anna = await pageFor('anna')
  const ben = await pageFor('ben')
  for (const page of [anna, ben]) {
    await until('the own picture', async () => (await pictures(page, 'me')) > 5)
    await until('the picture of the other', async () => (await pictures(page, 'others')) > 10, { timeoutMs: 15_000 })
  }
})
