import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, expect, test } from 'vitest'
import {
  probe,
  pushFfmpeg,
  rest,
  run,
  start,
  startServer,
  until,
  untilStream,
  watchHttpFlv,
  type ListedStream,
  type TestServer,
} from '../../harness/index.js'
import { decodeRecording } from './flv-recording.js'

/** aiortc: its own ICE, SDP and RTP, OpenSSL and libsrtp with the profile that browsers take second. */
const PEER = fileURLToPath(new URL('./aiortc-peer.py', import.meta.url))
const PYTHON = '/usr/bin/python3'

/** What aiortc-peer.py prints. */
interface Seen {
  readonly audio: number
  readonly video: number
  readonly size?: readonly [number, number]
  readonly state: string
}

let server: TestServer

beforeAll(async () => {
  server = await startServer()
})
afterAll(() => server.stop())

test('aiortc plays an RTMP push, video and audio', async () => {
  const push = pushFfmpeg({ url: `${server.rtmp}/live/push` })
  await untilStream(server, 'live/push', 'live', 25)
  const { code, stdout, stderr } = await run(PYTHON, [PEER, 'play', `${server.http}/whep/live/push`, '8'])
  await push.stop()
  expect(code, stderr).toBe(0)
  const seen = JSON.parse(stdout) as Seen
  expect(seen.state).toBe('connected')
  expect(seen.size).toEqual([640, 360])
  expect(seen.video).toBeGreaterThan(50)
  expect(seen.audio).toBeGreaterThan(150)
})

test('HTTP-FLV and RTMP serve what aiortc publishes as H.264 and AAC', async () => {
  const publisher = start(PYTHON, [PEER, 'publish', `${server.http}/whip/live/python`, '12'])
  await until(
    'the stream',
    async () => (await rest<ListedStream>(server, 'GET', 'streams/live/python'))?.state === 'live',
    {
      explain: publisher.output,
    },
  )
  const viewer = watchHttpFlv(`${server.http}/live/python.flv`)
  await viewer.frames(250, 15_000)
  const { tracks } = await probe(`${server.rtmp}/live/python`, { seconds: 1 })
  expect(tracks.find(({ kind }) => kind === 'video')).toMatchObject({ codec: 'h264', width: 640, height: 360 })
  expect(tracks.find(({ kind }) => kind === 'audio')).toMatchObject({ codec: 'aac', sampleRate: 48_000 })
  const { pictures, sound } = decodeRecording(viewer)
  expect(pictures.length).toBe(viewer.media.filter(({ kind }) => kind === 'video').length)
  expect(sound.amplitudeAt(440)).toBeGreaterThan(0.1)
  viewer.close()
  await publisher.stop()
})

test('aiortc with G.711 as its only audio codec is refused with the reason, not played without audio', async () => {
  const refused = await run(PYTHON, [PEER, 'publish-g711', `${server.http}/whip/live/speech`, '1'])
  expect(refused.code, refused.stderr).toBe(0)
  expect(JSON.parse(refused.stdout)).toEqual({
    status: 406,
    reason: expect.stringMatching(/No codec fits for audio: wanted OPUS.*offered PCM[UA]/) as string,
  })
})
