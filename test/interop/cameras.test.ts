import { fileURLToPath } from 'node:url'
import { afterEach, expect, test } from 'vitest'
import { sample } from '../docs/samples.js'
import { OnvifCamera, rest, run, startCamera, startServer, TEST_API_KEY, until, untilStream } from '../harness/index.js'

const PROGRAM = fileURLToPath(new URL('../../packages/server/bin/crossroom.js', import.meta.url))
const ends: (() => unknown)[] = []
afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end()
})

interface Member {
  readonly userId: string
  readonly streams: readonly unknown[]
}

const USER = { user: 'root', password: 'open & <sesame>' }

async function camera(options: { user?: string; password?: string; model?: string } = {}) {
  const rtsp = await startCamera(options)
  ends.push(() => rtsp.stop())
  const onvif = await OnvifCamera.start({ rtsp: rtsp.url, ...options })
  ends.push(() => onvif.stop())
  return { rtsp, onvif }
}

const cameras = (args: readonly string[], password = USER.password) =>
  run('env', [`CROSSROOM_CAMERA_PASSWORD=${password}`, process.execPath, PROGRAM, 'cameras', ...args], 40_000)

test('a camera names its streams, and a server pulls what it named', async () => {
  const { rtsp, onvif } = await camera(USER)
  const { code, stdout, stderr } = await cameras([onvif.host, '--user', 'root', '--json'])
  expect([code, stderr]).toEqual([0, ''])
  const found = JSON.parse(stdout) as { streams: { url: string }[] }
  expect(found).toEqual({
    ...{ camera: onvif.host, manufacturer: 'Test', model: 'North gate' },
    streams: [{ profile: 'Main', codec: 'H264', width: 640, height: 360, fps: 25, url: rtsp.url }],
  })
  const server = await startServer({ args: ['--pull-private', '127.0.0.1'] })
  ends.push(() => server.stop())
  const url = found.streams[0]!.url.replace('//', `//root:${encodeURIComponent(USER.password)}@`)
  await rest(server, 'POST', 'pulls', { url, room: 'yard', userId: 'gate' })
  await until('the device to send', async () => {
    const room = await rest<{ members: Member[] }>(server, 'GET', 'rooms/yard/members')
    return room?.members.some(({ userId, streams }) => userId === 'gate' && streams.length > 0)
  }, { timeoutMs: 15_000, explain: server.log }) // prettier-ignore
}, 60_000)

test('the samples of the documentation ask a camera and pull it', async () => {
  const { rtsp, onvif } = await camera(USER)
  const [, one] = sample('docs/18-cameras.md', 'crossroom cameras').split('\n')
  const asked = one!.replace('crossroom', `${process.execPath} ${PROGRAM}`).replace('192.168.1.20', onvif.host)
  const { stdout } = await run('env', [`CROSSROOM_CAMERA_PASSWORD=${USER.password}`, 'bash', '-c', asked], 40_000)
  expect(stdout).toContain(`  ${rtsp.url}  Main, H264, 640x360, 25 fps\n`)
  const server = await startServer({ args: ['--pull-private', '127.0.0.1'] })
  ends.push(() => server.stop())
  const url = rtsp.url.replace('//', `//root:${encodeURIComponent(USER.password)}@`)
  const pulled = sample('docs/18-cameras.md', 'api/v1/pulls')
    .replace(/^KEY=.*$/m, `KEY=${TEST_API_KEY}`)
    .replace('localhost:8080', `localhost:${String(server.ports['http'])}`)
    .replace('rtsp://root:secret@192.168.1.20:554/stream2', url)
  await run('bash', ['-c', pulled])
  await untilStream(server, 'yard/gate', 'live', 1)
}, 60_000)

test('wrong credentials, none, and nobody there are told in a sentence', async () => {
  const { onvif } = await camera(USER)
  const refused = 'The camera refuses the credentials, or wants some.'
  for (const [args, password] of [
    [['--user', 'root'], 'wrong'],
    [[], ''],
  ] as const) {
    const { code, stderr } = await cameras([onvif.host, ...args], password)
    expect([code, stderr]).toEqual([1, `${onvif.host}: ${refused}\nNo camera named a stream.\n`])
  }
  const { stderr } = await cameras(['127.0.0.1:1'])
  expect(stderr).toContain('127.0.0.1:1: Nothing answers at this address.')
}, 60_000)

test('a camera writes nothing onto a terminal but its name', async () => {
  const { onvif } = await camera({ model: 'Gate\u009b2J&#x9b;31m' })
  const { code, stdout } = await cameras([onvif.host])
  expect(code).toBe(0)
  // eslint-disable-next-line no-control-regex
  expect(stdout).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f]/)
}, 60_000)

test('cameras are found by their answers to a search', async () => {
  const { rtsp, onvif } = await camera()
  await onvif.answerSearches()
  const { code, stdout, stderr } = await cameras(['--seconds', '1.5'])
  expect([code, stderr]).toEqual([0, ''])
  expect(stdout).toBe(`${onvif.host}  Test North gate\n  ${rtsp.url}  Main, H264, 640x360, 25 fps\n`)
}, 60_000)
