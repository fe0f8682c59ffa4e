import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { launchChromium, pushFfmpeg, until, type TestServer } from '../harness/index.js'
import {
  enter,
  eventsOf,
  sendColourAndTone,
  showEverybody,
  untilEvent,
  untilFrames,
  type RoomWindow,
} from '../interop/client/room-page.js'
import { usePhones } from '../interop/simulator/simulated-room.js'
import { ClusterStage } from './cluster-stage.js'
import { signed, untilJoined, WITH_APP } from './cluster-users.js'

/** Three servers, a browser, an encoder and a phone share the machine with other tests. */
const WAIT_MS = 40_000
let stage: ClusterStage
let nodes: readonly TestServer[]
let browser: Browser
beforeAll(async () => {
  stage = await ClusterStage.open()
  nodes = await Promise.all(['a', 'b', 'c'].map((id) => stage.start(id, WITH_APP)))
  await untilJoined(nodes)
  browser = await launchChromium()
})
afterAll(async () => {
  await browser.close()
  await stage.close()
})
const phones = usePhones()

async function join(node: TestServer, userId: string): Promise<Page> {
  const { sdkAppId, userSig } = signed(userId)
  const page = await enter(browser, node.http, { roomId: 'call', userId, sdkAppId, userSig })
  await showEverybody(page)
  await sendColourAndTone(page, 'rgb(40,40,200)', 880)
  return page
}

/** By what the browser counts: its sound card may stand still on a busy machine. */
async function untilSoundOf(page: Page, userId: string): Promise<void> {
  const read = (): Promise<number> =>
    page.evaluate(
      (from) =>
        new Promise<number>((resolve) =>
          (window as unknown as RoomWindow).crossroom.once('statistics', ({ received }) =>
            resolve(received.find((track) => track.userId === from && track.kind === 'audio')?.bitrate ?? 0),
          ),
        ),
      userId,
    )
  await until(`sound of ${userId}`, async () => (await read()) > 5, { timeoutMs: WAIT_MS })
}

test(
  'a phone, a browser and an encoder at three nodes see and hear each other, and see who leaves',
  { timeout: 6 * WAIT_MS },
  async () => {
    const [a, b, c] = nodes as [TestServer, TestServer, TestServer]
    const phone = await phones.open(a, 'phone', { ...signed('phone'), pitch: 660 })
    const page = await join(b, 'browser')
    const { userSig } = signed('obs')
    const obs = pushFfmpeg({
      url: `${c.rtmp}/push/call?userid=obs&usersig=${encodeURIComponent(userSig)}`,
    })
    await untilFrames(page, '#phone-main video', 20, WAIT_MS)
    await untilSoundOf(page, 'phone')
    await untilSoundOf(page, 'obs')
    await untilFrames(page, '#obs-main video', 20, WAIT_MS)
    await phone.untilPlays('browser', 20, WAIT_MS)
    await phone.untilPlays('obs', 20, WAIT_MS)
    expect(await eventsOf(page, 'error')).toEqual([])
    expect(await eventsOf(page, 'remote-user-exit')).toEqual([])
    await obs.stop()
    await phone.phone.close()
    await untilEvent(page, 'remote-user-exit', { userId: 'phone', reason: 'left' }, WAIT_MS)
  },
)
