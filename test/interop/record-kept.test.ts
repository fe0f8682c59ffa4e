import { execFile } from 'node:child_process'
import { createHash } from 'node:crypto'
import { copyFileSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterEach, beforeEach, expect, test } from 'vitest'
import {
  pushFfmpeg,
  rest,
  startServer,
  until,
  untilStream,
  type RunningProcess,
  type TestServer,
} from '../harness/index.js'
import {
  startRecording,
  stopRecording,
  untilRecorded,
  untilRecording,
  type ListedRecording,
} from '../harness/recordings.js'
import { STORE_KEY, startS3Store } from '../harness/s3-store.js'
import { RoomMember } from './rooms/room-member.js'

const execute = promisify(execFile)
const COMMAND = join(import.meta.dirname, '../../packages/server/bin/crossroom.js')

let folder: string
let state: string
let stops: (() => Promise<unknown>)[] = []

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'record-'))
  state = mkdtempSync(join(tmpdir(), 'record-state-'))
})
afterEach(async () => {
  for (const stop of stops.reverse()) await stop()
  stops = []
  for (const path of [folder, state]) rmSync(path, { recursive: true, force: true })
})

async function serve(args: readonly string[] = []): Promise<TestServer> {
  // The harness removes a state directory of its own at the end; this one outlives a server.
  const server = await startServer({ args: ['--record-dir', folder, '--state-dir', state, ...args] })
  stops.push(() => server.stop())
  return server
}

function push(server: TestServer, gop = 250): RunningProcess {
  const output = [
    '-c:v',
    'libx264',
    '-preset',
    'ultrafast',
    '-tune',
    'zerolatency',
    '-g',
    String(gop),
    '-pix_fmt',
    'yuv420p',
    '-c:a',
    'aac',
  ]
  const pushing = pushFfmpeg({ url: `${server.rtmp}/live/cam`, output })
  stops.push(() => pushing.stop())
  return pushing
}

const get = (server: TestServer, id: string): Promise<ListedRecording | undefined> =>
  rest<ListedRecording>(server, 'GET', `recordings/${id}`)

/** What REST serves of the file that is written, in seconds of media. */
async function secondsOf(path: string): Promise<number> {
  const { stdout } = await execute('ffprobe', [
    '-v',
    'error',
    '-show_entries',
    'format=duration',
    '-of',
    'csv=p=0',
    path,
  ])
  return Number(stdout)
}

/** A repeatable generator of fractions. */
function seeded(seed: number): () => number {
  let value = seed
  return () => {
    value = (value * 1664525 + 1013904223) % 4294967296
    return value / 4294967296
  }
}

// `KILLS=30 npx vitest run test/interop/record-kept.test.ts -t kill` is the long one.
test('kill -9 of server and record process loses at most a second, and what there is is recovered', async () => {
  const random = seeded(Number(process.env['SEED'] ?? 7))
  const kills = Number(process.env['KILLS'] ?? 2)
  let id: string | undefined
  for (let round = 0; round < kills; round++) {
    const server = await serve()
    const pushing = push(server)
    await untilStream(server, 'live/cam', 'live', 10)
    id ??= (await startRecording(server, { stream: 'live/cam' })).body.id
    const began = await untilRecording(
      server,
      id,
      'a file to be written',
      ({ files }) => files.at(-1)?.state === 'writing',
    )
    const { framesIn } = await untilStream(server, 'live/cam', 'live', 60 + Math.floor(random() * 60))
    const path = join(folder, began.files.at(-1)!.path)
    const isChild = round % 2 === 1
    if (isChild) {
      const pid = Number(readFileSync(join(folder, '.journal/pid'), 'utf8'))
      const killedAt = Date.now()
      process.kill(pid, 'SIGKILL')
      const after = await untilRecording(
        server,
        id,
        'a new file',
        ({ files }) => files.length > began.files.length && files.at(-1)!.state === 'writing',
      )
      const [broken, next] = [after.files.at(-2)!, after.files.at(-1)!]
      expect(broken).toMatchObject({ state: 'kept', recovered: true })
      // The broken one ends before the kill, the next one begins with a keyframe before that.
      expect(broken.startedAt + broken.durationMs!).toBeGreaterThan(killedAt - 1000)
      expect(next.startedAt).toBeLessThan(broken.startedAt + broken.durationMs! + 1000)
      await pushing.stop()
      await server.stop()
    } else {
      const media = (framesIn - 1) / (25 + 44_100 / 1024)
      server.process.child.kill('SIGKILL')
      await pushing.stop()
      expect(await secondsOf(path)).toBeGreaterThan(media - 1)
    }
  }
  const server = await serve()
  const found = await untilRecording(
    server,
    id!,
    'the recovered list',
    ({ files }) => files.length >= kills && files.every((file) => file.state === 'kept'),
  )
  for (const file of found.files)
    expect(Math.abs((await secondsOf(join(folder, file.path))) - file.durationMs! / 1000)).toBeLessThan(0.1)
  expect(found.state).toBe('waiting')
  const { stdout } = await execute(process.execPath, [COMMAND, 'verify', folder])
  expect(stdout).toMatch(/files are as recorded/)
}, 180_000)

test('evidence says who was in the room when, and names every change of a file', async () => {
  const server = await serve(['--record', 'room:court'])
  const alice = await RoomMember.enter(server, { roomId: 'court', userId: 'alice' })
  const device = pushFfmpeg({ url: `${server.rtmp}/push/court?userid=camera` })
  stops.push(() => device.stop())
  await alice.member.user('camera', ({ streams }) => streams.length > 0)
  const list = () => rest<{ recordings: ListedRecording[] }>(server, 'GET', 'recordings')
  const { id } = await until('the rule', async () => (await list())?.recordings.find(({ room }) => room === 'court'))
  const bob = await RoomMember.enter(server, { roomId: 'court', userId: 'bob' })
  bob.member.close()
  await untilRecording(server, id, 'a file', ({ files }) => files.length > 0)
  expect(await stopRecording(server, id)).toBe(204)
  const { files } = await untilRecorded(server, id)
  alice.member.close()

  const verify = (...args: string[]) =>
    execute(process.execPath, [COMMAND, 'verify', folder, ...args]).then(
      ({ stdout }) => ({ code: 0, said: stdout }),
      (error: { code: number; stdout: string; stderr: string }) => ({
        code: error.code,
        said: error.stdout + error.stderr,
      }),
    )
  const manifestPath = join(folder, '.manifest', `${id}.json`)
  await until('the manifest', () => existsSync(manifestPath) && readFileSync(manifestPath, 'utf8').includes('endedAt'))
  expect((await verify('--key', join(state, 'record-key.pem.pub'))).said).toMatch(/1 files are as recorded/)
  const text = readFileSync(manifestPath, 'utf8')
  const manifest = JSON.parse((JSON.parse(text) as { manifest: string }).manifest) as {
    presences: { userId: string; from: number; to?: number }[]
  }
  expect(manifest.presences.map(({ userId }) => userId).sort()).toEqual(['alice', 'bob', 'camera'])
  expect(manifest.presences.find(({ userId }) => userId === 'bob')!.to).toBeGreaterThan(0)

  writeFileSync(manifestPath, text.replace('alice', 'carol'))
  expect(await verify()).toMatchObject({
    code: 1,
    said: expect.stringContaining('signature of the manifest is wrong') as string,
  })
  writeFileSync(manifestPath, text)
  const file = join(folder, files[0]!.path)
  copyFileSync(file, `${file}.copy`)
  const bytes = readFileSync(file)
  bytes[bytes.length - 1]! ^= 1
  writeFileSync(file, bytes)
  expect(await verify()).toMatchObject({ code: 1, said: expect.stringContaining('was changed') as string })
  rmSync(file)
  expect(await verify()).toMatchObject({ code: 1, said: expect.stringContaining('is missing') as string })
  copyFileSync(`${file}.copy`, file)
  writeFileSync(
    join(state, 'other.pem'),
    '-----BEGIN PUBLIC KEY-----\nMCowBQYDK2VwAyEAGb9ECWmEzf6FQbrBZ9w7lshQhqowtrbLDFw4rXAxZuE=\n-----END PUBLIC KEY-----\n',
  )
  expect(await verify('--key', join(state, 'other.pem'))).toMatchObject({
    code: 1,
    said: expect.stringContaining('Another key') as string,
  })
}, 90_000)

test('files go to the store, wait for it while it is down, and are deleted here only when it has them', async () => {
  const store = await startS3Store()
  stops.push(() => store.close())
  const hooks: { event: string; why?: string; isOver?: boolean }[] = []
  const receiver = createServer((request, response) => {
    void (async () => {
      const parts: Buffer[] = []
      for await (const part of request) parts.push(part as Buffer)
      hooks.push(JSON.parse(Buffer.concat(parts).toString()) as never)
      response.end()
    })()
  })
  await new Promise<void>((resolve) => receiver.listen(0, '127.0.0.1', resolve))
  stops.push(() => Promise.resolve(receiver.close()))
  const server = await serve([
    ...['--record-upload', `${store.url}/archive`, '--record-upload-key', STORE_KEY.id],
    ...['--record-upload-secret', STORE_KEY.secret, '--record-max-megabytes', '1'],
    ...['--on-record', `http://127.0.0.1:${String((receiver.address() as AddressInfo).port)}/`],
  ])
  store.failWith(503)
  push(server, 25)
  await untilStream(server, 'live/cam', 'live', 10)
  const { body } = await startRecording(server, { stream: 'live/cam', segmentSeconds: 1 })
  await untilRecording(server, body.id, 'files', ({ files }) => files.length > 3)
  await until('the hook', () => hooks.find(({ event, isOver }) => event === 'record_trouble' && isOver === false))
  const ready = (await (await fetch(`${server.http}/readyz`)).json()) as {
    parts: { record: { on: boolean; why: string } }
  }
  expect(ready.parts.record).toMatchObject({ on: false, why: expect.stringContaining('HTTP status 503') as string })
  expect((await get(server, body.id))!.files.some(({ uploaded, state: is }) => uploaded || is === 'deleted')).toBe(
    false,
  )
  store.failWith(undefined)
  await stopRecording(server, body.id)
  const { files } = await untilRecording(
    server,
    body.id,
    'the uploads',
    (found) => found.state === 'ended' && found.files.every(({ uploaded }) => uploaded),
    30_000,
  )
  for (const { path, sha256, state: is } of files) {
    const stored = await store.get(`archive/${path}`)
    expect(createHash('sha256').update(stored!).digest('hex')).toBe(sha256)
    // It may have been deleted since it was listed.
    const isHere = is === 'kept' && existsSync(join(folder, path))
    if (isHere) expect(readFileSync(join(folder, path))).toEqual(stored)
  }
  await until('the manifest in the store', () => store.get(`archive/.manifest/${body.id}.json`))
  await until('that it is over', () => hooks.find(({ event, isOver }) => event === 'record_trouble' && isOver === true))
  expect(new Set(hooks.map(({ event }) => event))).toEqual(
    new Set(['record_start', 'record_segment', 'record_stop', 'record_trouble']),
  )
}, 90_000)

test('a store that refuses the signature is told, and nothing is lost', async () => {
  const store = await startS3Store('another secret')
  stops.push(() => store.close())
  const args = ['--record-upload', store.url, '--record-upload-key', STORE_KEY.id, '--record-upload-secret', 'wrong']
  const server = await serve(args)
  push(server)
  await untilStream(server, 'live/cam', 'live', 30)
  const { body } = await startRecording(server, { stream: 'live/cam' })
  await untilRecording(server, body.id, 'a file', ({ files }) => files.length > 0)
  await stopRecording(server, body.id)
  const { files } = await untilRecorded(server, body.id)
  await until('the refusal', () => store.requests.some(({ status }) => status === 403))
  await until('the log', () => server.log().includes('Recordings cannot be uploaded (HTTP status 403)'))
  expect(server.log()).not.toContain('wrong')
  expect(existsSync(join(folder, files[0]!.path))).toBe(true)
})
