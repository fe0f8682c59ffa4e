import type { Browser, Page } from 'playwright-core'
import { openPage } from './browser.js'
import { until } from './until.js'

/** The `/live` page in a browser. */
export interface LivePage {
  readonly page: Page
  /** What the browser complained about: script errors, refused resources, the content security policy. */
  readonly complaints: readonly string[]
  /** A figure under the picture: protocol, picture, rate, bitrate or delay. */
  readonly fact: (name: string) => Promise<string>
  /** Waits until the figure matches. */
  readonly untilFact: (name: string, pattern: RegExp) => Promise<string>
  /** Waits until the text on the picture matches. */
  readonly untilNotice: (pattern: RegExp, timeoutMs?: number) => Promise<string>
}

/** Opens `/live?QUERY` of a server. `prepare` runs before the page is loaded. */
export async function openLivePage(
  browser: Browser,
  origin: string,
  query = '',
  prepare?: (page: Page) => Promise<unknown>,
): Promise<LivePage> {
  const url = `${origin}/live${query === '' ? '' : `?${query}`}`
  const { page, complaints } = await openPage(browser, url, prepare)
  const textOf = async (selector: string): Promise<string> => (await page.locator(selector).textContent()) ?? ''
  const untilText = (selector: string, pattern: RegExp, timeoutMs = 10_000): Promise<string> => {
    let seen = ''
    const look = async (): Promise<string | false> => {
      seen = await textOf(selector)
      return pattern.test(seen) && seen
    }
    return until(`${selector} says ${String(pattern)}`, look, { timeoutMs, explain: () => `It says: ${seen}` })
  }
  return {
    page,
    complaints,
    fact: (name) => textOf(`[data-fact=${name}]`),
    untilFact: (name, pattern) => untilText(`[data-fact=${name}]`, pattern),
    untilNotice: (pattern, timeoutMs) => untilText('#notice', pattern, timeoutMs),
  }
}
