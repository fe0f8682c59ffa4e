import { chromium, type Browser, type Page } from 'playwright-core'
import { clockAge, clockOfBits, clockPicture } from './clock-picture.js'
import { until } from './until.js'

/** Known to let headless Chromium play, capture and connect over loopback in a container. */
const FLAGS = [
  '--no-sandbox',
  '--use-fake-device-for-media-stream',
  '--use-fake-ui-for-media-stream',
  '--autoplay-policy=no-user-gesture-required',
  '--allow-loopback-in-peer-connection',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
] as const

/** Where Debian and Ubuntu put Chromium; `CHROMIUM` names another one. */
const CHROMIUM = process.env['CHROMIUM'] ?? '/usr/bin/chromium'

/** Starts headless Chromium. `without` leaves out flags, `more` adds some. */
export function launchChromium(
  options: { more?: readonly string[]; without?: readonly string[] } = {},
): Promise<Browser> {
  const args = [...FLAGS.filter((flag) => !options.without?.includes(flag)), ...(options.more ?? [])]
  return chromium.launch({ executablePath: CHROMIUM, args })
}

/**
 * A page that keeps everything it complained about: errors, refused resources, the content security policy. `prepare`
 * runs before the page is loaded, for example to take something away from the browser.
 */
export async function openPage(
  browser: Browser,
  url: string,
  prepare?: (page: Page) => Promise<unknown>,
): Promise<{ page: Page; complaints: string[] }> {
  const page = await browser.newPage({ viewport: { width: 1280, height: 800 }, locale: 'en-GB' })
  const complaints: string[] = []
  page.on('pageerror', (error) => complaints.push(error.message))
  page.on('console', (message) => {
    if (message.type() === 'error') complaints.push(message.text())
  })
  await prepare?.(page)
  await page.goto(url)
  return { page, complaints }
}

/** What runs a function in a page: Playwright's, or Puppeteer's of Firefox (see firefox.ts). */
export type ScriptedPage = Pick<Page, 'evaluate'>

/** Where playback is. */
export interface Playback {
  readonly currentTime: number
  readonly frames: number
  readonly width: number
  readonly height: number
  readonly paused: boolean
}

/** Reads the first video element of a page. */
export function readPlayback(page: ScriptedPage): Promise<Playback> {
  return page.evaluate(() => {
    const video = document.querySelector('video')!
    return {
      currentTime: video.currentTime,
      frames: video.getVideoPlaybackQuality().totalVideoFrames,
      width: video.videoWidth,
      height: video.videoHeight,
      paused: video.paused,
    }
  })
}

/** Waits until the picture has moved on by `frames` pictures, and returns where playback is then. */
export async function untilPlays(page: ScriptedPage, frames = 25, timeoutMs = 15_000): Promise<Playback> {
  const first = await readPlayback(page)
  return until(
    'the picture moves',
    async () => {
      const now = await readPlayback(page)
      return now.frames >= first.frames + frames && now.currentTime > first.currentTime && now
    },
    { timeoutMs },
  )
}

/**
 * The whole delay of the picture shown, in milliseconds, by the clock in it (see clock-picture.ts): the median of
 * `readings` looks, one for each new picture. Waits until it has them.
 */
export async function readDelay(page: ScriptedPage, readings = 15): Promise<number> {
  const ages: number[] = []
  await until('the clock in the picture', async () => {
    const seen = await page.evaluate(lookAtClock, clockPicture)
    const clock = clockOfBits(seen.bits)
    if (clock !== undefined) ages.push(clockAge(clock, seen.atMs))
    return ages.length >= readings
  })
  return ages.sort((a, b) => a - b)[ages.length >> 1]!
}

/** Waits until the whole delay of the picture is below `ms`: players settle after the start, and machines are busy. */
export function untilDelayBelow(page: ScriptedPage, ms: number, timeoutMs = 20_000): Promise<number> {
  let last = Infinity
  const look = async (): Promise<number | false> => {
    last = await readDelay(page, 9)
    return last < ms && last
  }
  return until(`a delay below ${String(ms)} ms`, look, { timeoutMs, explain: () => `It is ${String(last)} ms` })
}

/** Runs in the page: waits for the next picture, reads the blocks in its top rows. */
function lookAtClock(layout: typeof clockPicture): Promise<{ bits: boolean[]; atMs: number }> {
  const video = document.querySelector('video')!
  const canvas = document.createElement('canvas')
  canvas.width = layout.width
  canvas.height = layout.blockPixels
  const context = canvas.getContext('2d', { willReadFrequently: true })!
  return new Promise((resolve) => {
    video.requestVideoFrameCallback(() => {
      const strip = (video.videoHeight * layout.blockPixels) / layout.height
      context.drawImage(video, 0, 0, video.videoWidth, strip, 0, 0, layout.width, layout.blockPixels)
      const atMs = Date.now()
      const row = context.getImageData(0, layout.blockPixels / 2, layout.width, 1).data
      const bits = Array.from({ length: layout.blocks }, (_, block) => {
        const middle = (block * layout.blockPixels + layout.blockPixels / 2) * 4
        return row[middle + 1]! > 128
      })
      resolve({ bits, atMs })
    })
  })
}

/** The loudest tone of the last sixth of a second. */
export interface Tone {
  readonly hz: number
  /** 0 is full scale; below -80 counts as silence. */
  readonly decibels: number
}

/** Waits until the page plays a tone within 6 Hz of `hz`. */
export function untilHeard(page: ScriptedPage, hz: number, timeoutMs = 10_000): Promise<Tone> {
  return until(
    `a tone of ${String(hz)} Hz`,
    async () => {
      const tone = await page.evaluate(listen)
      return Math.abs(tone.hz - hz) <= 6 && tone.decibels > -60 && tone
    },
    { timeoutMs },
  )
}

/** Waits until the page plays any sound. */
export function untilSound(page: ScriptedPage, timeoutMs = 10_000): Promise<Tone> {
  const look = async (): Promise<Tone | false> => {
    const tone = await page.evaluate(listen)
    return tone.decibels > -60 && tone
  }
  return until('any sound', look, { timeoutMs })
}

/** Runs in the page: taps the sound of the video element once, then says what is loudest in it. */
async function listen(): Promise<Tone> {
  const video = document.querySelector('video')! as HTMLVideoElement & {
    captureStream(): MediaStream
    heardBy?: { stream: MediaStream; analyser: AnalyserNode }
  }
  const stream =
    video.srcObject instanceof MediaStream ? video.srcObject : (video.heardBy?.stream ?? video.captureStream())
  if (stream.getAudioTracks().length === 0) return { hz: 0, decibels: -Infinity }
  if (video.heardBy?.stream !== stream) {
    const context = new AudioContext()
    await context.resume()
    const analyser = context.createAnalyser()
    analyser.fftSize = 8192
    analyser.smoothingTimeConstant = 0
    context.createMediaStreamSource(stream).connect(analyser)
    video.heardBy = { stream, analyser }
  }
  const { analyser } = video.heardBy
  const levels = new Float32Array(analyser.frequencyBinCount)
  analyser.getFloatFrequencyData(levels)
  const loudest = levels.reduce((best, level, bin) => (level > levels[best]! ? bin : best), 0)
  return { hz: (loudest * analyser.context.sampleRate) / analyser.fftSize, decibels: levels[loudest]! }
}

interface Started {
  offeredAt?: number
  shownAt?: number
}

/** To be given to `openPage`: notes when the page sends its WebRTC offer and when it shows the first picture. */
export async function watchStart(page: Page): Promise<void> {
  await page.addInitScript(() => {
    const started: Started = {}
    Object.assign(window, { started })
    const fetch = window.fetch.bind(window)
    window.fetch = (input, init) => {
      if (init?.method === 'POST') started.offeredAt ??= performance.now()
      return fetch(input, init)
    }
    document.addEventListener('DOMContentLoaded', () => {
      document.querySelector('video')?.requestVideoFrameCallback((now) => (started.shownAt = now))
    })
  })
}

/** Milliseconds from the offer to the first picture; the page must have been opened with {@link watchStart}. */
export function readStart(page: Page): Promise<number> {
  return until('the first picture', async () => {
    const { offeredAt, shownAt } = await page.evaluate(() => (window as unknown as { started: Started }).started)
    return offeredAt !== undefined && shownAt !== undefined && shownAt - offeredAt
  })
}
