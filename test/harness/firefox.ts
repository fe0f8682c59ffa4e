import { spawnSync } from 'node:child_process'
import { networkInterfaces } from 'node:os'
import { announceableAddresses } from '@crossroom/webrtc'
import { launch, type Browser, type Page } from 'puppeteer-core'
import type { ScriptedPage } from './browser.js'
import { startServer, type TestServer } from './server.js'
import { until } from './until.js'

/** Debian's; `FIREFOX` names another one. */
const FIREFOX = process.env['FIREFOX'] ?? '/usr/bin/firefox-esr'
/** Firefox makes a profile first, which takes its time on a busy machine. */
const START_TIMEOUT_MS = 90_000

/** The pitch of Firefox's made-up microphone. */
export const FIREFOX_HZ = 440

const PREFERENCES = {
  'intl.accept_languages': 'en-GB',
  'media.autoplay.default': 0,
  'media.navigator.audio.fake_frequency': FIREFOX_HZ,
  'media.navigator.permission.disabled': true,
  'media.navigator.streams.fake': true,
  // Pages of one browser that play each other's tone must not take it for an echo.
  'media.getusermedia.audio.processing.aec.enabled': false,
  // Answers that say one was seen at 127.0.0.1, as through a proxy of a test, are thrown away otherwise.
  'media.peerconnection.ice.loopback': true,
  'media.peerconnection.ice.obfuscate_host_addresses': false,
}

/** Why tests with Firefox cannot run on this machine, in a sentence; undefined when they can. */
export function whyNoFirefox(): string | undefined {
  if (spawnSync(FIREFOX, ['--version'], { stdio: 'ignore' }).status !== 0)
    return 'Firefox is not there (apt-get install firefox-esr).'
  if (ownAddress() === undefined)
    return 'Firefox has no ICE candidates on loopback, whatever its preferences say, and this machine has no other address.'
  return undefined
}

/** An IPv4 address of this machine that Firefox has candidates at and the server announces; packets to it stay here. */
export function ownAddress(): string | undefined {
  const entries = Object.entries(networkInterfaces()).flatMap(([name, list]) =>
    (list ?? []).flatMap(({ address, internal }) => (internal ? [] : [{ name, address, internal }])),
  )
  return announceableAddresses(entries).find((ip) => !ip.includes(':'))
}

/** Signs the UserSigs of a server of {@link startServerForFirefox}. */
export const FIREFOX_SECRET = 'a secret of tests with Firefox only'

/**
 * A server whose media port is reached by the machine's own addresses, as Firefox has no way to 127.0.0.1 (it has no
 * candidate there, and pairs none with it). Pages still come from `http://127.0.0.1`, where browsers give them a camera. Streams are open, rooms ask for a UserSig.
 */
export function startServerForFirefox(): Promise<TestServer> {
  return startServer({ args: ['--host', '0.0.0.0', '--secret', FIREFOX_SECRET, '--publish', 'open'] })
}

/** Starts headless Firefox with a made-up camera and microphone. `preferences` come on top of those for tests. */
export function launchFirefox(preferences: Readonly<Record<string, string | number | boolean>> = {}): Promise<Browser> {
  return launch({
    browser: 'firefox',
    executablePath: FIREFOX,
    extraPrefsFirefox: { ...PREFERENCES, ...preferences },
    timeout: START_TIMEOUT_MS,
  })
}

/** A tab of Firefox. */
export interface FirefoxPage {
  readonly page: Page
  /** The same tab, for what the harness asks any browser. */
  readonly scripts: ScriptedPage
  /** Everything the browser complained about: script errors, refused resources, the content security policy. */
  readonly complaints: readonly string[]
}

/** Opens an address in a new tab. `prepare` runs before the page is loaded. */
export async function openInFirefox(
  browser: Browser,
  url: string,
  prepare?: (page: Page) => Promise<unknown>,
): Promise<FirefoxPage> {
  const page = await browser.newPage()
  const complaints: string[] = []
  page.on('pageerror', (error) => complaints.push(String(error)))
  page.on('console', (message) => {
    if (message.type() === 'error') complaints.push(message.text())
  })
  await prepare?.(page)
  await page.goto(url)
  // Both libraries run a function with one argument in the page; their types say it in different words.
  const scripts: ScriptedPage = { evaluate: page.evaluate.bind(page) }
  return { page, scripts, complaints }
}

/** Clicks the button of that name. */
export function clickButton({ page }: FirefoxPage, name: string): Promise<void> {
  return page.locator(`::-p-aria([name="${name}"][role="button"])`).click()
}

/** Waits until the text of an element matches. */
export function untilText({ page }: FirefoxPage, selector: string, pattern: RegExp): Promise<string> {
  let seen = ''
  const look = async (): Promise<string | false> => {
    seen = await page.evaluate((query) => document.querySelector(query)?.textContent ?? '', selector)
    return pattern.test(seen) && seen
  }
  return until(`${selector} says ${String(pattern)}`, look, { timeoutMs: 20_000, explain: () => `It says: ${seen}` })
}
