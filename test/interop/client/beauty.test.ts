import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { launchChromium, startServer, until, type TestServer } from '../../harness/index.js'
import { openRoomPage, type RoomWindow } from './room-page.js'

let server: TestServer
let browser: Browser

beforeAll(async () => {
  server = await startServer()
  browser = await launchChromium({ more: ['--enable-unsafe-swiftshader'] })
})

afterAll(async () => {
  await browser.close()
  await server.stop()
})

/** Mean brightness of a video, and how rough it is: the mean difference of neighbours. */
interface Look {
  readonly brightness: number
  readonly roughness: number
  readonly corner: number
}

/** Shows a picture of skin with pores (noise of ±12), black in its upper left corner, as the local camera. */
async function showSkin(page: Page): Promise<void> {
  await page.evaluate(async () => {
    const room = window as unknown as RoomWindow
    const canvas = document.createElement('canvas')
    canvas.width = 320
    canvas.height = 180
    const pen = canvas.getContext('2d')!
    const pores = pen.createImageData(320, 180)
    let seed = 1
    for (let at = 0; at < pores.data.length; at += 4) {
      seed = (seed * 1103515245 + 12345) % 2 ** 31
      const pore = ((seed >> 16) % 25) - 12
      pores.data.set([190 + pore, 140 + pore, 115 + pore, 255], at)
    }
    setInterval(() => {
      pen.putImageData(pores, 0, 0)
      pen.fillRect(0, 0, 80, 60)
    }, 40)
    room.crossroom = room.Crossroom.create()
    await room.crossroom.startLocalVideo({ track: canvas.captureStream(25).getVideoTracks()[0]!, view: 'me' })
  })
}

function look(page: Page): Promise<Look> {
  return page.evaluate(() => {
    const video = document.querySelector<HTMLVideoElement>('#me video')!
    const canvas = document.createElement('canvas')
    canvas.width = 320
    canvas.height = 180
    const pen = canvas.getContext('2d')!
    pen.drawImage(video, 0, 0, 320, 180)
    const pixels = pen.getImageData(100, 80, 200, 80).data
    let sum = 0
    let rough = 0
    for (let at = 0; at + 7 < pixels.length; at += 4) {
      sum += pixels[at + 1]!
      rough += Math.abs(pixels[at + 1]! - pixels[at + 5]!)
    }
    const count = pixels.length / 4
    return { brightness: sum / count, roughness: rough / count, corner: pen.getImageData(20, 20, 1, 1).data[1]! }
  })
}

function setFilter(page: Page, smoothing: number, whitening: number): Promise<void> {
  return page.evaluate(
    ([smooth, white]) => {
      const { crossroom } = window as unknown as RoomWindow
      return crossroom.setVideoProcessor(crossroom.createBeautyFilter({ smoothing: smooth, whitening: white }))
    },
    [smoothing, whitening] as const,
  )
}

const untilLook = (page: Page, what: string, is: (seen: Look) => boolean): Promise<Look> => {
  let last: Look | undefined
  const check = async (): Promise<Look | false> => {
    last = await look(page)
    return is(last) && last
  }
  return until(what, check, { explain: () => JSON.stringify(last) })
}

test.each([
  ['with tracks of single frames', undefined],
  [
    'with a canvas, as other browsers do it',
    (page: Page) => page.addInitScript(() => Object.assign(window, { MediaStreamTrackProcessor: undefined })),
  ],
] as const)('the beauty filter smooths and whitens, %s', async (_how, prepare) => {
  const page = await openRoomPage(browser, server.http, prepare === undefined ? {} : { prepare })
  await showSkin(page)
  const plain = await untilLook(page, 'skin', ({ brightness }) => brightness > 100)
  expect(plain.corner).toBeLessThan(20)

  await setFilter(page, 9, 0)
  const smooth = await untilLook(
    page,
    'smooth skin',
    (seen) => seen.brightness > 100 && seen.roughness < plain.roughness * 0.6,
  )
  expect(Math.abs(smooth.brightness - plain.brightness)).toBeLessThan(6)

  await setFilter(page, 0, 9)
  const white = await untilLook(page, 'bright skin', ({ brightness }) => brightness > plain.brightness + 20)
  expect(white.roughness).toBeGreaterThan(plain.roughness * 0.5)
  expect(white.corner).toBeLessThan(20)

  await page.evaluate(() => (window as unknown as RoomWindow).crossroom.setVideoProcessor(null))
  await untilLook(page, 'the skin as it was', ({ brightness }) => Math.abs(brightness - plain.brightness) < 4)
  await page.context().close()
})
