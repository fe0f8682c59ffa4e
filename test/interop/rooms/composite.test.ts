import { execFile } from 'node:child_process'
import { writeFile } from 'node:fs/promises'
import { promisify } from 'node:util'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { sample } from '../../docs/samples.js'
import {
  probe,
  pushFfmpeg,
  rest,
  run,
  startServer,
  temporaryPath,
  TEST_API_KEY,
  until,
  WITH_KEY,
  type RunningProcess,
  type TestServer,
} from '../../harness/index.js'

const execute = promisify(execFile)

interface Composite {
  readonly id: string
  readonly stream: string
  readonly state: string
  readonly layout: string
  readonly skipped: number
  readonly play: { readonly flv: string; readonly rtmp: string }
}

const TONE = ['-f', 'lavfi', '-i', 'sine=frequency=440:sample_rate=44100']

let server: TestServer
let pushes: RunningProcess[]

/** Two members, a red one and a blue one, each with a tone. */
beforeAll(async () => {
  server = await startServer()
  pushes = ['red', 'blue'].map((colour) =>
    pushFfmpeg({
      url: `${server.rtmp}/push/demo?userid=${colour}`,
      input: ['-re', '-f', 'lavfi', '-i', `color=${colour}:size=320x180:rate=15`, ...TONE],
    }),
  )
  await until('two members', async () => {
    const answer = await rest<{ members: { streams: { hasVideo: boolean }[] }[] }>(server, 'GET', 'rooms/demo/members')
    return answer?.members.filter(({ streams }) => streams[0]?.hasVideo === true).length === 2
  })
}, 60_000)

afterAll(async () => {
  await Promise.all(pushes.map((push) => push.stop()))
  await server.stop()
})

function ask(method: string, path: string, body?: object): Promise<Response> {
  const json = body === undefined ? {} : { body: JSON.stringify(body) }
  const headers = { ...WITH_KEY, ...(body === undefined ? {} : { 'Content-Type': 'application/json' }) }
  return fetch(`${server.http}/api/v1/${path}`, { method, headers, ...json })
}

/** Two seconds of a composite as a player keeps it. */
async function record(url: string): Promise<string> {
  const path = temporaryPath('composite.flv')
  const { code, stderr } = await run('ffmpeg', ['-v', 'error', '-y', '-i', url, '-t', '2', '-c', 'copy', path])
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
  return path
}

/** Red and blue in the middle of both halves of a picture so many seconds before the end, 0 to 255. */
async function halves(path: string, before = 0.5): Promise<readonly { readonly red: number; readonly blue: number }[]> {
  const args = [
    '-v',
    'error',
    '-sseof',
    String(-before),
    '-i',
    path,
    '-update',
    '1',
    '-vf',
    'scale=4:3',
    '-f',
    'rawvideo',
  ]
  const { stdout } = await execute('ffmpeg', [...args, '-pix_fmt', 'rgb24', '-frames:v', '1', '-'], {
    encoding: 'buffer',
  })
  return [12, 21].map((at) => ({ red: stdout[at]!, blue: stdout[at + 2]! }))
}

test('the sample of the documentation makes a picture of two members with sound, and its layout changes', async () => {
  const command = sample('docs/17-composite.md', '/composites -H').replaceAll(
    'localhost:8080',
    `localhost:${String(server.ports['http'])}`,
  )
  const env = { ...process.env, KEY: TEST_API_KEY }
  // Refused while the machine is busy with other tests.
  const composite = await until('CPU for a composite', async () => {
    const { stdout } = await execute('bash', ['-c', command], { env })
    const answer = JSON.parse(stdout) as Composite & { readonly error?: { readonly code: string } }
    if (answer.error !== undefined) expect(answer.error.code).toBe('MEDIA_CAPACITY')
    return answer.error === undefined && answer
  })
  const path = await record(composite.play.flv)
  const { tracks } = await probe(path)
  expect(tracks.map(({ codec }) => codec).sort()).toEqual(['aac', 'h264'])
  const [left, right] = await halves(path)
  expect(Math.abs(left!.red - right!.red)).toBeGreaterThan(150)
  expect(Math.abs(left!.blue - right!.blue)).toBeGreaterThan(150)

  const address = `rooms/demo/composites/${composite.id}`
  const changed = await rest<Composite>(server, 'PATCH', address, { layout: 'one', focus: 'blue' })
  expect(changed).toMatchObject({ layout: 'one', focus: 'blue' })
  const [one, other] = await halves(await record(composite.play.rtmp))
  expect(Math.min(one!.blue, other!.blue)).toBeGreaterThan(150)
  expect(await rest<Composite>(server, 'GET', address)).toMatchObject({ state: 'running' })
  expect((await ask('DELETE', address)).status).toBe(204)
  expect((await fetch(composite.play.flv)).status).toBe(404)
})

test('a recording of the composite waits for it, and has its picture and its sound', async () => {
  interface Recording {
    readonly id: string
    readonly state: string
    readonly files: { readonly stream: string; readonly segment: number; readonly state: string }[]
  }
  const wanted = { room: 'demo', composite: true }
  const { id } = (await rest<Recording>(server, 'POST', 'recordings', wanted))!
  expect((await ask('POST', 'recordings', wanted)).status).toBe(409)
  const composite = await until('CPU for a composite', () =>
    rest<Composite>(server, 'POST', 'rooms/demo/composites', { width: 640, height: 360 }),
  )
  const read = async (): Promise<Recording> => (await rest<Recording>(server, 'GET', `recordings/${id}`))!
  await until('the recording', async () => (await read()).state === 'recording', { timeoutMs: 20_000 })
  const running = await until(
    'two seconds',
    async () => {
      const { files } = await read()
      const found = await ask('GET', `recordings/${id}/files/1`)
      return files.length === 1 && (await found.arrayBuffer()).byteLength > 50_000 && files
    },
    { timeoutMs: 20_000 },
  )
  expect(running[0]!.stream).toBe('demo/composite')
  expect((await ask('POST', `recordings/${id}/stop`)).status).toBe(204)
  await until('the file', async () => (await read()).files.every(({ state }) => state === 'kept'))
  const file = await ask('GET', `recordings/${id}/files/1`)
  const path = temporaryPath('composite.mp4')
  await writeFile(path, Buffer.from(await file.arrayBuffer()))
  const { tracks } = await probe(path)
  expect(tracks.map(({ codec }) => codec).sort()).toEqual(['aac', 'h264'])
  // A recording ends with what has come: on a busy machine pictures are behind the sound.
  const [left, right] = await halves(path, 2)
  expect(Math.abs(left!.red - right!.red)).toBeGreaterThan(150)
  expect((await ask('DELETE', `rooms/demo/composites/${composite.id}`)).status).toBe(204)
})

test.each([
  ['no such room', 'rooms/nobody/composites', {}, 404, 'ROOM_NOT_FOUND'],
  ['an odd size', 'rooms/demo/composites', { width: 641 }, 400, 'BAD_REQUEST'],
  ['too many pixels', 'rooms/demo/composites', { width: 3840, height: 2160 }, 400, 'BAD_REQUEST'],
  ['an unknown layout', 'rooms/demo/composites', { layout: 'pile' }, 400, 'BAD_REQUEST'],
  ['a file that is no picture', 'rooms/demo/composites', { background: '/etc/passwd' }, 400, 'BAD_BACKGROUND'],
  ['a device', 'rooms/demo/composites', { background: '/dev/zero' }, 400, 'BAD_BACKGROUND'],
  ['a relative path', 'rooms/demo/composites', { background: 'a.png' }, 400, 'BAD_BACKGROUND'],
])('%s is refused with a sentence', async (_name, path, body, status, code) => {
  const answer = await ask('POST', path, body)
  const { error } = (await answer.json()) as { error: { code: string } }
  expect({ status: answer.status, code: error.code }).toEqual({ status, code })
})

test('a background picture is behind the members, and a room of nobody else shows it alone', async () => {
  const file = temporaryPath('green.png')
  await run('ffmpeg', ['-v', 'error', '-y', '-f', 'lavfi', '-i', 'color=lime:size=64x36', '-frames:v', '1', file])
  await pushes[0]!.stop()
  await ask('DELETE', 'rooms/demo/members/red?banMs=0')
  const wanted = { background: file, except: 'blue', width: 320, height: 180 }
  const composite = await rest<Composite>(server, 'POST', 'rooms/demo/composites', wanted)
  const path = await record(composite!.play.flv)
  const args = ['-v', 'error', '-sseof', '-0.5', '-i', path, '-vf', 'scale=1:1', '-f', 'rawvideo', '-pix_fmt', 'rgb24']
  const { stdout } = await execute('ffmpeg', [...args, '-frames:v', '1', '-'], { encoding: 'buffer' })
  expect(stdout[1]).toBeGreaterThan(200)
  expect(stdout[0]).toBeLessThan(40)
})
