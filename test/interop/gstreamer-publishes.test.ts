import { readFile } from 'node:fs/promises'
import { afterAll, beforeAll, expect, test } from 'vitest'
import {
  fingerprints,
  mediaOf,
  playRtmp,
  run,
  startServer,
  tagsOf,
  temporaryPath,
  timesAreSound,
  untilStream,
  watchHttpFlv,
  type TestServer,
} from '../harness/index.js'

let server: TestServer

beforeAll(async () => {
  server = await startServer()
})
afterAll(() => server.stop())

/** Live pictures and sound into an FLV muxer, whose output goes to a file and to the server. */
const pipeline = (location: string, file: string): string[] => [
  ...'videotestsrc is-live=true num-buffers=50 ! video/x-raw,width=320,height=180,framerate=25/1'.split(' '),
  ...'! x264enc aud=false tune=zerolatency speed-preset=ultrafast key-int-max=100 ! h264parse ! mux.'.split(' '),
  ...'audiotestsrc is-live=true num-buffers=86 samplesperbuffer=1024 ! audio/x-raw,rate=44100,channels=1'.split(' '),
  ...'! voaacenc bitrate=64000 ! aacparse ! mux.'.split(' '),
  ...'flvmux name=mux streamable=true ! tee name=both'.split(' '),
  ...`both. ! queue ! filesink location=${file}`.split(' '),
  ...`both. ! queue ! rtmp2sink location=${location}`.split(' '),
]

test('a push of rtmp2sink is served as its muxer wrote it', async () => {
  const name = 'live/gstreamer'
  const file = temporaryPath('pushed.flv')
  const pushed = run('gst-launch-1.0', ['-q', ...pipeline(`${server.rtmp}/${name}`, file)])
  await untilStream(server, name, 'live', 1)
  const viewer = watchHttpFlv(`${server.http}/${name}.flv`)
  const player = await playRtmp(`${server.rtmp}/${name}`)
  expect((await pushed).stderr).toBe('')
  const wanted = mediaOf(tagsOf(await readFile(file)))
  expect(wanted.length).toBeGreaterThan(100)
  const media = await viewer.frames(wanted.length)
  expect(timesAreSound(media)).toBe(true)
  expect(payloads(media)).toEqual(payloads(wanted))
  expect(payloads(player.media)).toEqual(payloads(wanted))
  viewer.close()
  player.end()
})

/** Without times: the muxer cuts its milliseconds off, the server counts samples; they differ by 1 ms here and there. */
const payloads = (media: Parameters<typeof fingerprints>[0]): string[] =>
  fingerprints(media).map((line) => line.replace(/ \d+ /, ' '))
