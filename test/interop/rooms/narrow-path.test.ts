import { UdpProxy } from '@crossroom/testkit'
import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { launchChromium, startServer, until, type TestServer } from '../../harness/index.js'
import { enter, eventsOf, framesIn, showEverybody, untilFrames, type RoomWindow } from '../client/room-page.js'

/** Bits per second: two small pictures of 150 kbit/s fit, a large one of 700 kbit/s does not. */
const NARROW = 600_000
const USERS = ['anna', 'ben'] as const

let proxy: UdpProxy
let server: TestServer
let browser: Browser
const pages: Page[] = []

beforeAll(async () => {
  proxy = await UdpProxy.open()
  server = await startServer({ args: ['--rtc-address', `127.0.0.1:${String(proxy.port)}`] })
  proxy.setTarget(server.ports['rtc']!)
  browser = await launchChromium()
})

afterAll(async () => {
  await Promise.all(pages.map((page) => page.context().close()))
  await browser.close()
  await server.stop()
  proxy.close()
})

async function join(userId: string, prepare?: (page: Page) => Promise<unknown>): Promise<Page> {
  const page = await enter(browser, server.http, { roomId: 'narrow', userId }, prepare && { prepare })
  pages.push(page)
  return page
}

/** Media of this page goes past the proxy. */
const goesDirectly = (page: Page): Promise<unknown> =>
  page.addInitScript(
    ([from, to]) => {
      const { setRemoteDescription } = RTCPeerConnection.prototype as {
        setRemoteDescription: (this: RTCPeerConnection, description: RTCSessionDescriptionInit) => Promise<void>
      }
      Object.assign(RTCPeerConnection.prototype, {
        setRemoteDescription(this: RTCPeerConnection, { type, sdp = '' }: RTCSessionDescriptionInit): Promise<void> {
          return setRemoteDescription.call(this, {
            type,
            sdp: sdp.replaceAll(` ${String(from)} typ`, ` ${String(to)} typ`),
          })
        },
      })
    },
    [proxy.port, server.ports['rtc']!] as const,
  )

/** Sends pictures that take all the bits they may: blocks of random grey. */
async function sendNoise(page: Page): Promise<void> {
  await page.evaluate(async () => {
    const canvas = document.createElement('canvas')
    canvas.width = 640
    canvas.height = 360
    const pen = canvas.getContext('2d')!
    setInterval(() => {
      for (let i = 0; i < 60; i++) {
        const grey = Math.floor(Math.random() * 256)
        pen.fillStyle = `rgb(${String(grey)},${String(grey)},${String(grey)})`
        pen.fillRect(Math.random() * 600, Math.random() * 330, 40, 30)
      }
    }, 40)
    const [video] = canvas.captureStream(25).getVideoTracks()
    const { crossroom } = window as unknown as RoomWindow
    await crossroom.startLocalVideo({ track: video!, profile: '360p' })
  })
}

const widthOf = (page: Page, userId: string): Promise<number> =>
  page.evaluate((id) => document.querySelector<HTMLVideoElement>(`#${id}-main video`)?.videoWidth ?? 0, userId)

async function untilWidths(page: Page, wanted: readonly number[]): Promise<void> {
  let seen: number[] = []
  const look = async (): Promise<boolean> => {
    seen = await Promise.all(USERS.map((userId) => widthOf(page, userId)))
    return seen.every((width, index) => wanted[index] === width)
  }
  await until(`widths are ${wanted.join()}`, look, { timeoutMs: 30_000, explain: () => `They are ${seen.join()}` })
}

test('a path too narrow for the large layer gets the small one without interruption', async () => {
  for (const userId of USERS) await sendNoise(await join(userId, goesDirectly))
  const viewer = await join('viewer')
  await showEverybody(viewer)
  await untilWidths(viewer, [640, 640])
  proxy.change({ rate: NARROW })
  await untilWidths(viewer, [320, 320])
  const shown = await Promise.all(USERS.map((userId) => framesIn(viewer, `#${userId}-main video`)))
  for (const [index, userId] of USERS.entries()) await untilFrames(viewer, `#${userId}-main video`, shown[index]! + 5)
  expect(await eventsOf(viewer, 'error')).toEqual([])
}, 90_000)
