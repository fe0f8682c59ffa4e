import type { Browser as Chromium } from 'playwright-core'
import type { Browser as Firefox } from 'puppeteer-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { makeTicket } from '../../../packages/server/src/auth/user-sig.js'
import {
  clickButton,
  FIREFOX_HZ,
  FIREFOX_SECRET,
  launchFirefox,
  openInFirefox,
  startServerForFirefox,
  whyNoFirefox,
} from '../../harness/firefox.js'
import { keepPlayers, untilHeardAtAll, untilPicturesMove, untilToneOf } from '../../harness/firefox-watch.js'
import { launchChromium, openPage, type TestServer } from '../../harness/index.js'

const missing = whyNoFirefox()
if (missing !== undefined) console.warn(`Skipped: ${missing}`)

describe.skipIf(missing !== undefined)('Firefox and Chromium in one call', () => {
  let server: TestServer
  let firefox: Firefox
  let chromium: Chromium

  beforeAll(async () => {
    server = await startServerForFirefox()
    firefox = await launchFirefox()
    chromium = await launchChromium()
  }, 120_000)

  afterAll(async () => {
    await chromium.close()
    await firefox.close()
    await server.stop()
  })

  /** The address that an invitation has; one click enters. */
  function addressFor(userId: string): string {
    const issuedAtSeconds = Math.floor(Date.now() / 1000)
    const userSig = makeTicket(FIREFOX_SECRET, { userId, sdkAppId: 1, issuedAtSeconds, expireSeconds: 3600 })
    const secret = new URLSearchParams({ userid: userId, usersig: userSig })
    return `${server.http}/call?room=both&name=${userId}#${secret.toString()}`
  }

  test('each sees and hears the other: Firefox gets H.264 as VP8, and Chromium its VP8 unchanged', async () => {
    const fox = await openInFirefox(firefox, addressFor('fox'), (page) => page.evaluateOnNewDocument(keepPlayers))
    const other = await openPage(chromium, addressFor('chrome'), (page) => page.addInitScript(keepPlayers))
    await clickButton(fox, 'Join both as fox')
    await other.page.getByRole('button', { name: 'Join both as chrome' }).click()
    await untilPicturesMove(other.page, 'article[data-user=fox] video')
    await untilPicturesMove(fox.scripts, 'article[data-user=chrome] video')
    await untilToneOf(other.page, FIREFOX_HZ)
    await untilHeardAtAll(fox.scripts)
    expect([fox.complaints, other.complaints]).toEqual([[], []])
  }, 120_000)
})
