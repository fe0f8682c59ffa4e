import { readFile, writeFile } from 'node:fs/promises'
import { setTimeout as wait } from 'node:timers/promises'
import type { FlvTag } from '@crossroom/media'
import type { Browser } from 'playwright-core'
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import {
  AAC,
  flvFileOf,
  launchChromium,
  makeClip,
  openLivePage,
  pushTags,
  run,
  startServer,
  tagsOf,
  temporaryPath,
  until,
  untilPlays,
  untilStream,
  watchHttpFlv,
  type FlvViewer,
  type MediaTag,
  type TestServer,
} from '../../harness/index.js'
import { BrowserPeer } from '../webrtc/browser-peer.js'
import { WirePublisher } from '../webrtc/wire-publisher.js'

/** It is well under a second on a quiet machine; the next keyframe of each stream is 12 s away, or never comes. */
const SOON_MS = 5000
/** How long each stream has been there when its viewers come: further back than players are sent of the past. */
const JOIN_MS = 12_000
/** Players of FLV begin at a recovery point that is whole by now, which may be two periods back. */
const BEHIND_MS = 5500
/** Longer than the server waits before it takes a picture as resting. */
const RESTS_MS = 2500

let server: TestServer
let browser: Browser
const clips = new Map<string, FlvTag[]>()
const leaving: (() => unknown)[] = []

/** By what it has of keyframes: frames per second, seconds, and the options of x264. */
const STREAMS: Record<string, readonly [rate: number, seconds: number, ...options: string[]]> = {
  'intra-refresh': [25, 24, '-tune', 'zerolatency', '-x264-params', 'intra-refresh=1:keyint=50:min-keyint=50'],
  'open-gop': [25, 24, '-bf', '2', '-g', '600', '-sc_threshold', '0'],
  'open-gops': [25, 24, '-bf', '2', '-x264-params', 'open-gop=1:keyint=60:min-keyint=60:scenecut=0'],
  'long-gop': [10, 25, '-tune', 'zerolatency', '-g', '250', '-sc_threshold', '0'],
  deaf: [10, 40, '-profile:v', 'baseline', '-tune', 'zerolatency', '-g', '400', '-sc_threshold', '0'],
  'short-gop': [25, 4, '-tune', 'zerolatency', '-g', '50', '-sc_threshold', '0'],
}

beforeAll(async () => {
  const [started, opened] = await Promise.all([
    startServer(),
    launchChromium(),
    ...Object.entries(STREAMS).map(async ([name, [rate, seconds, ...options]]) => {
      const picture = ['-f', 'lavfi', '-i', `testsrc2=size=320x180:rate=${String(rate)}:duration=${String(seconds)}`]
      const sound = ['-f', 'lavfi', '-i', `sine=frequency=440:sample_rate=44100:duration=${String(seconds)}`]
      const output = ['-c:v', 'libx264', '-preset', 'superfast', ...options, '-pix_fmt', 'yuv420p', ...AAC]
      const { path } = await makeClip({ picture, sound, output })
      clips.set(name, tagsOf(await readFile(path)))
    }),
  ])
  server = started
  browser = opened
}, 60_000)

afterEach(async () => {
  await Promise.all(leaving.splice(0).map((leave) => leave()))
})

afterAll(async () => {
  await browser.close()
  await server.stop()
})

const videoOf = ({ media }: FlvViewer): MediaTag[] => media.filter(({ kind }) => kind === 'video')

function watch(name: string): FlvViewer {
  const viewer = watchHttpFlv(`${server.http}/live/${name}.flv`)
  leaving.push(() => viewer.close())
  return viewer
}

function untilPictures(viewer: FlvViewer, count: number, timeoutMs = 15_000): Promise<boolean> {
  const explain = (): string => `${String(videoOf(viewer).length)} came`
  return until(`${String(count)} pictures by HTTP-FLV`, () => videoOf(viewer).length >= count, { timeoutMs, explain })
}

/** When the first picture came, on the clock of `performance.now()`. */
function firstArrival({ tags, arrivals }: FlvViewer): number {
  return arrivals[tags.findIndex(({ type, body }) => type === 9 && body[1] === 1)]!
}

/** How much of the past a player was sent: what it got of stream time beyond the time that passed. */
function behind(viewer: FlvViewer): number {
  const pictures = videoOf(viewer)
  return pictures.at(-1)!.timestampMs - pictures[0]!.timestampMs - (viewer.arrivals.at(-1)! - firstArrival(viewer))
}

/** Milliseconds from the offer to the first picture; so many follow. */
async function startOfWhep(name: string, frames = 10): Promise<number> {
  const peer = await BrowserPeer.open(browser, server.http)
  leaving.push(() => peer.close())
  await peer.play(`live/${name}`)
  const { offeredAt, shownAt } = await until('a picture by WHEP', async () => {
    const times = await peer.times()
    return times.shownAt !== undefined && times
  })
  await peer.untilDecoded(frames)
  return shownAt! - offeredAt!
}

/** Plays with mpegts.js, and gives what the browser complained about. */
async function playByMse(name: string, frames = 10): Promise<readonly string[]> {
  const { page, complaints } = await openLivePage(browser, server.http, `stream=live/${name}&protocol=ws-flv`)
  leaving.push(() => page.close())
  await untilPlays(page, frames)
  return complaints
}

/** How many pictures ffmpeg decodes of what a player was sent. */
async function decodedBy(viewer: FlvViewer): Promise<number> {
  const path = temporaryPath('start.flv')
  await writeFile(path, flvFileOf(viewer.tags))
  const count = ['-count_frames', '-show_entries', 'stream=nb_read_frames', '-of', 'csv=p=0']
  const { stdout } = await run('ffprobe', ['-v', 'quiet', '-select_streams', 'v', ...count, path])
  return Number(stdout.trim())
}

/** A PPS of another number comes with every 20th picture after a keyframe; no picture uses it. */
function withLatePps(tags: readonly FlvTag[]): FlvTag[] {
  const record = tags.find(({ type, body }) => type === 9 && body[1] === 0)!.body
  const spsLength = 11 + 2 + ((record[11]! << 8) | record[12]!)
  const ppsAt = spsLength + 3
  const pps = record.subarray(ppsAt, ppsAt + ((record[ppsAt - 2]! << 8) | record[ppsAt - 1]!))
  const late = numbered(pps)
  let since = 0
  return tags.map((tag) => {
    if (tag.type !== 9 || tag.body[1] !== 1) return tag
    since = tag.body[0]! >> 4 === 1 ? 0 : since + 1
    if (since !== 20) return tag
    const { body } = tag
    return { ...tag, body: Uint8Array.of(...body.subarray(0, 5), 0, 0, 0, late.length, ...late, ...body.subarray(5)) }
  })
}

/** The same PPS as number 1: pic_parameter_set_id is ue(v), 1 for 0 and 010 for 1 (ITU-T H.264 section 7.3.2.2). */
function numbered(pps: Uint8Array): Uint8Array {
  const bits = Array.from(pps.subarray(1), (byte) => byte.toString(2).padStart(8, '0')).join('')
  const moved = `010${bits.slice(1).replace(/0+$/, '')}`
  const bytes = moved.match(/.{1,8}/g)!.map((eight) => Number.parseInt(eight.padEnd(8, '0'), 2))
  return Uint8Array.of(pps[0]!, ...bytes)
}

async function publish(name: string, tags = clips.get(name)!, atOnceMs = JOIN_MS): Promise<void> {
  const push = await pushTags(`${server.rtmp}/live/${name}`, tags, atOnceMs)
  leaving.push(() => push.stop())
  const sent = tags.filter(({ type, timestampMs }) => type === 9 && timestampMs <= atOnceMs)
  await untilStream(server, `live/${name}`, 'live', sent.length)
}

test.each(['intra-refresh', 'open-gop', 'open-gops', 'long-gop'])(
  'a stream with %s is 12 s old: viewers by HTTP-FLV, WHEP and mpegts.js see it soon, and live',
  async (name) => {
    await publish(name)
    const joinedAt = performance.now()
    const viewer = watch(name)
    const [whepMs, complaints] = await Promise.all([startOfWhep(name), playByMse(name), untilPictures(viewer, 20)])
    expect(firstArrival(viewer) - joinedAt).toBeLessThan(SOON_MS)
    expect(whepMs).toBeLessThan(SOON_MS)
    expect(complaints).toEqual([])
    expect(behind(viewer)).toBeLessThan(BEHIND_MS)
    await until('what came by HTTP-FLV decodes', async () => (await decodedBy(viewer)) >= 10)
  },
)

test('a PPS inside a GOP breaks no player: it is sent in band, and in the configuration from the next keyframe on', async () => {
  const name = 'short-gop'
  await publish(name, withLatePps(clips.get(name)!), 0)
  const viewer = watch(name)
  const complaints = await playByMse(name, 75)
  expect(complaints).toEqual([])
  const pictures = viewer.tags.filter(({ type }) => type === 9)
  const starts = pictures.flatMap(({ body }, index) => (body[1] === 0 ? [pictures[index + 1]!.body[0]! >> 4] : []))
  expect(starts.length).toBeGreaterThan(1)
  expect(starts.every((frameType) => frameType === 1)).toBe(true)
  const sent = videoOf(viewer).length
  expect(await decodedBy(viewer)).toBe(sent)
  expect(await startOfWhep(name)).toBeLessThan(SOON_MS)
})

test('late viewers soon see a resting picture, although an idle encoder answers no keyframe request', async () => {
  await Promise.all((['VP8', 'H264'] as const).map(restAndJoin))
}, 60_000)

test('late viewers by WHEP, HTTP-FLV and mpegts.js soon see a moving picture, although the encoder ignores keyframe requests', async () => {
  const name = 'deaf'
  const publisher = await WirePublisher.publish(`${server.http}/whip/live/${name}`, clips.get('deaf')!)
  leaving.push(() => publisher.close())
  await untilStream(server, `live/${name}`, 'live', 50)
  const joinedAt = performance.now()
  const viewer = watch(name)
  const [whepMs, complaints] = await Promise.all([startOfWhep(name), playByMse(name), untilPictures(viewer, 20)])
  expect(publisher.requests).toBeGreaterThan(0)
  expect(whepMs).toBeLessThan(SOON_MS)
  expect(firstArrival(viewer) - joinedAt).toBeLessThan(SOON_MS)
  expect(complaints).toEqual([])
  expect(behind(viewer)).toBeLessThan(BEHIND_MS)
  await until('what came by HTTP-FLV decodes', async () => (await decodedBy(viewer)) >= 10)
})

async function restAndJoin(codec: 'VP8' | 'H264'): Promise<void> {
  const name = `resting-${codec}`
  const publisher = await BrowserPeer.open(browser, server.http)
  leaving.push(() => publisher.close())
  await publisher.publish(`live/${name}`, { codec, fps: 10, width: 320, height: 180 })
  await untilStream(server, `live/${name}`, 'live', 50)
  await publisher.page.evaluate(() => window.peer.rest())
  await wait(RESTS_MS)
  const joinedAt = performance.now()
  const viewer = watch(name)
  const [whepMs, complaints] = await Promise.all([startOfWhep(name, 1), playByMse(name, 1), untilPictures(viewer, 1)])
  expect(firstArrival(viewer) - joinedAt).toBeLessThan(SOON_MS)
  expect(whepMs).toBeLessThan(SOON_MS)
  expect(complaints).toEqual([])
}
