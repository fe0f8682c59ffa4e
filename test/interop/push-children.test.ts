import { existsSync, readFileSync, statSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, expect, test } from 'vitest'
import {
  AAC,
  freeTcpPort,
  launchChromium,
  LOW_DELAY,
  probe,
  pushFfmpeg,
  pushTags,
  rest,
  start,
  startServer,
  tagsOf,
  temporaryPath,
  until,
  untilStream,
  WITH_KEY,
  type RunningProcess,
  type TestServer,
} from '../harness/index.js'
import { BrowserPeer } from './webrtc/browser-peer.js'

/** ffmpeg looks shortly at what it reads. */
const SOON = ['-probesize', '500000', '-analyzeduration', '1000000']
/** The server that pushes. */
let server: TestServer
let camera: RunningProcess

beforeAll(async () => {
  server = await startServer({ args: ['--push-private', '127.0.0.0/8'] })
  camera = pushFfmpeg({
    url: `${server.rtmp}/live/cam`,
    output: [...LOW_DELAY, '-g', '25', '-pix_fmt', 'yuv420p', ...AAC],
  })
  await untilStream(server, 'live/cam', 'live', 50)
})
afterAll(async () => {
  await camera.stop()
  await server.stop()
})

interface Push {
  readonly id: string
  readonly url: string
  readonly state: string
  readonly error?: string
  readonly bytesOut: number
}

async function push(url: string, fields: object = {}): Promise<Push> {
  const response = await fetch(`${server.http}/api/v1/pushes`, {
    method: 'POST',
    headers: { ...WITH_KEY, 'Content-Type': 'application/json' },
    body: JSON.stringify({ url, stream: 'live/cam', ...fields }),
  })
  expect(response.status).toBe(201)
  return (await response.json()) as Push
}

const stateOf = (id: string): Promise<Push | undefined> => rest<Push>(server, 'GET', `pushes/${id}`)
const pushing = (id: string): Promise<Push> =>
  until(
    'the target to take the stream',
    async () => {
      const one = await stateOf(id)
      return one?.state === 'pushing' && one.bytesOut > 20_000 && one
    },
    { explain: server.log, timeoutMs: 20_000 },
  )
const failed = (id: string): Promise<string> =>
  until('the push to fail', async () => (await stateOf(id))?.error, { explain: server.log, timeoutMs: 20_000 })
const end = (id: string): Promise<unknown> => rest(server, 'DELETE', `pushes/${id}`)

/** What a listener has written. */
async function recorded(file: string): Promise<string[]> {
  await until('the recording', () => existsSync(file) && statSync(file).size > 20_000, { timeoutMs: 20_000 })
  return (await probe(file, { seconds: 2 })).tracks.map(({ codec }) => codec).sort()
}

test('SRT: a stream reaches a listener that wants a passphrase, and a wrong one is told', async () => {
  const port = await freeTcpPort()
  const file = temporaryPath('srt.ts')
  const at = `srt://127.0.0.1:${String(port)}`
  const args = [
    '-v',
    'error',
    '-y',
    '-i',
    `${at}?mode=listener&passphrase=open-sesame`,
    '-c',
    'copy',
    '-f',
    'mpegts',
    file,
  ]
  const listener = start('ffmpeg', args)
  const wrong = await push(`${at}?passphrase=close-sesame&streamid=publish:secret-id`)
  expect(wrong.url).toBe(`${at}?[redacted]`)
  expect(await failed(wrong.id)).toBeTruthy()
  await end(wrong.id)
  const { id } = await push(`${at}?passphrase=open-sesame`)
  await pushing(id)
  expect(await recorded(file)).toEqual(['aac', 'h264'])
  await listener.stop()
  expect(await failed(id)).toBeTruthy()
  const again = start('ffmpeg', args)
  await pushing(id)
  again.child.kill('SIGSTOP')
  expect(await failed(id)).toBeTruthy()
  again.child.kill('SIGCONT')
  expect(server.log()).not.toMatch(/sesame|secret-id/)
  await end(id)
  await again.stop()
}, 90_000)

/** GStreamer's RTSP server, which writes what it is sent into a file. */
async function startRecorder(
  file: string,
  video = 'h264',
): Promise<{ url: (password: string) => string; stop: () => Promise<void> }> {
  const script = fileURLToPath(new URL('../harness/rtsp-recorder.py', import.meta.url))
  let port = 0
  const options = JSON.stringify({ file, video, user: 'root', password: 'open-sesame' })
  const recorder = start('/usr/bin/python3', [script, options], {}, (line) => {
    port = (JSON.parse(line) as { port: number }).port
  })
  await until('the recorder', () => port > 0, { explain: recorder.output })
  return { url: (password) => `rtsp://root:${password}@127.0.0.1:${String(port)}/record`, stop: recorder.stop }
}

test('RTSP: a stream is announced and recorded, and wrong credentials are told', async () => {
  const file = temporaryPath('rtsp.mkv')
  const recorder = await startRecorder(file)
  const wrong = await push(recorder.url('close-sesame'))
  expect(await failed(wrong.id)).toMatch(/refused the credentials/)
  expect(wrong.url).toBe(recorder.url('').replace('root:@', '') + '/[redacted]')
  await end(wrong.id)
  const { id } = await push(recorder.url('open-sesame'))
  await pushing(id)
  expect(await recorded(file)).toEqual(['aac', 'h264'])
  await recorder.stop()
  expect(await failed(id)).toBeTruthy()
  expect(server.log()).not.toMatch(/sesame/)
  await end(id)
}, 90_000)

/** An HTTP server that redirects as its query says, with the status of WHIP. */
async function redirecting(): Promise<{ to: (url: string) => string; http: Server }> {
  const http = createServer((request, response) => {
    const [, to = ''] = /to=(.*)/.exec(request.url ?? '') ?? []
    response.writeHead(307, { location: to === 'loop' ? request.url : decodeURIComponent(to) }).end()
  })
  await new Promise<void>((resolve) => http.listen(0, '127.0.0.1', resolve))
  const origin = `http://127.0.0.1:${String((http.address() as AddressInfo).port)}`
  return { to: (url) => `${origin}/whip?to=${encodeURIComponent(url)}`, http }
}

test('WHIP: a stream reaches another server, over a redirect and with a token, and leaves it at the end', async () => {
  const secret = 's'.repeat(32)
  const other = await startServer({ args: ['--publish', 'token', '--secret', secret, '--host', '127.0.0.1'] })
  const made = await rest<{ token: string }>(other, 'POST', 'tokens', { stream: 'live/copy', action: 'publish' })
  const { to, http } = await redirecting()
  const url = to(`${other.http}/whip/live/copy`)
  const wrong = await push(url, { bearer: 'no-such-token' })
  expect(await failed(wrong.id)).toMatch(/HTTP status 40[13]/)
  await end(wrong.id)
  const { id } = await push(url, { bearer: made!.token })
  await pushing(id)
  const stream = await untilStream(other, 'live/copy', 'live', 50)
  expect([stream.video?.codec, stream.audio?.codec]).toEqual(['h264', 'opus'])
  const shown = JSON.stringify(await rest(server, 'GET', 'pushes')) + server.log()
  expect(shown).not.toContain(made!.token)
  await end(id)
  await until('the target to be left', async () => (await rest(other, 'GET', 'streams/live/copy')) === undefined)
  http.close()
  await other.stop()
}, 60_000)

test('WHIP: a target that hangs is told, and gets the stream again when it goes on', async () => {
  const other = await startServer()
  const { id } = await push(`${other.http}/whip/live/hung`)
  await pushing(id)
  other.process.child.kill('SIGSTOP')
  expect(await failed(id)).toMatch(/silent for 10000 ms/)
  other.process.child.kill('SIGCONT')
  await pushing(id)
  expect(await stateOf(id)).not.toHaveProperty('error')
  await end(id)
  await other.stop()
}, 60_000)

test('WHIP: redirects are judged, and do not go on for ever', async () => {
  const { to, http } = await redirecting()
  for (const [url, sentence] of [
    [to('http://169.254.169.254/latest/'), /private network; --push-private/],
    [to('file:///etc/passwd'), /address of another kind/],
    [to('loop'), /redirects too often/],
    ['http://169.254.169.254/whip', /private network; --push-private/],
  ] as const) {
    const { id } = await push(url)
    expect(await failed(id)).toMatch(sentence)
    await end(id)
  }
  http.close()
}, 60_000)

test.each([
  ['srt', 'enhanced-hevc-aac.flv', 'hevc'],
  ['srt', 'h264-bframes-aac.flv', 'h264'],
  ['rtsp', 'enhanced-hevc-aac.flv', 'hevc'],
  ['rtsp', 'h264-bframes-aac.flv', 'h264'],
])(
  '%s carries %s as it is',
  async (scheme, name, codec) => {
    const clip = tagsOf(readFileSync(fileURLToPath(new URL(`../fixtures/media/${name}`, import.meta.url))))
    const stream = `live/${scheme}-${codec}`
    const source = await pushTags(`${server.rtmp}/${stream}`, clip)
    const file = temporaryPath(`${scheme}-${codec}.mkv`)
    const at = `srt://127.0.0.1:${String(await freeTcpPort())}`
    const listener =
      scheme === 'srt'
        ? start('ffmpeg', [
            '-v',
            'error',
            '-y',
            ...SOON,
            '-i',
            `${at}?mode=listener`,
            '-c',
            'copy',
            '-flush_packets',
            '1',
            file,
          ])
        : await startRecorder(file, codec === 'hevc' ? 'h265' : 'h264')
    const { id } = await push('url' in listener ? listener.url('open-sesame') : at, { stream })
    await pushing(id)
    expect(await recorded(file)).toEqual(['aac', codec])
    await end(id)
    await Promise.all([source.stop(), listener.stop()])
    const { packets } = await probe(file, { seconds: 10 })
    const pictures = packets.filter(({ kind }) => kind === 'video')
    expect(pictures.length).toBeGreaterThan(25)
    // RTP has no place for two times; MPEG-TS keeps that a picture is shown later than it is decoded.
    if (scheme === 'srt') expect(pictures.some(({ pts = 0, dts = pts }) => pts - dts > 0.03)).toBe(true)
  },
  60_000,
)

test('VP8 and Opus of a page arrive as H.264 and AAC by SRT and RTSP, and as H.264 and Opus by WHIP', async () => {
  const browser = await launchChromium()
  const other = await startServer()
  const [srtFile, rtspFile] = [temporaryPath('page.ts'), temporaryPath('page.mkv')]
  const at = `srt://127.0.0.1:${String(await freeTcpPort())}`
  const args = ['-v', 'error', '-y', ...SOON, '-i', `${at}?mode=listener`, '-c', 'copy', '-f', 'mpegts', srtFile]
  const listener = start('ffmpeg', args)
  const recorder = await startRecorder(rtspFile)
  try {
    const peer = await BrowserPeer.open(browser, server.http)
    await peer.publish('live/page', { codec: 'VP8' })
    const urls = [at, recorder.url('open-sesame'), `${other.http}/whip/live/page`]
    const pushes = await Promise.all(urls.map((url) => push(url, { stream: 'live/page' })))
    await Promise.all(pushes.map(({ id }) => pushing(id)))
    const { video, audio } = await untilStream(other, 'live/page', 'live', 100)
    expect([video?.codec, audio?.codec]).toEqual(['h264', 'opus'])
    for (const file of [srtFile, rtspFile]) expect(await recorded(file)).toEqual(['aac', 'h264'])
    await Promise.all(pushes.map(({ id }) => end(id)))
    await peer.close()
  } finally {
    await browser.close()
    await Promise.all([other.stop(), listener.stop(), recorder.stop()])
  }
}, 90_000)
