// How soon the call page shows somebody: from opening a link to the first picture of a running room, the click on "Enter" and
// the start of one's own camera included.
import { startServer } from './lib/children.mjs'
import { launchChromium } from './lib/chromium.mjs'
import { openClockPage } from './lib/clock-page.mjs'
import { figure } from './lib/figure.mjs'
import { median } from './lib/report.mjs'

export const title = 'A page opened with a link'
export const settings = { visits: 8, runs: 1 }

const ROOM = 'bench'
const SENDER = 'sender'
const TIMEOUT_MS = 20_000
/** A camera and a microphone that need no machine, and no question about them. */
const FAKE_DEVICES = ['--use-fake-device-for-media-stream', '--use-fake-ui-for-media-stream']

export async function run() {
  const server = await startServer()
  const browser = await launchChromium(FAKE_DEVICES)
  const origin = `http://127.0.0.1:${server.ports.http}`
  const sender = await openClockPage(browser, origin)
  await sender.send(ROOM, SENDER)
  // The first visit fills caches that every later one has.
  await visit(browser, origin)
  const times = []
  for (let i = 0; i < settings.visits; i++) times.push(await visit(browser, origin))
  await browser.close()
  await server.stop()
  return [
    figure('link opened to first remote picture, p50', 'ms', median(times), { most: 1000 }),
    figure('link opened to first remote picture, slowest', 'ms', Math.max(...times)),
  ]
}

/** Opens the link as a new guest; milliseconds of the page's own clock, which begins with the navigation. */
async function visit(browser, origin) {
  const context = await browser.newContext()
  const page = await context.newPage()
  await page.addInitScript(enterAtOnce, SENDER)
  await page.goto(`${origin}/call?room=${ROOM}`)
  const shown = await page.waitForFunction(() => globalThis.firstPictureMs, undefined, { timeout: TIMEOUT_MS })
  const time = await shown.jsonValue()
  await context.close()
  return time
}

/** Runs in the page: fills the form and clicks as soon as it is there, and notes the first picture of that user. */
function enterAtOnce(name) {
  const { document, Event, MutationObserver } = globalThis
  let isEntered = false
  const seen = new Set()
  const look = () => {
    const field = document.querySelector('form input')
    const button = document.querySelector('form button[type=submit]')
    if (!isEntered && field !== null && button !== null) {
      isEntered = true
      Object.getOwnPropertyDescriptor(Object.getPrototypeOf(field), 'value').set.call(field, 'Guest')
      field.dispatchEvent(new Event('input', { bubbles: true }))
      setTimeout(() => button.click(), 0)
    }
    for (const video of document.querySelectorAll(`article[aria-label="${name}"] video`)) {
      if (seen.has(video)) continue
      seen.add(video)
      video.requestVideoFrameCallback(() => (globalThis.firstPictureMs ??= performance.now()))
    }
  }
  new MutationObserver(look).observe(document, { childList: true, subtree: true, attributes: true })
}
