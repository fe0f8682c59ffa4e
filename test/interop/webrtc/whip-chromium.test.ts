import type { Browser } from 'playwright-core'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import {
  configsOf,
  launchChromium,
  measureLipSync,
  probe,
  rest,
  startServer,
  timesAreSound,
  until,
  untilDelayBelow,
  untilHeard,
  untilPlays,
  watchHttpFlv,
  watchWsFlv,
  type FlvViewer,
  type MediaTag,
  type TestServer,
} from '../../harness/index.js'
import { BrowserPeer, type PublishOptions } from './browser-peer.js'
import { decodeRecording, lipSyncOf, medianOf } from './flv-recording.js'

let server: TestServer
let browser: Browser
const peers: BrowserPeer[] = []
const viewers: FlvViewer[] = []

beforeAll(async () => {
  server = await startServer({ args: ['--forward-private'] })
  browser = await launchChromium()
})

afterEach(async () => {
  viewers.splice(0).forEach((viewer) => viewer.close())
  await Promise.all(peers.splice(0).map((peer) => peer.close()))
})

afterAll(async () => {
  await browser.close()
  await server.stop()
})

async function open(): Promise<BrowserPeer> {
  const peer = await BrowserPeer.open(browser, server.http)
  peers.push(peer)
  return peer
}

/** A viewer who waits for the publisher, and the publisher. */
async function publishTo(name: string, options?: PublishOptions): Promise<[FlvViewer, BrowserPeer]> {
  const peer = await open()
  const viewer = watchHttpFlv(`${server.http}/live/${name}.flv`)
  viewers.push(viewer)
  await peer.publish(`live/${name}`, options)
  return [viewer, peer]
}

const videoOf = ({ media }: FlvViewer): MediaTag[] => media.filter(({ kind }) => kind === 'video')
const audioOf = ({ media }: FlvViewer): MediaTag[] => media.filter(({ kind }) => kind === 'audio')

function untilVideo(viewer: FlvViewer, count: number): Promise<boolean> {
  const explain = (): string => `${String(videoOf(viewer).length)} came\n${server.log().slice(-2000)}`
  return until(`${String(count)} pictures`, () => videoOf(viewer).length >= count, { timeoutMs: 20_000, explain })
}

/** Frames a second between the first and the last tag. */
function rateOf(tags: readonly MediaTag[]): number {
  return ((tags.length - 1) * 1000) / (tags.at(-1)!.timestampMs - tags[0]!.timestampMs)
}

function longestStep(tags: readonly MediaTag[]): number {
  return Math.max(...tags.slice(1).map((tag, index) => tag.timestampMs - tags[index]!.timestampMs))
}

test('HTTP-FLV serves video and tone immediately, smoothly, correctly and in sync', async () => {
  const [viewer, publisher] = await publishTo('one')
  await untilVideo(viewer, 200)
  const recording = decodeRecording(viewer)
  const { pictures, sound } = recording
  const video = videoOf(viewer)

  expect(pictures.length).toBe(video.length)
  const delays = pictures.flatMap(({ delayMs }) => delayMs ?? [])
  expect(delays.length).toBeGreaterThan(0.98 * pictures.length)
  expect(medianOf(delays)).toBeLessThan(150)
  const { connectedAt } = await publisher.times()
  const after = (tag: MediaTag): number => performance.timeOrigin + arrivalOf(viewer, tag) - connectedAt!
  expect(after(video[0]!)).toBeLessThan(600)
  expect(after(audioOf(viewer)[0]!)).toBeLessThan(600)

  expect(timesAreSound(viewer.media)).toBe(true)
  expect(rateOf(video.slice(25))).toBeGreaterThan(23)
  expect(rateOf(video.slice(25))).toBeLessThan(27)
  expect(longestStep(audioOf(viewer))).toBeLessThan(64)
  expect(sound.amplitudeAt(440)).toBeGreaterThan(0.1)
  expect(sound.amplitudeAt(420)).toBeLessThan(0.02)
  expect(sound.amplitudeAt(460)).toBeLessThan(0.02)
  expect(Math.abs(medianOf(lipSyncOf(recording)))).toBeLessThan(45)
})

function arrivalOf(viewer: FlvViewer, tag: MediaTag): number {
  return viewer.arrivals[viewer.tags.findIndex(({ body }) => body === tag.body)]!
}

test('ffprobe reads H.264 and AAC by RTMP and HTTP-FLV, and WebSocket carries the same', async () => {
  const [viewer] = await publishTo('probed')
  await untilVideo(viewer, 10)
  const socket = watchWsFlv(`${server.ws}/live/probed.flv`)
  viewers.push(socket)
  for (const url of [`${server.rtmp}/live/probed`, `${server.http}/live/probed.flv`]) {
    const { tracks, packets } = await probe(url, { seconds: 2 })
    expect(tracks.find(({ kind }) => kind === 'video')).toMatchObject({ codec: 'h264', width: 640, height: 360 })
    expect(tracks.find(({ kind }) => kind === 'audio')).toMatchObject({ codec: 'aac', sampleRate: 48_000 })
    expect(packets.find(({ kind }) => kind === 'video')).toMatchObject({ keyframe: true })
  }
  await untilVideo(socket, 25)
  expect(configsOf(socket.tags).map(({ type, body }) => [type, body[0]])).toEqual([
    [9, 0x17],
    [8, 0xaf],
  ])
})

test.each(['VP8', 'VP9', 'AV1'] as const)('a publisher of %s reaches FLV players as H.264', async (codec) => {
  const [viewer, publisher] = await publishTo(codec, { codec })
  await untilVideo(viewer, 60)
  expect((await publisher.stats()).video?.codec).toBe(`video/${codec}`)
  const recording = decodeRecording(viewer)
  const delays = recording.pictures.flatMap(({ delayMs }) => delayMs ?? [])
  expect(delays.length).toBeGreaterThan(30)
  expect(medianOf(delays)).toBeLessThan(250)
  expect(recording.sound.amplitudeAt(440)).toBeGreaterThan(0.1)
  expect(configsOf(viewer.tags).find(({ type }) => type === 9)?.body[0]).toBe(0x17)
})

test('a forward sends VP8 and Opus as H.264 and AAC', async () => {
  const copy = watchHttpFlv(`${server.http}/live/copy.flv`)
  viewers.push(copy)
  const body = { stream: 'live/forwarded', url: `${server.rtmp}/live/copy` }
  const forward = await rest<{ id: string }>(server, 'POST', 'forwards', body)
  await publishTo('forwarded', { codec: 'VP8' })
  await untilVideo(copy, 25)
  expect(configsOf(copy.tags).map(({ type, body: config }) => [type, config[0]])).toEqual([
    [9, 0x17],
    [8, 0xaf],
  ])
  expect(decodeRecording(copy).sound.amplitudeAt(440)).toBeGreaterThan(0.1)
  await rest(server, 'DELETE', `forwards/${forward!.id}`)
})

test('a viewer who joins long after the last keyframe is live immediately', async () => {
  const [first] = await publishTo('late')
  await untilVideo(first, 100)
  const askedAt = performance.now()
  const late = watchHttpFlv(`${server.http}/live/late.flv`)
  viewers.push(late)
  await untilVideo(late, 10)
  expect(arrivalOf(late, videoOf(late)[0]!) - askedAt).toBeLessThan(500)
  const [picture] = decodeRecording(late).pictures
  expect(picture!.delayMs).toBeLessThan(300)
})

test('another page plays it by WHEP, a fraction of a second later and in sync', async () => {
  const publisher = await open()
  await publisher.publish('live/pair')
  const player = await open()
  await player.play('live/pair')
  await untilPlays(player.page, 50)
  await untilHeard(player.page, 440)
  await untilDelayBelow(player.page, 500)
  // Browsers move one toward the other by at most 80 ms a second.
  const together = async (): Promise<boolean> => Math.abs(await measureLipSync(player.page, 2)) <= 45
  await until('audio and video are in sync', together, { timeoutMs: 50_000 })
}, 90_000)

test('a publisher of two simulcast layers is one stream with the better layer', async () => {
  const encodings = [{ rid: 'h' }, { rid: 'l', scaleResolutionDownBy: 2 }]
  const [viewer] = await publishTo('layers', { encodings, width: 1280, height: 720 })
  await untilVideo(viewer, 100)
  const { tracks } = await probe(`${server.http}/live/layers.flv`, { seconds: 1 })
  expect(tracks.find(({ kind }) => kind === 'video')).toMatchObject({ width: 1280, height: 720 })
  const settled = videoOf(viewer).slice(50)
  expect(rateOf(settled)).toBeLessThan(30)
  expect(timesAreSound(viewer.media)).toBe(true)
})

describe('actions of a user in a call', () => {
  test('the camera is removed and returns: audio continues, and video returns', async () => {
    const [viewer, { page }] = await publishTo('camera')
    await untilVideo(viewer, 50)
    await page.evaluate(async () => {
      const { video } = window.peer.senders
      Object.assign(window, { camera: video!.track })
      await video!.replaceTrack(null)
    })
    const [video, audio] = [videoOf(viewer).length, audioOf(viewer).length]
    await until('two seconds of sound', () => audioOf(viewer).length > audio + 94)
    expect(videoOf(viewer).length - video).toBeLessThan(20)
    await page.evaluate(() => {
      const { camera } = window as unknown as { camera: MediaStreamTrack }
      return window.peer.senders.video!.replaceTrack(camera)
    })
    await untilVideo(viewer, videoOf(viewer).length + 50)
    const recording = decodeRecording(viewer)
    expect(recording.pictures.length).toBe(videoOf(viewer).length)
    expect(timesAreSound(viewer.media)).toBe(true)
    expect(longestStep(audioOf(viewer))).toBeLessThan(64)
    expect(Math.abs(lipSyncOf(recording).at(-1)!)).toBeLessThan(80)
  })

  test('the microphone is muted and unmuted: video continues, and so do audio time stamps', async () => {
    const [viewer, { page }] = await publishTo('muted')
    await untilVideo(viewer, 50)
    const mute = (isMuted: boolean): Promise<void> =>
      page.evaluate((muted) => void (window.peer.senders.audio!.track!.enabled = !muted), isMuted)
    await mute(true)
    await untilVideo(viewer, videoOf(viewer).length + 50)
    await mute(false)
    await untilVideo(viewer, videoOf(viewer).length + 50)
    expect(longestStep(audioOf(viewer))).toBeLessThan(64)
    expect(timesAreSound(viewer.media)).toBe(true)
    expect(Math.abs(lipSyncOf(decodeRecording(viewer)).at(-1)!)).toBeLessThan(80)
  })

  test('the picture changes its size: a new sequence header, then a keyframe', async () => {
    const [viewer, { page }] = await publishTo('size')
    await untilVideo(viewer, 50)
    await page.evaluate(() => window.peer.resize(320, 480))
    const headers = (): number => configsOf(viewer.tags).filter(({ type }) => type === 9).length
    await until('a second header', () => headers() > 1)
    await untilVideo(viewer, videoOf(viewer).length + 25)
    const last = viewer.tags.findLastIndex((tag) => configsOf([tag]).length > 0 && tag.type === 9)
    const next = viewer.tags.slice(last + 1).find(({ type }) => type === 9)
    expect(next!.body[0]).toBe(0x17)
    const { tracks } = await probe(`${server.http}/live/size.flv`, { seconds: 1 })
    expect(tracks.find(({ kind }) => kind === 'video')).toMatchObject({ width: 320, height: 480 })
  })

  test('a screen of two frames per second is shown as sent', async () => {
    const [viewer] = await publishTo('screen', { fps: 2, contentHint: 'detail' })
    await untilVideo(viewer, 12)
    const { pictures } = decodeRecording(viewer)
    expect(rateOf(videoOf(viewer).slice(3))).toBeLessThan(4)
    expect(medianOf(pictures.flatMap(({ delayMs }) => delayMs ?? []))).toBeLessThan(500)
  })

  test('audio alone and video alone are streams', async () => {
    const [sound] = await publishTo('voice', { video: false })
    await until('a second of sound', () => audioOf(sound).length > 47)
    const [picture] = await publishTo('mute', { audio: false })
    await untilVideo(picture, 50)
    expect(decodeRecording(sound).sound.amplitudeAt(440)).toBeGreaterThan(0.1)
    expect(decodeRecording(picture).pictures.length).toBe(videoOf(picture).length)
  })
})

test('Opus with usedtx=1 pauses in silence: a phone’s AAC has no hole, and the tone returns immediately', async () => {
  const [viewer, peer] = await publishTo('dtx', { video: false, dtx: true })
  await until('sound', () => audioOf(viewer).length > 50)
  const sent = async (): Promise<number> => (await peer.stats()).audio?.packetsSent ?? 0
  const played = (): number => audioOf(viewer).at(-1)!.timestampMs
  await peer.page.evaluate(() => window.peer.hush(true))
  const [before, from] = [await sent(), played()]
  await until('4 s of silence', () => played() > from + 4000)
  // 200 packets without DTX, a few at the beginning and one each 400 ms with it.
  expect((await sent()) - before).toBeLessThan(100)
  await peer.page.evaluate(() => window.peer.hush(false))
  const back = performance.now()
  await until('2 s of the tone', () => played() > from + 6500)
  expect(performance.now() - back).toBeLessThan(5000)
  const steps = audioOf(viewer).map(({ timestampMs }, index, all) => timestampMs - (all[index - 1]?.timestampMs ?? 0))
  expect(Math.max(...steps.slice(1))).toBeLessThan(30)
  const last = decodeRecording(viewer).sound.samples.slice(-48_000)
  expect(Math.max(...last)).toBeGreaterThan(0.05)
})
