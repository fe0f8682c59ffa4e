import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Browser, Page } from 'playwright-core'
import { afterAll, afterEach, beforeAll } from 'vitest'
import type { Crossroom, EnterRoomOptions } from '../../../packages/client/src/index.js'
import type { WebRTCAPI } from '../../../packages/client/src/webrtc-api/index.js'
import { launchChromium, startServer, until, type TestServer } from '../../harness/index.js'

/** What every page of these tests has in its window. */
export interface RoomWindow extends Window {
  readonly Crossroom: typeof Crossroom
  readonly WebRTCAPI: typeof WebRTCAPI
  crossroom: Crossroom
  /** Name and event of everything that `crossroom` told, oldest first. */
  events: { name: string; event: Record<string, unknown> }[]
}

/** Two views, and the SDK of that server as `sdk` says: a module or a classic script. */
function html(origin: string, sdk: 'module' | 'classic', more: string): string {
  const script =
    sdk === 'module'
      ? `<script type="module">import * as sdk from "${origin}/sdk/crossroom.js"; Object.assign(window, sdk)</script>`
      : `<script src="${origin}/sdk/crossroom.iife.js"></script>`
  const view = 'style="width:320px;height:180px"'
  return `<!doctype html><meta charset="utf-8"><title>room</title>${script}
<div id="me" ${view}></div><div id="others" ${view}></div>${more}`
}

/** Serves one page from an origin of its own, as a web developer's server does; resolves to its address. */
async function serve(body: string): Promise<{ url: string; close: () => void }> {
  const site = createServer((_request, response) => {
    response.writeHead(200, { 'Content-Type': 'text/html' }).end(body)
  })
  site.listen(0, '127.0.0.1')
  await once(site, 'listening')
  return { url: `http://127.0.0.1:${String((site.address() as AddressInfo).port)}/`, close: () => site.close() }
}

/** Options of {@link openRoomPage}. */
export interface RoomPageOptions {
  readonly sdk?: 'module' | 'classic'
  /** More HTML at the end of the page. */
  readonly html?: string
  /** Runs before the page is loaded. */
  readonly prepare?: (page: Page) => Promise<unknown>
}

/** A page of a web developer's own server, which says in the test's output what it complains about. */
export async function openPlainPage(
  browser: Browser,
  body: string,
  prepare?: (page: Page) => Promise<unknown>,
): Promise<Page> {
  const site = await serve(body)
  const context = await browser.newContext({ viewport: { width: 900, height: 700 } })
  const page = await context.newPage()
  page.on('close', site.close)
  page.on('pageerror', (error) => console.error(`page: ${error.message}`))
  await prepare?.(page)
  await page.goto(site.url)
  return page
}

/** An empty page of another origin that has loaded the SDK from the server. */
export async function openRoomPage(browser: Browser, origin: string, options: RoomPageOptions = {}): Promise<Page> {
  const page = await openPlainPage(browser, html(origin, options.sdk ?? 'module', options.html ?? ''), options.prepare)
  await page.waitForFunction(() => 'Crossroom' in window)
  return page
}

/** Opens a page and enters, without sending anything yet. */
export async function enter(
  browser: Browser,
  origin: string,
  options: EnterRoomOptions,
  pageOptions: RoomPageOptions = {},
): Promise<Page> {
  const page = await openRoomPage(browser, origin, pageOptions)
  await page.evaluate(async (entry) => {
    const room = window as unknown as RoomWindow
    room.events = []
    const crossroom = room.Crossroom.create()
    room.crossroom = crossroom
    const names = [
      ...['error', 'autoplay-failed', 'kicked-out', 'remote-user-enter', 'remote-user-exit', 'user-list', 'track'],
      ...['remote-video-available', 'remote-video-unavailable', 'remote-audio-available', 'remote-audio-unavailable'],
      ...['audience-count', 'audio-volume', 'network-quality', 'connection-state-changed', 'publish-state-changed'],
      ...[
        'play-path-changed',
        'message',
        'mic-requested',
        'mic-answered',
        'role-changed',
        'muted',
        'recording-changed',
      ],
      ...['screen-share-stopped', 'first-video-frame', 'video-size-changed'],
    ] as Parameters<Crossroom['on']>[0][]
    for (const name of names) {
      crossroom.on(name, (event) => {
        const plain =
          event instanceof Error
            ? { code: (event as { code: string } & Error).code, text: event.message }
            : { ...event }
        room.events.push({ name, event: plain })
      })
    }
    await crossroom.enterRoom(entry)
  }, options)
  return page
}

/** One server and one browser for the tests of a file; the pages of each test are closed after it. */
export class RoomPages {
  readonly #pages: Page[] = []
  server!: TestServer
  browser!: Browser

  /** To be made outside of tests. `screen`: the browser shares its screen without asking. */
  constructor({ screen = false }: { readonly screen?: boolean } = {}) {
    const more = screen ? ['--auto-select-desktop-capture-source=Entire screen'] : []
    beforeAll(async () => {
      this.server = await startServer()
      this.browser = await launchChromium({ more })
    })
    afterEach(async () => {
      await Promise.all(this.#pages.splice(0).map((page) => page.context().close()))
    })
    afterAll(async () => {
      await this.browser.close()
      await this.server.stop()
    })
  }

  /** With the others of its test. */
  closeLater(page: Page): void {
    this.#pages.push(page)
  }

  /** Opens a page and enters. */
  async join(options: EnterRoomOptions): Promise<Page> {
    const page = await enter(this.browser, this.server.http, options)
    this.#pages.push(page)
    return page
  }
}

/** Waits for an event that holds `part`, among all that came since the page entered. */
export function untilEvent(
  page: Page,
  name: string,
  part: Record<string, unknown> = {},
  timeoutMs = 10_000,
): Promise<Record<string, unknown>> {
  const look = (): Promise<Record<string, unknown> | undefined> =>
    page.evaluate(
      ([wanted, fields]) => {
        const { events } = window as unknown as RoomWindow
        const found = events.find(
          (it) => it.name === wanted && Object.entries(fields).every(([key, value]) => it.event[key] === value),
        )
        return found === undefined ? undefined : (JSON.parse(JSON.stringify(found.event)) as Record<string, unknown>)
      },
      [name, part] as const,
    )
  return until(`${name} ${JSON.stringify(part)}`, look, { timeoutMs })
}

/** Everything of one name that was told. */
export function eventsOf(page: Page, name: string): Promise<Record<string, unknown>[]> {
  return page.evaluate((wanted) => {
    const { events } = window as unknown as RoomWindow
    return JSON.parse(JSON.stringify(events.filter((it) => it.name === wanted).map(({ event }) => event))) as Record<
      string,
      unknown
    >[]
  }, name)
}

/** Forgets what was told until now. */
export async function forgetEvents(page: Page): Promise<void> {
  await page.evaluate(() => void ((window as unknown as RoomWindow).events = []))
}

/** Sends a picture of one colour (`rgb`, with something that moves) and a tone, made by the page. */
export async function sendColourAndTone(page: Page, colour: string, hz: number, streams = 'both'): Promise<void> {
  await page.evaluate(
    async ([fill, frequency, what]) => {
      const { crossroom } = window as unknown as RoomWindow
      const canvas = document.createElement('canvas')
      canvas.width = 640
      canvas.height = 360
      const pen = canvas.getContext('2d')!
      let step = 0
      setInterval(() => {
        pen.fillStyle = fill
        pen.fillRect(0, 0, 640, 360)
        pen.fillStyle = 'black'
        pen.fillRect(((step += 8) % 560) + 40, 10, 40, 40)
      }, 40)
      const audio = new AudioContext()
      const oscillator = audio.createOscillator()
      oscillator.frequency.value = frequency
      const output = audio.createMediaStreamDestination()
      oscillator.connect(output)
      oscillator.start()
      const [video] = canvas.captureStream(25).getVideoTracks()
      const [sound] = output.stream.getAudioTracks()
      await Promise.all([
        what === 'sound' ? undefined : crossroom.startLocalVideo({ track: video!, profile: '360p', view: 'me' }),
        what === 'picture' ? undefined : crossroom.startLocalAudio({ track: sound! }),
      ])
    },
    [colour, hz, streams] as const,
  )
}

/** Shows everybody's picture as it comes. */
export async function showEverybody(page: Page): Promise<void> {
  await page.evaluate(() => {
    const { crossroom } = window as unknown as RoomWindow
    const show = (userId: string, streamType: 'main' | 'aux'): void => {
      const view = document.createElement('div')
      view.id = `${userId}-${streamType}`
      view.style.cssText = 'width:640px;height:360px'
      document.body.append(view)
      void crossroom.startRemoteVideo({ userId, streamType, view })
    }
    crossroom.on('remote-video-available', ({ userId, streamType }) => show(userId, streamType))
    for (const { userId, streams } of crossroom.users) {
      for (const { streamType, hasVideo } of streams) if (hasVideo && streamType !== 'small') show(userId, streamType)
    }
  })
}

/** The colour in the middle of a video, `[r, g, b]`; undefined while it shows nothing. */
export function colourIn(page: Page, selector: string): Promise<[number, number, number] | undefined> {
  return page.evaluate((query) => {
    const video = document.querySelector<HTMLVideoElement>(query)
    if (video === null || video.readyState < 2 || video.videoWidth === 0) return undefined
    const canvas = document.createElement('canvas')
    canvas.width = canvas.height = 9
    const pen = canvas.getContext('2d')!
    pen.drawImage(video, 0, 0, 9, 9)
    const [r, g, b] = pen.getImageData(4, 5, 1, 1).data
    return [r!, g!, b!] as [number, number, number]
  }, selector)
}

/** Waits until the middle of a video is nearly of that colour. */
export async function untilColour(
  page: Page,
  selector: string,
  wanted: readonly [number, number, number],
  timeoutMs = 15_000,
): Promise<void> {
  let seen: unknown
  const look = async (): Promise<boolean> => {
    const colour = await colourIn(page, selector)
    seen = colour
    return colour?.every((value, index) => Math.abs(value - wanted[index]!) < 48) === true
  }
  await until(`${selector} is rgb(${wanted.join()})`, look, { timeoutMs, explain: () => `It is ${String(seen)}` })
}

/** Waits until a track of that user sounds like `hz`, within 12 Hz. */
export async function untilTone(page: Page, userId: string, hz: number, timeoutMs = 15_000): Promise<void> {
  let seen = 0
  const look = async (): Promise<boolean> => {
    seen = await page.evaluate(loudestOf, userId)
    return Math.abs(seen - hz) <= 12
  }
  await until(`${userId} sounds like ${String(hz)} Hz`, look, { timeoutMs, explain: () => `It is ${String(seen)} Hz` })
}

/** Runs in the page: the loudest frequency of somebody's newest track of sound; 0 while there is none. */
async function loudestOf(userId: string): Promise<number> {
  const room = window as unknown as RoomWindow & { ears?: Map<MediaStreamTrack, AnalyserNode> }
  const heard = room.events.findLast(
    (it) => it.name === 'track' && it.event['userId'] === userId && it.event['kind'] === 'audio',
  )
  if (heard === undefined) return 0
  const track = heard.event['track'] as MediaStreamTrack
  room.ears ??= new Map()
  let analyser = room.ears.get(track)
  if (analyser === undefined) {
    const context = new AudioContext()
    await context.resume()
    analyser = context.createAnalyser()
    analyser.fftSize = 8192
    analyser.smoothingTimeConstant = 0
    context.createMediaStreamSource(new MediaStream([track])).connect(analyser)
    room.ears.set(track, analyser)
  }
  const levels = new Float32Array(analyser.frequencyBinCount)
  analyser.getFloatFrequencyData(levels)
  const loudest = levels.reduce((best, level, bin) => (level > levels[best]! ? bin : best), 0)
  return levels[loudest]! < -70 ? 0 : (loudest * analyser.context.sampleRate) / analyser.fftSize
}

/** Pictures that a video has shown. */
export function framesIn(page: Page, selector: string): Promise<number> {
  return page.evaluate((query) => {
    const video = document.querySelector<HTMLVideoElement>(query)
    return video?.getVideoPlaybackQuality().totalVideoFrames ?? 0
  }, selector)
}

/** Waits until a video has shown so many pictures. */
export async function untilFrames(page: Page, selector: string, frames: number, timeoutMs = 15_000): Promise<void> {
  await until(`${selector} moves`, async () => (await framesIn(page, selector)) >= frames, { timeoutMs })
}

/** Waits until what a media element plays is not silent. */
export async function untilSounds(page: Page, selector: string): Promise<void> {
  await page.evaluate(async (query) => {
    const element = document.querySelector<HTMLVideoElement & { captureStream(): MediaStream }>(query)!
    const context = new AudioContext()
    await context.resume()
    const analyser = context.createAnalyser()
    context.createMediaStreamSource(element.captureStream()).connect(analyser)
    Object.assign(window, { listening: analyser })
  }, selector)
  await until(`${selector} sounds`, () =>
    page.evaluate(() => {
      const { listening } = window as unknown as { listening: AnalyserNode }
      const samples = new Float32Array(listening.fftSize)
      listening.getFloatTimeDomainData(samples)
      return samples.some((sample) => Math.abs(sample) > 0.01)
    }),
  )
}
