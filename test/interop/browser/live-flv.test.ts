import { readFile } from 'node:fs/promises'
import type { Browser } from 'playwright-core'
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import {
  LOW_DELAY,
  X264_DEFAULTS,
  launchChromium,
  makeClip,
  openLivePage,
  pushClock,
  pushFfmpeg,
  pushTags,
  readDelay,
  startServer,
  tagsOf,
  until,
  untilDelayBelow,
  untilHeard,
  untilPlays,
  type LivePage,
  type RunningProcess,
  type TestServer,
} from '../../harness/index.js'

let server: TestServer
let browser: Browser
let live: LivePage | undefined
const pushes: RunningProcess[] = []

beforeAll(async () => {
  server = await startServer()
  browser = await launchChromium()
})

afterEach(async () => {
  await live?.page.close()
  live = undefined
  await Promise.all(pushes.splice(0).map((push) => push.stop()))
})

afterAll(async () => {
  await browser.close()
  await server.stop()
})

function keep(push: RunningProcess): RunningProcess {
  pushes.push(push)
  return push
}

async function open(query: string): Promise<LivePage> {
  live = await openLivePage(browser, server.http, query)
  return live
}

const PROTOCOLS = [
  ['ws-flv', 'WebSocket-FLV'],
  ['http-flv', 'HTTP-FLV'],
] as const

test.each(PROTOCOLS)('Chromium plays /live by %s, less than a second behind, with sound', async (protocol, words) => {
  keep(pushClock({ url: `${server.rtmp}/live/${protocol}` }))
  const { page, complaints, fact, untilFact } = await open(`stream=live/${protocol}&protocol=${protocol}`)
  expect(await untilPlays(page)).toMatchObject({ width: 640, height: 360, paused: false })
  await page.getByRole('button', { name: 'Turn on the sound' }).click()
  await untilHeard(page, 440)
  await untilHeard(page, 1000)
  await untilDelayBelow(page, 1000)
  expect(await untilFact('protocol', /FLV/)).toBe(words)
  expect(await fact('picture')).toBe('640 × 360')
  await untilFact('rate', /^2[3-7] fps$/)
  await untilFact('bitrate', /bit\/s$/)
  expect(complaints).toEqual([])
})

test('the delay shown on the page is the delay of the picture without the encoder', async () => {
  keep(pushClock({ url: `${server.rtmp}/live/delay` }))
  const { page, untilFact } = await open('stream=live/delay&protocol=ws-flv')
  await untilPlays(page, 75)
  await until('the shown delay is the true one', async () => {
    const shownMs = Number.parseFloat(await untilFact('delay', /^\d+ ms$/))
    const hiddenMs = (await readDelay(page, 5)) - shownMs
    return hiddenMs > -100 && hiddenMs < 250
  })
})

test('x264 with default settings plays: B-frames are reordered', async () => {
  keep(pushClock({ url: `${server.rtmp}/live/bframes`, video: X264_DEFAULTS }))
  const { page, complaints } = await open('stream=live/bframes&protocol=ws-flv')
  await untilPlays(page, 50)
  await readDelay(page)
  expect(complaints).toEqual([])
})

test.each([
  ['video only', ['-an'], '640 × 360'],
  ['audio only', ['-vn'], 'sound only'],
])('a stream with %s plays', async (kind, without, picture) => {
  const name = kind.replace(' ', '-')
  const codecs = ['-c:v', 'libx264', '-preset', 'ultrafast', '-tune', 'zerolatency', '-g', '50', '-c:a', 'aac']
  const input = ['-re', '-f', 'lavfi', '-i', 'testsrc2=size=640x360:rate=25', '-re', '-f', 'lavfi', '-i', 'sine=440']
  const output = [...codecs, '-pix_fmt', 'yuv420p', ...without]
  keep(pushFfmpeg({ url: `${server.rtmp}/live/${name}`, input, output }))
  const { untilFact, page } = await open(`stream=live/${name}&protocol=ws-flv`)
  await untilFact('picture', new RegExp(picture))
  if (kind === 'video only') await untilPlays(page)
  else await untilHeard(page, 440)
})

test('audio that begins after the video is heard immediately, and the video continues', async () => {
  const clips = [await makeClip({ sound: [], output: [...LOW_DELAY, '-pix_fmt', 'yuv420p'] }), await makeClip()]
  const [silent, sounding] = await Promise.all(clips.map(async ({ path }) => tagsOf(await readFile(path))))
  const push = await pushTags(`${server.rtmp}/live/late-sound`, silent!)
  try {
    const { page, complaints } = await open('stream=live/late-sound&protocol=ws-flv')
    await untilPlays(page, 25)
    await page.getByRole('button', { name: 'Turn on the sound' }).click()
    await page.evaluate(() => {
      const video = document.querySelector('video')!
      Object.assign(window, { bare: 0 })
      video.addEventListener('emptied', () => {
        // The last picture is to cover the change.
        if (!(video.nextElementSibling instanceof HTMLCanvasElement)) Object.assign(window, { bare: 1 })
      })
    })
    push.goOnWith(sounding!)
    await untilHeard(page, 440)
    await untilPlays(page, 10)
    expect(await page.evaluate(() => (window as unknown as { bare: number }).bare)).toBe(0)
    expect(complaints).toEqual([])
  } finally {
    await push.stop()
  }
})
