// Chromium with the page of the interop tests: publishes by WHIP, plays by WHEP, and tells its statistics.
import { readFileSync } from 'node:fs'
import { chromium } from 'playwright-core'

const PAGE = readFileSync(new URL('../../test/interop/webrtc/peer-page.html', import.meta.url), 'utf8')
const FLAGS = [
  '--no-sandbox',
  '--autoplay-policy=no-user-gesture-required',
  '--allow-loopback-in-peer-connection',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
]

/** `CHROMIUM` names another one than Debian's; `more` are flags. */
export const launchChromium = (more = []) =>
  chromium.launch({ executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium', args: [...FLAGS, ...more] })

/** A page with `globalThis.peer`, at the origin of a server. */
export async function openPeer(browser, origin) {
  const page = await browser.newPage()
  await page.route('**/peer', (route) => route.fulfill({ contentType: 'text/html', body: PAGE }))
  await page.goto(`${origin}/peer`)
  return {
    page,
    play: (stream) => page.evaluate((url) => globalThis.peer.play(url, {}), `${origin}/whep/${stream}`),
    publish: (stream, options = {}) =>
      page.evaluate(([url, options]) => globalThis.peer.publish(url, options), [`${origin}/whip/${stream}`, options]),
    stats: () => page.evaluate(() => globalThis.peer.stats()),
    close: () => page.close(),
  }
}
