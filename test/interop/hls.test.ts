import { afterAll, beforeAll, expect, test } from 'vitest'
import { probe, pushFfmpeg, startServer, untilStream, type TestServer } from '../harness/index.js'

let server: TestServer
beforeAll(async () => {
  server = await startServer()
})
afterAll(() => server.stop())

/** Lines of the playlist that are no tags, and values of the tags by name. */
async function playlist(path: string): Promise<{ text: string; files: string[] }> {
  const response = await fetch(`${server.http}/hls/${path}`)
  expect(response.status).toBe(200)
  expect(response.headers.get('content-type')).toBe('application/vnd.apple.mpegurl')
  expect(response.headers.get('access-control-allow-origin')).toBe('*')
  const text = await response.text()
  return { text, files: text.split('\n').filter((line) => line !== '' && !line.startsWith('#')) }
}

test('ffmpeg plays what ffmpeg pushes: picture from a keyframe, and the sound from its first packet', async () => {
  const push = pushFfmpeg({ url: `${server.rtmp}/live/probed` })
  await untilStream(server, 'live/probed', 'live', 5)
  const { tracks, packets } = await probe(`${server.http}/hls/live/probed/index.m3u8`, { seconds: 4 })
  expect(tracks).toEqual([
    { kind: 'video', codec: 'h264', width: 640, height: 360 },
    { kind: 'audio', codec: 'aac', sampleRate: 44_100, channels: 1 },
  ])
  const [video, audio] = ['video', 'audio'].map((kind) => packets.filter((packet) => packet.kind === kind))
  expect(video![0]!.keyframe).toBe(true)
  expect(video!.length).toBeGreaterThan(50)
  expect(Math.abs(audio![0]!.pts! - video![0]!.pts!)).toBeLessThan(0.1)
  for (const [index, { dts }] of [...video!.entries()].slice(1))
    expect(dts! - video![index - 1]!.dts!, `picture ${String(index)}`).toBeCloseTo(0.04, 2)
  for (const [index, { dts }] of [...audio!.entries()].slice(1))
    expect(dts! - audio![index - 1]!.dts!, `sound ${String(index)}`).toBeCloseTo(1024 / 44_100, 3)
  await push.stop()
})

test('a reload waits for the part that it names, and its answer comes with the part', async () => {
  const push = pushFfmpeg({ url: `${server.rtmp}/live/reload` })
  await untilStream(server, 'live/reload', 'live', 5)
  const first = await playlist('live/reload/index.m3u8')
  const number = Number(/MEDIA-SEQUENCE:(\d+)/.exec(first.text)![1]) + first.files.length
  const { text } = await playlist(`live/reload/index.m3u8?_HLS_msn=${String(number + 1)}&_HLS_part=0`)
  const lines = text.trim().split('\n')
  const behind = lines.slice(lines.findLastIndex((line) => line.startsWith('#EXTINF')) + 2)
  expect(behind.filter((line) => line.startsWith('#EXT-X-PART:'))).toHaveLength(1)
  const hint = /PRELOAD-HINT:TYPE=PART,URI="([^"]+)"/.exec(text)![1]!
  const part = await fetch(`${server.http}/hls/live/reload/${hint}`)
  expect(part.status).toBe(200)
  expect(Buffer.from(await part.arrayBuffer()).toString('latin1', 4, 8)).toBe('moof')
  await push.stop()
})

test('nobody’s stream is 404 after the wait for a publisher, and what is no address of HLS immediately', async () => {
  const [nobody, nothing] = await Promise.all([
    fetch(`${server.http}/hls/live/nobody/index.m3u8`),
    fetch(`${server.http}/hls/live/nobody`),
  ])
  expect([nobody.status, nothing.status]).toEqual([404, 404])
  expect(await nobody.text()).toBe('live/nobody has no publisher.\n')
  const wrong = await fetch(`${server.http}/hls/live/nobody/index.m3u8?_HLS_part=1`)
  expect([wrong.status, await wrong.text()]).toEqual([
    400,
    '_HLS_msn and _HLS_part are whole numbers, and _HLS_part needs _HLS_msn.\n',
  ])
})
