import { readFile } from 'node:fs/promises'
import { afterAll, beforeAll, expect, test } from 'vitest'
import {
  endStream,
  fingerprints,
  makeClip,
  mediaOf,
  probe,
  pushClip,
  run,
  startServer,
  tagsOf,
  temporaryPath,
  untilStream,
  untilViewers,
  watchWsFlv,
  type Clip,
  type TestServer,
} from '../harness/index.js'

let server: TestServer
let clip: Clip

beforeAll(async () => {
  ;[server, clip] = await Promise.all([startServer(), makeClip()])
})
afterAll(() => server.stop())

/** A player that writes what it plays to a file. */
interface Player {
  readonly name: string
  readonly record: (at: TestServer, stream: string, path: string) => Promise<unknown>
}

const ffmpeg = (url: string, path: string) =>
  run('ffmpeg', ['-v', 'error', '-i', url, '-c', 'copy', '-copyts', '-f', 'flv', path])

const players: Player[] = [
  { name: 'ffmpeg over HTTP-FLV', record: (at, stream, path) => ffmpeg(`${at.http}/${stream}.flv`, path) },
  { name: 'ffmpeg over RTMP', record: (at, stream, path) => ffmpeg(`${at.rtmp}/${stream}`, path) },
  {
    name: 'rtmpdump (librtmp)',
    record: (at, stream, path) => run('rtmpdump', ['-q', '--live', '-r', `${at.rtmp}/${stream}`, '-o', path]),
  },
  {
    name: 'GStreamer rtmp2src',
    record: (at, stream, path) =>
      run('gst-launch-1.0', ['-q', 'rtmp2src', `location=${at.rtmp}/${stream}`, '!', 'filesink', `location=${path}`]),
  },
]

test('ffmpeg, rtmpdump and GStreamer read back what ffmpeg pushes: every frame, byte for byte, in sync', async () => {
  const name = 'live/all-players'
  const push = pushClip(clip.path, `${server.rtmp}/${name}`)
  await untilStream(server, name, 'live', 1)
  const recordings = players.map(({ name: player, record }) => {
    const path = temporaryPath('played.flv')
    return { player, path, done: record(server, name, path) }
  })
  await untilViewers(server, name, players.length)
  expect(await push.finish()).toBe(0)
  await untilStream(server, name, 'grace')
  await endStream(server, name)
  const wanted = fingerprints(clip.media)
  expect(wanted.length).toBeGreaterThan(130)
  for (const { player, path, done } of recordings) {
    await done
    expect(fingerprints(mediaOf(tagsOf(await readFile(path)))), player).toEqual(wanted)
  }
})

test('WebSocket-FLV carries the same bytes under the same header', async () => {
  const name = 'live/web-socket'
  const push = pushClip(clip.path, `${server.rtmp}/${name}`)
  await untilStream(server, name, 'live', 1)
  const viewer = watchWsFlv(`${server.ws}/${name}.flv`)
  await untilViewers(server, name, 1)
  await push.finish()
  const played = await viewer.frames(clip.media.length)
  viewer.close()
  expect(fingerprints(played)).toEqual(fingerprints(clip.media))
  expect(viewer.header).toEqual({ audio: true, video: true })
})

test('ffprobe sees size, codecs and sample rate, and a stream that begins at 0', async () => {
  const name = 'live/probed'
  const push = pushClip(clip.path, `${server.rtmp}/${name}`)
  await untilStream(server, name, 'live', 1)
  const probed = probe(`${server.http}/${name}.flv`, { seconds: 5 })
  await untilViewers(server, name, 1)
  await push.finish()
  await untilStream(server, name, 'grace')
  await endStream(server, name)
  const { tracks, packets } = await probed
  expect(tracks).toEqual([
    { kind: 'video', codec: 'h264', width: 320, height: 180 },
    { kind: 'audio', codec: 'aac', sampleRate: 44_100, channels: 1 },
  ])
  expect(packets[0]).toMatchObject({ kind: 'video', dts: 0, keyframe: true })
  expect(packets).toHaveLength(clip.media.length)
})
