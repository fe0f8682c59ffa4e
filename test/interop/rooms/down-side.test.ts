import type { Browser, Page } from 'playwright-core'
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import {
  launchChromium,
  pushFfmpeg,
  startServer,
  until,
  type RunningProcess,
  WITH_KEY,
  type TestServer,
} from '../../harness/index.js'
import {
  enter,
  eventsOf,
  openRoomPage,
  sendColourAndTone,
  showEverybody,
  untilColour,
  untilTone,
  type RoomWindow,
} from '../client/room-page.js'

const RED = [200, 40, 40] as const
const BLUE = [40, 40, 200] as const
const GREEN = [40, 200, 40] as const
const GREY = [128, 128, 128] as const

let server: TestServer
let browser: Browser
const pages: Page[] = []
const pushes: RunningProcess[] = []

beforeAll(async () => {
  server = await startServer()
  browser = await launchChromium()
})

afterEach(async () => {
  await Promise.all(pages.splice(0).map((page) => page.context().close()))
  await Promise.all(pushes.splice(0).map((push) => push.stop()))
})

afterAll(async () => {
  await browser.close()
  await server.stop()
})

/** A window whose PeerConnections can be looked at. */
interface WatchedWindow extends RoomWindow {
  connections: RTCPeerConnection[]
}

const watchConnections = (page: Page): Promise<unknown> =>
  page.addInitScript(() => {
    const watched = window as unknown as WatchedWindow
    watched.connections = []
    window.RTCPeerConnection = class extends RTCPeerConnection {
      constructor(configuration?: RTCConfiguration) {
        super(configuration)
        watched.connections.push(this)
      }
    }
  })

/** A browser as those are whose H.264 is a plug-in that they lack. */
const forgetH264 = (page: Page): Promise<unknown> =>
  page.addInitScript(() => {
    const known = RTCRtpReceiver.getCapabilities('video')!.codecs.filter(({ mimeType }) => !/h264/i.test(mimeType))
    const { setRemoteDescription: setRemote } = RTCPeerConnection.prototype as {
      setRemoteDescription: (this: RTCPeerConnection, description: RTCSessionDescriptionInit) => Promise<void>
    }
    Object.assign(RTCPeerConnection.prototype, {
      async setRemoteDescription(this: RTCPeerConnection, description: RTCSessionDescriptionInit): Promise<void> {
        await setRemote.call(this, description)
        for (const transceiver of this.getTransceivers())
          if (transceiver.receiver.track.kind === 'video') transceiver.setCodecPreferences(known)
      },
    })
  })

async function join(roomId: string, userId: string, prepare = watchConnections): Promise<Page> {
  const page = await enter(browser, server.http, { roomId, userId }, { prepare })
  pages.push(page)
  return page
}

async function publish(roomId: string, userId: string, colour: readonly number[], hz: number): Promise<Page> {
  const page = await join(roomId, userId)
  await sendColourAndTone(page, `rgb(${colour.join()})`, hz)
  return page
}

/** A camera that speaks RTMP only: one colour and a tone. */
function pushDevice(roomId: string, userId: string, colour: readonly number[], hz: number): void {
  const hex = colour.map((value) => value.toString(16).padStart(2, '0')).join('')
  const picture = ['-re', '-f', 'lavfi', '-i', `color=c=0x${hex}:size=640x360:rate=25`]
  const tone = ['-f', 'lavfi', '-i', `sine=frequency=${String(hz)}:sample_rate=44100`]
  const url = `${server.rtmp}/push/${roomId}?userid=${userId}`
  pushes.push(pushFfmpeg({ url, input: [...picture, ...tone] }))
}

/** Of every PeerConnection of a page: how many m-lines it has, and the widths of the pictures that flow in. */
function connectionsOf(page: Page): Promise<{ lines: number; widths: number[] }[]> {
  return page.evaluate(() =>
    Promise.all(
      (window as unknown as WatchedWindow).connections.map(async (connection) => {
        const stats = [...(await connection.getStats()).values()] as {
          type: string
          kind?: string
          frameWidth?: number
        }[]
        const pictures = stats.filter(({ type, kind }) => type === 'inbound-rtp' && kind === 'video')
        return {
          lines: connection.getTransceivers().length,
          widths: pictures.flatMap(({ frameWidth }) => frameWidth ?? []),
        }
      }),
    ),
  )
}

test('two browsers and an RTMP camera share one connection; a later member reuses the slot of one that left', async () => {
  const anna = await publish('three', 'anna', RED, 440)
  await publish('three', 'ben', BLUE, 880)
  pushDevice('three', 'cam', GREEN, 1320)
  const viewer = await join('three', 'viewer')
  await showEverybody(viewer)
  await untilColour(viewer, '#anna-main video', RED)
  await untilColour(viewer, '#ben-main video', BLUE)
  await untilColour(viewer, '#cam-main video', GREEN)
  await untilTone(viewer, 'anna', 440)
  await untilTone(viewer, 'cam', 1320)
  expect(await connectionsOf(viewer)).toMatchObject([{ lines: 6, widths: [640, 640, 640] }])

  await anna.evaluate(() => (window as unknown as RoomWindow).crossroom.exitRoom())
  await until('anna is gone', async () => (await viewer.locator('#anna-main video').count()) === 0)
  await publish('three', 'dora', GREY, 660)
  await untilColour(viewer, '#dora-main video', GREY)
  await untilTone(viewer, 'dora', 660)
  await untilColour(viewer, '#ben-main video', BLUE)
  expect((await connectionsOf(viewer)).map(({ lines }) => lines)).toEqual([6])
  expect(await eventsOf(viewer, 'error')).toEqual([])
})

test('a member that enters a running room sees the others within a second', async () => {
  await publish('running', 'anna', RED, 440)
  pushDevice('running', 'cam', GREEN, 1320)
  const first = await join('running', 'first')
  await showEverybody(first)
  await untilColour(first, '#cam-main video', GREEN)
  await untilColour(first, '#anna-main video', RED)

  const page = await openRoomPage(browser, server.http)
  pages.push(page)
  const tookMs = await page.evaluate(async () => {
    const { Crossroom } = window as unknown as RoomWindow
    const startedAt = performance.now()
    const crossroom = Crossroom.create()
    const shown = new Promise<void>((resolve) => {
      crossroom.on('remote-video-available', ({ userId, streamType }) => {
        const view = document.createElement('div')
        document.body.append(view)
        void crossroom.startRemoteVideo({ userId, streamType, view })
        const look = (): void => {
          if ((view.querySelector('video')?.getVideoPlaybackQuality().totalVideoFrames ?? 0) > 0) resolve()
          else setTimeout(look, 5)
        }
        look()
      })
    })
    await crossroom.enterRoom({ roomId: 'running', userId: 'second' })
    await shown
    return performance.now() - startedAt
  })
  expect(tookMs).toBeLessThan(1000)
})

test('a small view gets the lower layer, a large one the higher, and the picture never freezes', async () => {
  await publish('layers', 'anna', RED, 440)
  const viewer = await join('layers', 'viewer')
  await showEverybody(viewer)
  await untilColour(viewer, '#anna-main video', RED)
  const resize = (width: number): Promise<void> =>
    viewer.evaluate((pixels) => {
      const view = document.querySelector<HTMLElement>('#anna-main')!
      view.style.width = `${String(pixels)}px`
      view.style.height = `${String((pixels * 9) / 16)}px`
    }, width)
  const untilWidth = (width: number): Promise<unknown> =>
    until(`pictures are ${String(width)} wide`, async () => {
      const [connection] = await connectionsOf(viewer)
      return connection?.widths.includes(width) === true
    })
  await untilWidth(640)
  await viewer.evaluate(() => {
    const video = document.querySelector<HTMLVideoElement>('#anna-main video')!
    const watched = window as unknown as { longestStillMs: number }
    watched.longestStillMs = 0
    let last = performance.now()
    const next = (now: number): void => {
      watched.longestStillMs = Math.max(watched.longestStillMs, now - last)
      last = now
      video.requestVideoFrameCallback(next)
    }
    video.requestVideoFrameCallback(next)
  })
  await resize(200)
  await untilWidth(320)
  await resize(640)
  await untilWidth(640)
  const stillMs = await viewer.evaluate(() => (window as unknown as { longestStillMs: number }).longestStillMs)
  expect(stillMs).toBeLessThan(500)
  expect(await eventsOf(viewer, 'error')).toEqual([])
})

test('a browser without H.264 gets everything in VP8, including later members', async () => {
  await publish('vp8', 'anna', RED, 440)
  const viewer = await join('vp8', 'viewer', forgetH264)
  await showEverybody(viewer)
  await untilColour(viewer, '#anna-main video', RED)
  pushDevice('vp8', 'cam', GREEN, 1320)
  await untilColour(viewer, '#cam-main video', GREEN)
  await untilTone(viewer, 'cam', 1320)
  expect(await eventsOf(viewer, 'play-path-changed')).toEqual([])
  const { streams } = (await (await fetch(`${server.http}/api/v1/streams`, { headers: WITH_KEY })).json()) as {
    streams: { derived?: { for: string; video: string }[] }[]
  }
  const made = streams.flatMap(({ derived }) => derived ?? [])
  expect(made.filter((entry) => entry.for === 'webrtc-vp8' && entry.video === 'convert')).toHaveLength(2)
})
