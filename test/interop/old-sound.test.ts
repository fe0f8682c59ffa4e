import { afterAll, beforeAll, expect, test } from 'vitest'
import { LOW_DELAY, pushFfmpeg, rest, run, startServer, untilStream, type TestServer } from '../harness/index.js'

let server: TestServer

beforeAll(async () => {
  server = await startServer()
})
afterAll(() => server.stop())

/** How ffmpeg makes the sound, as cameras and Flash made it. */
const sounds: [codec: string, options: readonly string[]][] = [
  ['pcma', ['-c:a', 'pcm_alaw', '-ar', '8000', '-ac', '1']],
  ['pcmu', ['-c:a', 'pcm_mulaw', '-ar', '8000', '-ac', '1']],
  ['pcm', ['-c:a', 'pcm_s16le', '-ar', '44100', '-ac', '2']],
  ['adpcm', ['-c:a', 'adpcm_swf', '-ar', '22050', '-ac', '1']],
  ['nellymoser', ['-c:a', 'nellymoser', '-ar', '16000', '-ac', '1', '-strict', '-2']],
  ['speex', ['-c:a', 'libspeex', '-ar', '16000', '-ac', '1']],
]
const input = [
  ...['-re', '-f', 'lavfi', '-i', 'testsrc2=size=160x90:rate=10'],
  ...['-f', 'lavfi', '-i', 'sine=frequency=440:sample_rate=44100'],
]

test.each(sounds)('%s of a camera becomes AAC for FLV and RTMP players, equally loud', async (codec, options) => {
  const name = `live/${codec}`
  const output = [...LOW_DELAY, '-pix_fmt', 'yuv420p', ...options]
  const push = pushFfmpeg({ url: `${server.rtmp}/${name}`, input, output })
  const stream = await untilStream(server, name, 'live', 20)
  expect(stream.audio?.codec).toBe(codec)
  const [flv, rtmp] = await Promise.all([heard(`${server.http}/${name}.flv`), heard(`${server.rtmp}/${name}`)])
  for (const said of [flv, rtmp]) {
    expect(said).toMatch(/Audio: aac/)
    expect(said).toMatch(/Video: h264/)
    // A tone of -18 dB, a little less where the codec has lost some of it.
    const volume = Number(/mean_volume: (-?[\d.]+) dB/.exec(said)?.[1])
    expect(volume, said).toBeGreaterThan(-30)
    expect(volume).toBeLessThan(-15)
  }
  expect(await rest(server, 'GET', `streams/${name}`)).not.toHaveProperty('refused')
  await push.stop()
})

/** What ffmpeg says of one and a half seconds of a live stream. */
async function heard(url: string): Promise<string> {
  const args = ['-hide_banner', '-nostdin', '-t', '1.5', '-i', url, '-af', 'volumedetect', '-f', 'null', '-']
  return (await run('ffmpeg', args, 30_000)).stderr
}
