import { setTimeout as wait } from 'node:timers/promises'
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import {
  endPulls,
  makeAccessUnits,
  probe,
  rest,
  run,
  ScriptedCamera,
  startCamera,
  startServer,
  temporaryPath,
  until,
  untilStream,
  watchHttpFlv,
  type CameraOptions,
  type RtspCamera,
  type TestServer,
} from '../harness/index.js'

let server: TestServer

beforeAll(async () => {
  server = await startServer({ args: ['--pull-private', '127.0.0.0/8'] })
})
afterEach(() => endPulls(server))
afterAll(() => server.stop())

interface Pull {
  readonly id: string
  readonly state: string
  readonly error?: string
}

async function pull(url: string, stream: string, more: object = {}): Promise<string> {
  const made = await rest<Pull>(server, 'POST', 'pulls', { url, stream, ...more })
  if (made === undefined) throw new Error(`no pull of ${url}`)
  return made.id
}

const stateOf = (id: string): Promise<Pull | undefined> => rest<Pull>(server, 'GET', `pulls/${id}`)
const failed = (id: string): Promise<string> =>
  until('the pull to fail', async () => (await stateOf(id))?.error, { timeoutMs: 15_000, explain: server.log })
const end = (id: string): Promise<unknown> => rest(server, 'DELETE', `pulls/${id}`)

async function withCamera(options: CameraOptions, act: (camera: RtspCamera) => Promise<void>): Promise<void> {
  const camera = await startCamera(options)
  try {
    await act(camera)
  } finally {
    await camera.stop()
  }
}

test.each([
  ['h264', 'aac', 'tcp', 'aac'],
  ['h265', 'opus', 'tcp', 'opus'],
  ['h264-one-slice', 'pcma', 'tcp', 'pcma'],
  ['h264', 'pcmu', 'udp', 'pcmu'],
  ['h264-b', 'aac', 'udp', 'aac'],
] as const)(
  'a camera that sends %s and %s by %s is pulled, and every player gets it',
  async (video, audio, transport, codec) => {
    await withCamera({ video, audio }, async ({ url }) => {
      const stream = `rtsp/${video}-${transport}`
      const id = await pull(url, stream, { transport })
      const { video: seen, audio: heard } = await untilStream(server, stream, 'live', 100)
      expect([seen?.codec, seen?.width, heard?.codec]).toEqual([video.slice(0, 4), 640, codec])
      const viewer = watchHttpFlv(`${server.http}/${stream}.flv`)
      await viewer.frames(100)
      viewer.close()
      // ffprobe of FFmpeg 5 knows neither H.265 nor Opus in FLV.
      if (video !== 'h265') {
        const { packets } = await probe(`${server.http}/${stream}.flv`, { seconds: 3 })
        for (const kind of ['video', 'audio'])
          expect(packets.filter((packet) => packet.kind === kind).length, kind).toBeGreaterThan(40)
      }
      await end(id)
    })
  },
  60_000,
)

test.each(['basic', 'digest'] as const)(
  '%s credentials open a camera; wrong ones are told',
  async (auth) => {
    await withCamera({ user: 'root', password: 'open sesame', auth }, async ({ url }) => {
      const at = (password: string): string => url.replace('//', `//root:${encodeURIComponent(password)}@`)
      const right = await pull(at('open sesame'), `auth/${auth}`)
      await untilStream(server, `auth/${auth}`, 'live', 20)
      const wrong = await pull(at('close sesame'), `auth/${auth}-wrong`)
      expect(await failed(wrong)).toBe('The source refused the credentials.')
      expect(server.log()).not.toMatch(/sesame/)
      await Promise.all([right, wrong].map(end))
    })
  },
  60_000,
)

test('a camera is pulled by TLS, with the certificate that it made itself', async () => {
  const [key, cert] = [temporaryPath('key.pem'), temporaryPath('cert.pem')]
  const subject = ['-subj', '/CN=camera', '-days', '2', '-nodes']
  await run('openssl', ['req', '-x509', '-newkey', 'rsa:2048', '-keyout', key, '-out', cert, ...subject])
  await withCamera({ cert, key, audio: 'aac' }, async ({ url }) => {
    const id = await pull(url, 'tls/cam')
    await untilStream(server, 'tls/cam', 'live', 50)
    await end(id)
  })
}, 60_000)

test('a camera that hangs is noticed in time, and back within three seconds', async () => {
  await withCamera({}, async (camera) => {
    const id = await pull(camera.url, 'hang/cam', { timeoutMs: 1500 })
    await untilStream(server, 'hang/cam', 'live', 50)
    camera.hang()
    const hungAt = performance.now()
    expect(await failed(id)).toBe('No frame came for 1500 ms.')
    expect(performance.now() - hungAt).toBeLessThan(2000)
    await wait(3000)
    camera.goOn()
    const backAt = performance.now()
    await until('the stream to be back', async () => (await stateOf(id))?.state === 'live')
    expect(performance.now() - backAt).toBeLessThan(3000)
    await end(id)
  })
}, 60_000)

test('cameras that hang while they are opened, and while they send, do not disturb the others', async () => {
  const hung = await ScriptedCamera.start()
  hung.answer = () => ''
  const ids: string[] = []
  // As many as fit into one process with the camera that does not hang.
  for (let index = 0; index < 15; index++) ids.push(await pull(hung.url, `hung/${String(index)}`, { timeoutMs: 8000 }))
  await withCamera({}, async ({ url }) => {
    ids.push(await pull(url, 'hung/not'))
    await untilStream(server, 'hung/not', 'live', 25)
    const viewer = watchHttpFlv(`${server.http}/hung/not.flv`)
    await viewer.frames(100)
    const { arrivals } = viewer
    const gaps = arrivals.slice(40).map((at, index) => at - arrivals[index + 39]!)
    expect(Math.max(...gaps)).toBeLessThan(500)
    viewer.close()
  })
  await Promise.all(ids.map(end))
  hung.stop()
}, 60_000)

test('a redirection is followed; one into a private network or to something else is refused', async () => {
  const [first, second] = [await ScriptedCamera.start(), await ScriptedCamera.start()]
  const units = await makeAccessUnits('320x180', 10)
  first.answer = () => `302 Moved\nLocation: ${second.url}`
  const id = await pull(first.url, 'moved/good')
  await second.played()
  units.forEach((unit, index) => second.send(unit, index / 25))
  await untilStream(server, 'moved/good', 'live', 5)
  await end(id)
  for (const [to, sentence] of [
    ['rtsp://169.254.169.254/cam', /private network; --pull-private/],
    ['rtsp://10.0.0.1/cam', /private network/],
    ['http://127.0.0.1/a.flv', /another kind/],
    [first.url, /redirects too often/],
  ] as const) {
    first.answer = () => `302 Moved\nLocation: ${to}`
    const bad = await pull(first.url, 'moved/bad')
    expect(await failed(bad)).toMatch(sentence)
    await end(bad)
  }
  first.stop()
  second.stop()
}, 60_000)

test('a clock that jumps, forward and back, neither stops the stream nor shows in its times', async () => {
  const camera = await ScriptedCamera.start()
  const units = await makeAccessUnits('320x180', 150)
  const id = await pull(camera.url, 'jump/cam')
  await camera.played()
  const jumps = [0, 3600, -7000, 47_000]
  const viewed = { times: [] as number[] }
  const sentAt: number[] = []
  for (const [index, unit] of units.entries()) {
    sentAt.push(performance.now())
    camera.send(unit, 10_000 + index / 25 + jumps[Math.floor(index / 40)]!)
    if (index === 10) {
      const viewer = watchHttpFlv(`${server.http}/jump/cam.flv`)
      Object.defineProperty(viewed, 'times', { get: () => viewer.media.map(({ timestampMs }) => timestampMs) })
    }
    await wait(40)
  }
  await until('the last pictures', () => viewed.times.length >= 125)
  const stepsOf = (times: readonly number[]): number[] => times.slice(1).map((time, index) => time - times[index]!)
  const steps = stepsOf(viewed.times)
  expect(Math.min(...steps)).toBeGreaterThanOrEqual(0)
  // A busy machine sends late.
  expect(Math.max(...steps)).toBeLessThan(500 + Math.max(...stepsOf(sentAt)))
  expect(viewed.times.at(-1)).toBeLessThan(8000)
  await end(id)
  camera.stop()
}, 60_000)

test('the picture may change its size, and keyframes may stay away', async () => {
  const camera = await ScriptedCamera.start()
  const [small, large] = [await makeAccessUnits('320x180', 30), await makeAccessUnits('640x360', 30)]
  const id = await pull(camera.url, 'size/cam')
  await camera.played()
  let seconds = 0
  const send = async (unit: Uint8Array[]): Promise<void> => {
    camera.send(unit, (seconds += 0.04))
    await wait(10)
  }
  for (const unit of [...small, ...large]) await send(unit)
  const widthIs = (width: number): Promise<unknown> =>
    until(`${String(width)} pixels`, async () => {
      const stream = await rest<{ video?: { width: number } }>(server, 'GET', 'streams/size/cam')
      return stream?.video?.width === width
    })
  await widthIs(640)
  for (const unit of small) await send(unit)
  await widthIs(320)
  // The same pictures again and again, without one to begin with: what a camera sends between keyframes.
  for (let round = 0; round < 10; round++) for (const unit of small.slice(1)) await send(unit)
  expect((await stateOf(id))?.state).toBe('live')
  await end(id)
  camera.stop()
}, 60_000)

test('a camera with MJPEG alone is refused with a sentence', async () => {
  await withCamera({ video: 'mjpeg' }, async ({ url }) => {
    const id = await pull(url, 'mjpeg/cam')
    expect(await failed(id)).toBe('The source sends MJPEG, which is not carried; let it send H.264 or H.265.')
    await end(id)
  })
}, 60_000)

test('a picture goes on before the next one begins', async () => {
  const camera = await ScriptedCamera.start()
  const units = await makeAccessUnits('640x360', 12)
  const id = await pull(camera.url, 'prompt/cam')
  await camera.played()
  for (const [index, unit] of units.entries()) {
    camera.send(unit, index / 25)
    // The first may come before FFmpeg's track is known.
    if (index > 1) await untilStream(server, 'prompt/cam', 'live', index + 1)
    else await wait(300)
  }
  await end(id)
  camera.stop()
}, 60_000)
