import { connect, createServer, type AddressInfo } from 'node:net'
import type { Browser, Page } from 'playwright-core'
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import {
  X264_DEFAULTS,
  launchChromium,
  measureLipSync,
  openLivePage,
  pushClock,
  pushFfmpeg,
  readDelay,
  readStart,
  startServer,
  until,
  untilDelayBelow,
  untilHeard,
  untilPlays,
  watchStart,
  type LivePage,
  type RunningProcess,
  WITH_KEY,
  type TestServer,
} from '../../harness/index.js'

let server: TestServer
let browser: Browser
const pages: Page[] = []
const pushes: RunningProcess[] = []

beforeAll(async () => {
  server = await startServer()
  browser = await launchChromium()
})

afterEach(async () => {
  await Promise.all(pages.splice(0).map((page) => page.close()))
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

async function open(name: string, protocol = 'webrtc', at = server): Promise<LivePage> {
  const query = `stream=live/${name}${protocol === 'auto' ? '' : `&protocol=${protocol}`}`
  const live = await openLivePage(browser, at.http, query, watchStart)
  pages.push(live.page)
  return live
}

const LOW_DELAY_VIDEO = ['-c:v', 'libx264', '-preset', 'ultrafast', '-tune', 'zerolatency', '-pix_fmt', 'yuv420p']

const turnOnSound = (page: Page): Promise<void> => page.getByRole('button', { name: 'Turn on the sound' }).click()

test('Chromium plays an RTMP push by WebRTC, with sound, well under half a second behind', async () => {
  keep(pushClock({ url: `${server.rtmp}/live/play` }))
  const { page, fact, untilFact, complaints } = await open('play', 'auto')
  expect(await untilPlays(page)).toMatchObject({ width: 640, height: 360, paused: false })
  expect(await untilFact('protocol', /\w/)).toBe('WebRTC / UDP')
  await turnOnSound(page)
  await untilHeard(page, 440)
  await untilHeard(page, 1000)
  await untilDelayBelow(page, 500)
  expect(await fact('picture')).toBe('640 × 360')
  await untilFact('rate', /^2[3-7] fps$/)
  await untilFact('bitrate', /bit\/s$/)
  expect(complaints).toEqual([])
})

test('the delay shown on the page is the delay of the picture', async () => {
  keep(pushClock({ url: `${server.rtmp}/live/delay` }))
  const { page } = await open('delay')
  await untilPlays(page, 75)
  await page.getByText('Server to screen').waitFor()
  await until('the shown delay is the true one', async () => {
    const shown = await page.getByText('Server to screen').textContent()
    const shownMs = Number(/(\d+) ms/.exec(shown ?? '')?.[1])
    return Math.abs((await readDelay(page, 5)) - shownMs) < 60
  })
})

test('the first picture arrives immediately at any point of a GOP, and late viewers are not behind', async () => {
  // Waiting for the next of these keyframes would take two and a half seconds on the average.
  const video = [...LOW_DELAY_VIDEO, '-g', '125']
  keep(pushClock({ url: `${server.rtmp}/live/start`, video }))
  const early = await open('start')
  await untilPlays(early.page, 75)
  const starts: number[] = []
  for (let visit = 0; visit < 5; visit++) {
    const { page } = await open('start')
    starts.push(await readStart(page))
    if (visit < 4) await page.close()
  }
  starts.sort((a, b) => a - b)
  expect(starts[2]).toBeLessThan(1000)
  const late = pages.at(-1)!
  await untilPlays(late, 75)
  await until('the late viewer is not behind', async () => {
    return (await readDelay(late, 5)) - (await readDelay(early.page, 5)) < 100
  })
})

test('audio and video are in sync', async () => {
  keep(pushClock({ url: `${server.rtmp}/live/lips` }))
  const { page } = await open('lips')
  await untilPlays(page)
  await turnOnSound(page)
  await untilHeard(page, 440)
  // Browsers move one toward the other by at most 80 ms a second.
  await until('audio and video are in sync', async () => Math.abs(await measureLipSync(page, 3)) <= 45, {
    timeoutMs: 50_000,
  })
}, 80_000)

test('x264 with default settings plays smoothly: B-frames are removed by conversion', async () => {
  keep(pushClock({ url: `${server.rtmp}/live/bframes`, video: X264_DEFAULTS }))
  const { page, untilFact } = await open('bframes')
  await untilPlays(page, 50)
  await readDelay(page)
  await untilFact('rate', /^2[3-7] fps$/)
})

const PICTURE = ['-re', '-f', 'lavfi', '-i', 'testsrc2=size=640x360:rate=25']
const TONE = ['-re', '-f', 'lavfi', '-i', 'sine=frequency=440:sample_rate=44100']

test('video without audio plays', async () => {
  keep(pushFfmpeg({ url: `${server.rtmp}/live/mute`, input: PICTURE, output: [...LOW_DELAY_VIDEO, '-g', '50'] }))
  const { page } = await open('mute')
  await untilPlays(page, 50)
})

test('audio without video plays, from 16 kHz mono', async () => {
  const output = ['-c:a', 'aac', '-ar', '16000', '-ac', '1', '-b:a', '32k']
  keep(pushFfmpeg({ url: `${server.rtmp}/live/radio`, input: TONE, output }))
  const { page, untilFact } = await open('radio')
  await untilFact('picture', /sound only/)
  await turnOnSound(page)
  await untilHeard(page, 440)
})

test('playback continues when a publisher returns with another picture size', async () => {
  const push = keep(pushClock({ url: `${server.rtmp}/live/again` }))
  const { page, untilNotice, untilFact } = await open('again')
  await untilPlays(page)
  await push.stop()
  await untilNotice(/Waiting for the publisher/)
  const input = ['-re', '-f', 'lavfi', '-i', 'testsrc2=size=320x240:rate=25', ...TONE]
  keep(pushFfmpeg({ url: `${server.rtmp}/live/again`, input, output: [...LOW_DELAY_VIDEO, '-g', '50', '-c:a', 'aac'] }))
  await untilFact('picture', /320 × 240/)
  await untilPlays(page)
})

test('a session ended by the server is restarted', async () => {
  keep(pushClock({ url: `${server.rtmp}/live/kicked` }))
  const { page } = await open('kicked')
  await untilPlays(page)
  const list = async (): Promise<string[]> => {
    const response = await fetch(`${server.http}/api/v1/connections?stream=live/kicked&role=viewer`, {
      headers: WITH_KEY,
    })
    return ((await response.json()) as { connections: { id: string }[] }).connections.map(({ id }) => id)
  }
  const [first] = await list()
  await fetch(`${server.http}/api/v1/connections/${first!}`, { headers: WITH_KEY, method: 'DELETE' })
  await until('another session', async () => (await list()).some((id) => id !== first))
  await untilPlays(page)
})

test('a viewer who leaves is removed immediately', async () => {
  keep(pushClock({ url: `${server.rtmp}/live/left` }))
  const { page } = await open('left')
  await untilPlays(page)
  const viewers = async (): Promise<number> => {
    const response = await fetch(`${server.http}/api/v1/streams/live/left`, { headers: WITH_KEY })
    return ((await response.json()) as { viewers: number }).viewers
  }
  expect(await viewers()).toBe(1)
  await page.goto('about:blank')
  await expect.poll(viewers, { timeout: 3000 }).toBe(0)
})

test('if only TCP gets through, the browser uses TCP, and the page says so', async () => {
  const way = await openTcpOnlyWay()
  const behind = await startServer({ args: ['--rtc-address', `127.0.0.1:${String(way.port)}`] })
  way.leadTo(behind.ports['rtc']!)
  keep(pushClock({ url: `${behind.rtmp}/live/tcp` }))
  const { page, untilFact } = await open('tcp', 'auto', behind)
  await untilPlays(page)
  expect(await untilFact('protocol', /\w/)).toBe('WebRTC / TCP')
  await untilDelayBelow(page, 500)
  await page.close()
  await behind.stop()
  way.close()
})

/** A port of this machine at which TCP gets through to another port and UDP does not. */
async function openTcpOnlyWay(): Promise<{ port: number; leadTo(port: number): void; close(): void }> {
  let target = 0
  const way = createServer((near) => {
    const far = connect(target, '127.0.0.1')
    for (const [from, to] of [
      [near, far],
      [far, near],
    ] as const) {
      from.pipe(to)
      from.on('error', () => to.destroy())
    }
  })
  await new Promise<void>((resolve) => way.listen(0, '127.0.0.1', resolve))
  const { port } = way.address() as AddressInfo
  return { port, leadTo: (other) => (target = other), close: () => way.close() }
}

test('if neither UDP nor TCP gets through, the page plays by WebSocket and says why', async () => {
  // TEST-NET-1 (RFC 5737) is nowhere.
  const unreachable = await startServer({ args: ['--rtc-address', '192.0.2.1'] })
  keep(pushClock({ url: `${unreachable.rtmp}/live/far` }))
  const { page, untilFact } = await open('far', 'auto', unreachable)
  await until('the page gives WebRTC up', () => page.getByText('WebRTC is tried again').isVisible(), {
    timeoutMs: 20_000,
  })
  expect(await page.locator('#why').textContent()).toMatch(/^Playing over WebSocket-FLV: WebRTC /)
  expect(await untilFact('protocol', /\w/)).toBe('WebSocket-FLV')
  await untilPlays(page)
  await unreachable.stop()
}, 60_000)
