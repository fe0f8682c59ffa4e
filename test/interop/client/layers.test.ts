import type { Browser } from 'playwright-core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { launchChromium, startServer, until, type TestServer } from '../../harness/index.js'
import { enter, sendColourAndTone, untilEvent, untilFrames, type RoomWindow } from './room-page.js'

let server: TestServer
let browser: Browser

beforeAll(async () => {
  server = await startServer()
  browser = await launchChromium()
})

afterAll(async () => {
  await browser.close()
  await server.stop()
})

test('a small view gets the lower layer, a growing one the upper layer, and statistics show it', async () => {
  const anna = await enter(browser, server.http, { roomId: 'layers', userId: 'anna' })
  await sendColourAndTone(anna, 'rgb(200,40,40)', 440)
  const ben = await enter(browser, server.http, { roomId: 'layers', userId: 'ben', role: 'audience' })
  await untilEvent(ben, 'remote-video-available', { userId: 'anna' })
  await ben.evaluate(() => {
    document.querySelector<HTMLElement>('#others')!.style.width = '150px'
    return (window as unknown as RoomWindow).crossroom.startRemoteVideo({ userId: 'anna', view: 'others' })
  })
  const widthIs = (width: number): Promise<true> =>
    until(
      `a picture ${String(width)} wide`,
      async () =>
        (await ben.evaluate(() => document.querySelector<HTMLVideoElement>('#others video')!.videoWidth)) === width,
      { timeoutMs: 20_000 },
    )
  await widthIs(320)
  await ben.evaluate(() => void (document.querySelector<HTMLElement>('#others')!.style.width = '640px'))
  await widthIs(640)
  await untilEvent(ben, 'video-size-changed', { userId: 'anna', width: 640, height: 360 })
  await ben.evaluate(() => void (document.querySelector<HTMLElement>('#others')!.style.width = '150px'))
  await widthIs(320)

  const statistics = await ben.evaluate(async () => {
    const { crossroom } = window as unknown as RoomWindow
    await crossroom.getStatistics()
    return new Promise((resolve) => crossroom.once('statistics', resolve))
  })
  expect(statistics).toMatchObject({ path: 'udp', sent: [] })
  const { received } = statistics as { received: Record<string, unknown>[] }
  const video = received.find(({ kind }) => kind === 'video')
  expect(video).toMatchObject({ userId: 'anna', streamType: 'main', codec: 'H264', width: 320, height: 180 })
  expect(video!['bitrate']).toBeGreaterThan(0)
  const sound = received.find(({ kind }) => kind === 'audio')
  expect(sound).toMatchObject({ userId: 'anna', codec: 'opus' })
  expect(sound!['bitrate']).toBeGreaterThan(5)
})

test('an unsubscribed picture arrives once it has a view, and ends with the view', async () => {
  const anna = await enter(browser, server.http, { roomId: 'choosy', userId: 'anna' })
  await sendColourAndTone(anna, 'rgb(200,40,40)', 440)
  const options = { roomId: 'choosy', userId: 'ben', role: 'audience', autoReceiveVideo: false } as const
  const ben = await enter(browser, server.http, options)
  await untilEvent(ben, 'track', { userId: 'anna', kind: 'audio' })
  const kinds = (): Promise<string[]> =>
    ben.evaluate(async () => {
      const { received } = await (window as unknown as RoomWindow).crossroom.getStatistics()
      return received.map(({ kind }) => kind).sort()
    })
  const untilKinds = (wanted: string): Promise<boolean> =>
    until(`only ${wanted} is received`, async () => (await kinds()).join() === wanted)
  await untilKinds('audio')
  await ben.evaluate(() =>
    (window as unknown as RoomWindow).crossroom.startRemoteVideo({ userId: 'anna', view: 'others' }),
  )
  await untilFrames(ben, '#others video', 5)
  await untilKinds('audio,video')
  await ben.evaluate(() => (window as unknown as RoomWindow).crossroom.stopRemoteVideo({ userId: 'anna' }))
  await untilKinds('audio')
})
