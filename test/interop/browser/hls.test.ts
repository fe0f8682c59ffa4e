import type { Browser } from 'playwright-core'
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import {
  launchChromium,
  openHlsPage,
  pushClock,
  pushFfmpeg,
  readPlayback,
  startServer,
  until,
  untilDelayBelow,
  untilHeard,
  untilPlays,
  untilStream,
  type HlsPage,
  type RunningProcess,
  type TestServer,
} from '../../harness/index.js'

let server: TestServer
let browser: Browser
let open: HlsPage | undefined
const pushes: RunningProcess[] = []

beforeAll(async () => {
  server = await startServer()
  browser = await launchChromium()
})
afterEach(async () => {
  await open?.page.close()
  await Promise.all(pushes.splice(0).map((push) => push.stop()))
})
afterAll(async () => {
  await browser.close()
  await server.stop()
})

async function play(name: string, query = ''): Promise<HlsPage> {
  await untilStream(server, `live/${name}`, 'live', 2)
  return (open = await openHlsPage(browser, `${server.http}/hls/live/${name}/index.m3u8${query}`))
}

test('hls.js plays less than 2 s behind the clock of the encoder, with sound', async () => {
  pushes.push(pushClock({ url: `${server.rtmp}/live/delay` }))
  const { page, notes } = await play('delay')
  await untilDelayBelow(page, 2000)
  await page.evaluate(() => (document.querySelector('video')!.muted = false))
  await untilHeard(page, 440)
  await untilHeard(page, 1000)
  expect((await notes()).fatal).toEqual([])
})

const picture = (size: string): string[] => [
  ...['-re', '-f', 'lavfi', '-i', `testsrc2=size=${size}:rate=25`],
  ...['-f', 'lavfi', '-i', 'sine=frequency=440:sample_rate=44100'],
]

test('a publisher that comes back, with another size, goes on in the same page', async () => {
  const url = `${server.rtmp}/live/back`
  const first = pushFfmpeg({ url, input: picture('640x360') })
  const { page, notes } = await play('back')
  await first.stop()
  pushes.push(pushFfmpeg({ url, input: picture('320x240') }))
  let seen: unknown
  const look = async (): Promise<boolean> => {
    const noted = await notes()
    seen = { ...noted, ...(await readPlayback(page)) }
    return noted.sizes.includes('320x240')
  }
  await until('the picture has the other size', look, { timeoutMs: 20_000, explain: () => JSON.stringify(seen) })
  await untilPlays(page, 50)
  expect((await notes()).fatal).toEqual([])
})
