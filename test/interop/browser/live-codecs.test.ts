import { readFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import type { FlvTag } from '@crossroom/media'
import type { Browser } from 'playwright-core'
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import {
  AAC,
  LOW_DELAY,
  launchChromium,
  makeClip,
  openLivePage,
  pictureOf,
  pushTags,
  startServer,
  tagsOf,
  untilPlays,
  type LivePage,
  type TagPush,
  type TestServer,
} from '../../harness/index.js'

let server: TestServer
let browser: Browser
let live: LivePage | undefined
let push: TagPush | undefined

beforeAll(async () => {
  server = await startServer()
  browser = await launchChromium()
})

afterEach(async () => {
  await live?.page.close()
  await push?.stop()
  live = push = undefined
})

afterAll(async () => {
  await browser.close()
  await server.stop()
})

const fixture = async (name: string): Promise<FlvTag[]> =>
  tagsOf(await readFile(fileURLToPath(new URL(`../../fixtures/media/${name}`, import.meta.url))))

async function watch(name: string, tags: readonly FlvTag[], protocol: string): Promise<LivePage> {
  push = await pushTags(`${server.rtmp}/live/${name}`, tags)
  const query = `stream=live/${name}${protocol === 'auto' ? '' : `&protocol=${protocol}`}`
  live = await openLivePage(browser, server.http, query)
  return live
}

// Chromium has no H.265 here; by WebRTC it gets H.264 instead, and is told nothing of it.
test.each([
  ['H.265', 'enhanced-hevc-aac.flv'],
  ['VP9', 'enhanced-vp9.flv'],
  ['AV1', 'enhanced-av1-opus.flv'],
])('%s plays by WebRTC, converted', async (codec, file) => {
  const { page, untilFact } = await watch(`convert-${codec.toLowerCase()}`, await fixture(file), 'auto')
  await untilPlays(page, 20, 25_000)
  expect(await untilFact('protocol', /\w/)).toMatch(/^WebRTC/)
})

test('H.265 by FLV is named as a codec that this browser cannot decode', async () => {
  const { untilNotice } = await watch('hevc', await fixture('enhanced-hevc-aac.flv'), 'ws-flv')
  await untilNotice(/This browser cannot decode the stream \(H\.265/)
})

test.each(['ws-flv', 'http-flv'])(
  'a stream that the FLV player does not understand ends with a sentence by %s',
  async (protocol) => {
    // mpegts.js 1.8 throws at the sequence header of this AV1.
    const { untilNotice, complaints } = await watch(`av1-${protocol}`, await fixture('enhanced-av1-opus.flv'), protocol)
    await untilNotice(/This browser cannot decode the stream/)
    expect(complaints).toEqual([])
  },
)

test.each(['webrtc', 'ws-flv'])(
  'a change of size in mid-stream is seen by %s, on the same session',
  async (protocol) => {
    const clip = async (size: string): Promise<FlvTag[]> => {
      const output = [...LOW_DELAY, '-pix_fmt', 'yuv420p', ...AAC]
      return tagsOf(await readFile((await makeClip({ picture: pictureOf(size), output })).path))
    }
    const [small, large] = await Promise.all([clip('320x180'), clip('640x360')])
    const { page, untilFact } = await watch(`resize-${protocol}`, small, protocol)
    await untilFact('picture', /320 × 180/)
    await untilPlays(page, 10)
    const states = await page.evaluateHandle(() => {
      const seen: (string | undefined)[] = []
      const stage = document.querySelector<HTMLElement>('#player')!
      new MutationObserver(() => seen.push(stage.dataset['state'])).observe(stage, { attributeFilter: ['data-state'] })
      return seen
    })
    push!.goOnWith(large)
    await untilFact('picture', /640 × 360/)
    await untilPlays(page)
    expect(await states.evaluate((seen) => seen.filter((state) => state !== 'playing'))).toEqual([])
  },
)
