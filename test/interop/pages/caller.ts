import type { Browser, Page } from 'playwright-core'
import { openPage, until } from '../../harness/index.js'

/** Somebody in a call, by the page. */
export interface Caller {
  readonly page: Page
  /** What the browser complained about: script errors, refused resources, the content security policy. */
  readonly complaints: readonly string[]
}

/** What a caller's browser is told before the page is loaded. */
export interface CallerOptions {
  readonly prepare?: (page: Page) => Promise<unknown>
  readonly colours?: 'light' | 'dark'
}

/** Opens an address and keeps the complaints. */
export async function openAt(browser: Browser, url: string, options: CallerOptions = {}): Promise<Caller> {
  return openPage(browser, url, async (page) => {
    await page.emulateMedia({ colorScheme: options.colours ?? 'light' })
    await options.prepare?.(page)
  })
}

/** Opens the page of a room and enters it with a click, as a guest with a link does. */
export async function enterCall(
  browser: Browser,
  origin: string,
  name: string,
  room: string,
  options: CallerOptions = {},
): Promise<Caller> {
  const caller = await openAt(browser, `${origin}/call?room=${room}`, options)
  await caller.page.getByLabel('Your name').fill(name)
  await caller.page.getByRole('button', { name: 'Enter', exact: true }).click()
  await caller.page.getByRole('toolbar').waitFor()
  return caller
}

/** The tile of somebody, by the name on it. */
export function tileOf(page: Page, name: string) {
  return page.getByRole('article', { name, exact: true })
}

/** Encoders begin anew, estimates of the line too, and test machines are busy. */
const MOVES_MS = 25_000

/** Waits until the picture in somebody's tile has moved on by `frames` pictures. */
export async function untilMoves(page: Page, name: string, frames = 15): Promise<void> {
  let first: number | undefined
  const look = async (): Promise<boolean> => {
    const videos = tileOf(page, name).locator('video')
    if ((await videos.count()) === 0) return false
    const shown = await videos
      .first()
      .evaluate((video: HTMLVideoElement) => video.getVideoPlaybackQuality().totalVideoFrames)
    first ??= shown
    return shown >= first + frames
  }
  await until(`the picture of ${name} moves`, look, { timeoutMs: MOVES_MS })
}

/** Waits until one of the notices or banners says it. */
export async function untilSaid(page: Page, pattern: RegExp): Promise<void> {
  await page.getByText(pattern).first().waitFor({ timeout: 10_000 })
}
