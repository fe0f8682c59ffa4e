import { createReadStream, mkdirSync, statSync } from 'node:fs'
import { readFile, writeFile } from 'node:fs/promises'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { basename, join } from 'node:path'
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import {
  AAC,
  endPulls,
  LOW_DELAY,
  makeClip,
  pictureOf,
  rest,
  run,
  start,
  startServer,
  temporaryPath,
  toneOf,
  until,
  untilStream,
  watchHttpFlv,
  type RunningProcess,
  type TestServer,
} from '../harness/index.js'

interface Pull {
  readonly id: string
  readonly state: string
  readonly error?: string
}

let server: TestServer
let folder: string
/** Serves `folder`; `other` is a host that the server may not reach. */
let web: Server
let other: Server
let writer: RunningProcess
const asked: string[] = []
const askedOfOther: string[] = []
const redirects = new Map<string, string>()

const urlOf = (of: Server): string => {
  const { address, port } = of.address() as AddressInfo
  return `http://${address}:${String(port)}`
}

function serve(host: string, list: string[]): Promise<Server> {
  const made = createServer((request, response) => {
    const path = request.url ?? '/'
    list.push(path)
    const to = redirects.get(path)
    if (to !== undefined) return void response.writeHead(302, { location: to }).end()
    const file = join(folder, basename(path))
    const size = statSync(file, { throwIfNoEntry: false })?.size
    if (size === undefined) return void response.writeHead(404).end()
    response.writeHead(200, { 'content-length': size })
    createReadStream(file).pipe(response)
  })
  return new Promise((resolve) => made.listen(0, host, () => resolve(made)))
}

beforeAll(async () => {
  folder = temporaryPath('hls')
  mkdirSync(folder)
  ;[web, other] = await Promise.all([serve('127.0.0.1', asked), serve('127.0.0.2', askedOfOther)])
  server = await startServer({ args: ['--pull-private', '127.0.0.1', '--pull-files', folder] })
  const live = [
    '-re',
    '-f',
    'lavfi',
    '-i',
    'testsrc2=size=640x360:rate=25',
    '-f',
    'lavfi',
    '-i',
    'sine=sample_rate=44100',
  ]
  const list = ['-f', 'hls', '-hls_time', '1', '-g', '25', '-hls_list_size', '6', '-hls_flags', 'delete_segments']
  writer = start('ffmpeg', ['-v', 'error', ...live, ...LOW_DELAY, ...AAC, ...list, join(folder, 'live.m3u8')])
  await until('a playlist', () => statSync(join(folder, 'live3.ts'), { throwIfNoEntry: false }), { timeoutMs: 20_000 })
}, 30_000)

afterEach(() => endPulls(server))

afterAll(async () => {
  web.close()
  other.close()
  await Promise.all([writer.stop(), server.stop()])
})

async function pull(url: string, stream: string, more: object = {}): Promise<string> {
  const made = await rest<Pull>(server, 'POST', 'pulls', { url, stream, ...more })
  return made!.id
}
const stateOf = (id: string): Promise<Pull | undefined> => rest<Pull>(server, 'GET', `pulls/${id}`)
const failed = (id: string): Promise<string> =>
  until('the pull to fail', async () => (await stateOf(id))?.error, { timeoutMs: 15_000, explain: server.log })
const end = (id: string): Promise<unknown> => rest(server, 'DELETE', `pulls/${id}`)

/** Frames of 25 a second come one by one: the largest gap between them, and the times they have. */
async function watch(stream: string, frames: number): Promise<{ gap: number; times: number[]; took: number }> {
  const viewer = watchHttpFlv(`${server.http}/${stream}.flv`)
  // The first frames are cached ones, which come at once.
  await viewer.frames(60)
  const from = viewer.arrivals.length
  await viewer.frames(from + frames)
  viewer.close()
  const arrivals = viewer.arrivals.slice(from)
  const gaps = arrivals.slice(1).map((at, index) => at - arrivals[index]!)
  const times = viewer.media.filter(({ kind }) => kind === 'video').map(({ timestampMs }) => timestampMs)
  return { gap: Math.max(...gaps), times, took: arrivals.at(-1)! - arrivals[0]! }
}

const isOrdered = (times: readonly number[]): boolean => times.every((time, index) => time >= (times[index - 1] ?? 0))

test('HLS is pulled, and its segments go on frame by frame', async () => {
  const id = await pull(`${urlOf(web)}/live.m3u8`, 'seg/live')
  const { video, audio } = await untilStream(server, 'seg/live', 'live', 50)
  expect([video?.codec, video?.width, audio?.codec]).toEqual(['h264', 640, 'aac'])
  const { gap, times } = await watch('seg/live', 300)
  expect(gap).toBeLessThan(600)
  expect(isOrdered(times)).toBe(true)
  await end(id)
  const count = asked.length
  const { mtimeMs } = statSync(join(folder, 'live.m3u8'))
  await until('the next segment', () => statSync(join(folder, 'live.m3u8')).mtimeMs > mtimeMs)
  expect(asked.length).toBeLessThanOrEqual(count + 1)
}, 60_000)

test('the best variant of HLS is pulled, and no other', async () => {
  const info = (bits: number, size: string): string => `#EXT-X-STREAM-INF:BANDWIDTH=${String(bits)},RESOLUTION=${size}`
  const small = ['-f', 'lavfi', '-i', 'testsrc2=size=160x90:rate=25', '-t', '20', ...LOW_DELAY, '-g', '25']
  const list = ['-f', 'hls', '-hls_time', '1', '-hls_list_size', '0', join(folder, 'small.m3u8')]
  await run('ffmpeg', ['-v', 'error', ...small, ...list])
  const main = ['#EXTM3U', info(90_000, '160x90'), 'small.m3u8', info(900_000, '640x360'), 'live.m3u8', '']
  await writeFile(join(folder, 'main.m3u8'), main.join('\n'))
  const id = await pull(`${urlOf(web)}/main.m3u8`, 'seg/main')
  const { video } = await untilStream(server, 'seg/main', 'live', 10)
  expect(video?.width).toBe(640)
  const ofSmall = (): number => asked.filter((path) => /small\d+\.ts/.test(path)).length
  // FFmpeg looked into it to learn what it has.
  const looked = ofSmall()
  await untilStream(server, 'seg/main', 'live', 110)
  expect(ofSmall()).toBeLessThanOrEqual(looked + 1)
  await end(id)
}, 60_000)

test('neither a redirection, a playlist, a key nor a name leads where the server may not go', async () => {
  redirects.set('/away.m3u8', `${urlOf(other)}/live.m3u8`)
  redirects.set('/cloud.m3u8', 'http://169.254.169.254/latest/meta-data/x.m3u8')
  const playlist = await readFile(join(folder, 'live.m3u8'), 'utf8')
  await writeFile(join(folder, 'foreign.m3u8'), playlist.replaceAll(/^live(\d+)/gm, `${urlOf(other)}/live$1`))
  const info = '#EXT-X-STREAM-INF:BANDWIDTH=90000'
  await writeFile(join(folder, 'nested.m3u8'), `#EXTM3U\n${info}\n${urlOf(other)}/live.m3u8\n`)
  await writeFile(join(folder, 'disk.m3u8'), playlist.replaceAll(/^live(\d+)/gm, `file:${folder}/live$1`))
  const key = `#EXT-X-KEY:METHOD=AES-128,URI="${urlOf(other)}/key.ts",IV=0x00000000000000000000000000000001\n#EXTINF`
  await writeFile(join(folder, 'locked.m3u8'), playlist.replaceAll('#EXTINF', key))
  for (const name of ['away', 'cloud', 'foreign', 'nested', 'disk', 'locked']) {
    const id = await pull(`${urlOf(web)}/${name}.m3u8`, `led/${name}`, { timeoutMs: 2500 })
    const sentence = await failed(id)
    // What the playlist leads to is seen when it is read; what comes later is missing.
    expect(sentence, name).toMatch(/^The source leads to a host that may not be reached|^No frame came/)
    await end(id)
  }
  const id = await pull(`${urlOf(other)}/live.m3u8`, 'led/directly')
  expect(await failed(id)).toMatch(/private network; --pull-private/)
  await end(id)
  expect(askedOfOther).toEqual([])
}, 60_000)

test.each(['flv', 'mp4', 'ts'])(
  'a file (%s) is shown again and again, at its own speed',
  async (format) => {
    const clip = await makeClip({ picture: pictureOf('320x180'), sound: toneOf(48_000) })
    const path = join(folder, `loop.${format}`)
    const { code } = await run('ffmpeg', ['-v', 'error', '-y', '-i', clip.path, '-c', 'copy', path])
    expect(code).toBe(0)
    const id = await pull(`file://${path}`, `file/${format}`)
    await untilStream(server, `file/${format}`, 'live', 20)
    // Two seconds, three times.
    const { gap, times, took } = await watch(`file/${format}`, 450)
    expect(gap).toBeLessThan(1000)
    expect(isOrdered(times)).toBe(true)
    expect(took).toBeGreaterThan(4000)
    await end(id)
  },
  60_000,
)

test.each([
  ['outside of the folders', () => 'file:///etc/hostname'],
  ['by dots', () => `file://${folder}/../../../etc/hostname`],
  ['absent', () => `file://${folder}/absent.mp4`],
])('a file %s is refused', async (_, url) => {
  const id = await pull(url(), 'file/refused')
  expect(await failed(id)).toBe('There is no such file in a folder of --pull-files.')
  await end(id)
})

test('SRT is pulled from a source that listens', async () => {
  const port = String(22_000 + (process.pid % 900))
  const live = [
    '-re',
    '-f',
    'lavfi',
    '-i',
    'testsrc2=size=640x360:rate=25',
    '-f',
    'lavfi',
    '-i',
    'sine=sample_rate=48000',
  ]
  const to = ['-f', 'mpegts', `srt://127.0.0.1:${port}?mode=listener&passphrase=open-sesame`]
  const source = start('ffmpeg', ['-v', 'error', ...live, ...LOW_DELAY, ...AAC, ...to])
  const wrong = await pull(`srt://127.0.0.1:${port}?passphrase=close-sesame`, 'srt/wrong', { timeoutMs: 2000 })
  expect(await failed(wrong)).toBeTruthy()
  await end(wrong)
  const id = await pull(`srt://127.0.0.1:${port}?passphrase=open-sesame`, 'srt/cam')
  const { video, audio } = await untilStream(server, 'srt/cam', 'live', 50)
  expect([video?.codec, audio?.codec]).toEqual(['h264', 'aac'])
  expect(server.log()).not.toMatch(/sesame/)
  await end(id)
  await source.stop()
}, 60_000)
