import { readFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import { createRequire } from 'node:module'
import type { AddressInfo } from 'node:net'
import type { Browser, Page } from 'playwright-core'
import { untilPlays } from './browser.js'

const HLS_JS = createRequire(import.meta.url).resolve('hls.js/dist/hls.js')

/** What a page with hls.js noted since it was opened. */
export interface HlsNotes {
  /** Fatal errors, and all others by their details. */
  readonly fatal: readonly string[]
  readonly errors: Readonly<Record<string, number>>
  /** How often the picture stood still for want of media. */
  readonly stalls: number
  /** The seconds behind the end of the playlist that hls.js sees. */
  readonly latency: number
  /** Sizes of the picture, in the order in which they came. */
  readonly sizes: readonly string[]
}

/** A page with hls.js in it, of another origin than the server. */
export interface HlsPage {
  readonly page: Page
  readonly notes: () => Promise<HlsNotes>
}

interface Noted {
  fatal: string[]
  errors: Record<string, number>
  stalls: number
  sizes: string[]
  hls?: { latency: number }
}

/** Opens such a page, and plays a playlist in it by hls.js, without sound. Resolves when the picture moves. */
export async function openHlsPage(
  browser: Browser,
  url: string,
  config: Record<string, unknown> = {},
): Promise<HlsPage> {
  const page = await browser.newPage()
  const origin = await servePage()
  page.once('close', origin.close)
  await page.goto(origin.url)
  await page.evaluate(playHls, { url, config })
  const notes = (): Promise<HlsNotes> =>
    page.evaluate(() => {
      const { hls, ...noted } = (window as unknown as { noted: Noted }).noted
      return { ...noted, latency: hls?.latency ?? NaN }
    })
  try {
    await untilPlays(page, 10, 20_000)
  } catch (error) {
    throw new Error(`hls.js does not play ${url}: ${JSON.stringify(await notes())}`, { cause: error })
  }
  return { page, notes }
}

async function servePage(): Promise<{ url: string; close: () => void }> {
  const script = await readFile(HLS_JS)
  const server = createServer((request, response) => {
    const isPage = request.url === '/'
    response.setHeader('Content-Type', isPage ? 'text/html' : 'text/javascript')
    response.end(isPage ? '<!doctype html><video muted playsinline></video><script src="/hls.js"></script>' : script)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  return { url: `http://127.0.0.1:${String(port)}/`, close: () => void server.close() }
}

/** Runs in the page. */
function playHls({ url, config }: { url: string; config: Record<string, unknown> }): void {
  interface Told {
    readonly fatal: boolean
    readonly details: string
    readonly reason?: string
    readonly error?: { readonly message: string }
  }
  interface Player {
    readonly latency: number
    on(event: string, listener: (event: string, told: Told) => void): void
    loadSource(url: string): void
    attachMedia(video: HTMLVideoElement): void
  }
  const { Hls } = window as unknown as { Hls: new (config: Record<string, unknown>) => Player }
  const video = document.querySelector('video')!
  const noted: Noted = { fatal: [], errors: {}, stalls: 0, sizes: [] }
  Object.assign(window, { noted })
  const hls = new Hls({ lowLatencyMode: true, ...config })
  noted.hls = hls
  hls.on('hlsError', (_event, { fatal, details, reason, error }) => {
    noted.errors[details] = (noted.errors[details] ?? 0) + 1
    if (fatal) noted.fatal.push(`${details} ${reason ?? String(error?.message ?? '')}`)
  })
  video.addEventListener('waiting', () => {
    if (video.readyState >= 1 && video.getVideoPlaybackQuality().totalVideoFrames > 0) noted.stalls++
  })
  video.addEventListener('resize', () => noted.sizes.push(`${String(video.videoWidth)}x${String(video.videoHeight)}`))
  hls.loadSource(url)
  hls.attachMedia(video)
  void video.play()
}
