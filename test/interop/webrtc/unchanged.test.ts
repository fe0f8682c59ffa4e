import { readFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import type { FlvTag } from '@crossroom/media'
import type { Browser } from 'playwright-core'
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import {
  launchChromium,
  pushTags,
  rest,
  startCamera,
  startServer,
  tagsOf,
  until,
  untilStream,
  WITH_KEY,
  type TagPush,
  type TestServer,
} from '../../harness/index.js'
import { BrowserPeer } from './browser-peer.js'
import { WirePeer } from './wire-peer.js'

/** H.265 and AV1 go unchanged to browsers that take them, and converted to the others. */

let server: TestServer
let browser: Browser
let push: TagPush | undefined

beforeAll(async () => {
  server = await startServer({ args: ['--pull-private', '127.0.0.0/8'] })
  browser = await launchChromium()
})
afterEach(async () => {
  await push?.stop()
  push = undefined
})
afterAll(async () => {
  await browser.close()
  await server.stop()
})

const fixture = async (name: string): Promise<FlvTag[]> =>
  tagsOf(await readFile(fileURLToPath(new URL(`../../fixtures/media/${name}`, import.meta.url))))

async function publish(name: string, file: string): Promise<void> {
  push = await pushTags(`${server.rtmp}/live/${name}`, await fixture(file))
  await untilStream(server, `live/${name}`, 'live', 5)
}

/** Kinds of players with what happens to the video for each. */
async function derived(name: string): Promise<string> {
  const response = await fetch(`${server.http}/api/v1/streams/live/${name}`, { headers: WITH_KEY })
  return JSON.stringify(((await response.json()) as { derived?: unknown }).derived ?? [])
}

/** The m-line of the video offers one more codec, first. */
const offering =
  (rtpmap: string, format: string) =>
  (sdp: string): string =>
    sdp
      .replace(/(m=video 9 UDP\/TLS\/RTP\/SAVPF)/, '$1 45')
      .replace(
        /(a=rtpmap:\d+ H264)/,
        `a=rtpmap:45 ${rtpmap}/90000\r\na=fmtp:45 ${format}\r\na=rtcp-fb:45 nack pli\r\n$1`,
      )

const H265 = offering('H265', 'level-id=180;profile-id=1;tier-flag=0;tx-mode=SRST')
const AV1 = offering('AV1', 'level-idx=5;profile=0;tier=0')

const codecsOf = ({ arrivals }: WirePeer): string[] => [
  ...new Set(arrivals.filter(({ kind }) => kind === 'video').map((arrival) => arrival.codec)),
]

/** Plays by a player that offers the codec, and by one that does not; what each got. */
async function playBoth(name: string, editOffer: (sdp: string) => string): Promise<[string[], string[]]> {
  const url = `${server.http}/whep/live/${name}`
  const [able, other] = await Promise.all([WirePeer.post(url, { editOffer }), WirePeer.post(url)])
  try {
    for (const peer of [able, other]) peer.useUdp()
    await able.untilFrames(20, 20_000)
    await other.untilFrames(10, 30_000)
    expect(able.arrivals.find(({ kind }) => kind === 'video')?.keyframe).toBe(true)
    return [codecsOf(able), codecsOf(other)]
  } finally {
    await Promise.all([able.close(), other.close()])
  }
}

test('a camera’s H.265 goes unchanged to a player that offers it, and as H.264 to another beside it', async () => {
  const camera = await startCamera({ video: 'h265' })
  try {
    const made = await rest<{ id: string }>(server, 'POST', 'pulls', { url: camera.url, stream: 'live/camera' })
    await untilStream(server, 'live/camera', 'live', 25)
    expect(await playBoth('camera', H265)).toEqual([['h265'], ['h264']])
    await rest(server, 'DELETE', `pulls/${made!.id}`)
  } finally {
    await camera.stop()
  }
})

test('AV1 goes unchanged to a player that offers it, and as H.264 to another beside it', async () => {
  await publish('av1', 'enhanced-av1-opus.flv')
  expect(await playBoth('av1', AV1)).toEqual([['av1'], ['h264']])
})

test('H.265 with B-frames, for which RTP has no place, falls back to H.264 for a player that offers both', async () => {
  await publish('bframes', 'enhanced-hevc-aac.flv')
  expect(await playBoth('bframes', H265)).toEqual([['h264'], ['h264']])
})

test.each([
  ['profile 2 only', 'level-id=180;profile-id=2;tier-flag=0;tx-mode=SRST'],
  ['several streams at a time', 'level-id=180;profile-id=1;tier-flag=0;tx-mode=MRST'],
])('H.265 with %s is answered with H.264', async (_kind, format) => {
  await publish('profiles', 'enhanced-hevc-aac.flv')
  const peer = await WirePeer.post(`${server.http}/whep/live/profiles`, { editOffer: offering('H265', format) })
  expect(peer.answer).not.toContain('H265')
  expect(peer.answer).toContain('H264')
  await peer.close()
})

test('Chromium decodes AV1 as it was published, without a codec process for the video', async () => {
  await publish('chromium-av1', 'enhanced-av1-opus.flv')
  const peer = await BrowserPeer.open(browser, server.http)
  try {
    await peer.play('live/chromium-av1')
    await peer.untilDecoded(30)
    expect((await peer.stats()).video?.codec).toBe('video/AV1')
    await until('the list', async () => !(await derived('chromium-av1')).includes('"video":"convert"'))
  } finally {
    await peer.close()
  }
})

test('Chromium without H.265 gets H.264 of an H.265 stream', async () => {
  await publish('chromium-h265', 'enhanced-hevc-aac.flv')
  const peer = await BrowserPeer.open(browser, server.http)
  try {
    await peer.play('live/chromium-h265')
    await peer.untilDecoded(20, 25_000)
    expect((await peer.stats()).video?.codec).toBe('video/H264')
    expect(await derived('chromium-h265')).toContain('convert')
  } finally {
    await peer.close()
  }
})
