import { execFile } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { json } from 'node:stream/consumers'
import { promisify } from 'node:util'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { pushFfmpeg, rest, startServer, until, untilStream, WITH_KEY, type TestServer } from '../harness/index.js'

const execute = promisify(execFile)

let server: TestServer
let folder: string

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'record-'))
  server = await startServer({ args: ['--record-dir', folder, '--record', 'rule/*#flv'] })
})
afterAll(async () => {
  await server.stop()
  await rm(folder, { recursive: true, force: true })
})

interface File {
  readonly segment: number
  readonly path: string
  readonly durationMs?: number
  readonly bytes?: number
  readonly state: string
}
interface Recording {
  readonly id: string
  readonly state: string
  readonly files: File[]
}

const start = async (
  body: object,
): Promise<{ status: number; body: Recording & { error?: { code: string; message: string } } }> => {
  const response = await fetch(`${server.http}/api/v1/recordings`, {
    method: 'POST',
    headers: { ...WITH_KEY, 'content-type': 'application/json' },
    body: JSON.stringify(body),
  })
  return { status: response.status, body: (await response.json()) as never }
}

const stop = (id: string): Promise<number> =>
  fetch(`${server.http}/api/v1/recordings/${id}/stop`, { method: 'POST', headers: WITH_KEY }).then(
    ({ status }) => status,
  )

const finished = (id: string): Promise<Recording> =>
  until(
    'the recording to be finished',
    async () => {
      const found = await rest<Recording>(server, 'GET', `recordings/${id}`)
      return found?.state === 'ended' && found.files.every(({ state }) => state !== 'writing') && found
    },
    { explain: server.log },
  )

interface Packet {
  readonly codec_type: string
  readonly pts_time: string
  readonly dts_time: string
  readonly data_hash: string
  readonly flags: string
}

async function probe(path: string): Promise<{ packets: Packet[]; duration: number }> {
  const args = ['-v', 'error', '-of', 'json', '-show_packets', '-show_format', '-show_data_hash', 'md5', path]
  const { stdout, stderr } = await execute('ffprobe', args, { maxBuffer: 1 << 28 })
  expect(stderr).toBe('')
  const { packets, format } = JSON.parse(stdout) as { packets: Packet[]; format: { duration: string } }
  return { packets, duration: Number(format.duration) }
}

function hashesOf(packets: readonly Packet[], kind: string): string[] {
  return packets.filter(({ codec_type }) => codec_type === kind).map(({ data_hash }) => data_hash)
}

async function makeClip(name: string, seconds: number, options: readonly string[]): Promise<string> {
  const path = join(folder, name)
  const duration = String(seconds)
  const picture = ['-f', 'lavfi', '-i', `testsrc2=size=320x180:rate=25:duration=${duration}`]
  const sound = ['-f', 'lavfi', '-i', `sine=sample_rate=44100:duration=${duration}`]
  await execute('ffmpeg', ['-v', 'error', ...picture, ...sound, '-c:v', 'libx264', ...options, '-c:a', 'aac', path])
  return path
}

test('segments join without a lost frame, keep sound and picture together, and are downloaded by Range', async () => {
  // B-frames are as encoders send them by default; the sound begins before the picture.
  const clip = await makeClip('joins.flv', 7, ['-bf', '2', '-g', '25'])
  const { status, body } = await start({ stream: 'live/cam', segmentSeconds: 2 })
  expect([status, body.state]).toEqual([201, 'waiting'])
  const twice = await start({ stream: 'live/cam' })
  expect([twice.status, twice.body.error?.code]).toEqual([409, 'BUSY'])
  await pushFfmpeg({ url: `${server.rtmp}/live/cam`, input: ['-re', '-i', clip], output: ['-c', 'copy'] }).exited
  expect(await stop(body.id)).toBe(204)
  expect(await stop(body.id)).toBe(409)
  const { files } = await finished(body.id)
  expect(files.length).toBe(4)

  const source = await probe(clip)
  const packets: Packet[] = []
  for (const file of files) {
    expect(file.path).toMatch(/^live\/cam\/\d{4}-\d\d-\d\d_\d\d-\d\d-\d\d-\d{6}\.mp4$/)
    const segment = await probe(join(folder, file.path))
    expect(Math.abs(segment.duration - file.durationMs! / 1000)).toBeLessThan(0.1)
    expect(segment.packets.find(({ codec_type }) => codec_type === 'video')!.flags).toMatch(/^K/)
    // How far the segment's time is from that of the source: the same for sound and picture.
    const shifts = segment.packets.map(({ codec_type, data_hash, pts_time }) => {
      const original = source.packets.find((one) => one.codec_type === codec_type && one.data_hash === data_hash)
      return Number(pts_time) - Number(original!.pts_time)
    })
    expect(Math.max(...shifts) - Math.min(...shifts)).toBeLessThan(0.02)
    packets.push(...segment.packets)
  }
  for (const kind of ['video', 'audio']) expect(hashesOf(packets, kind)).toEqual(hashesOf(source.packets, kind))

  const file = files[0]!
  const address = `${server.http}/api/v1/recordings/${body.id}/files/${String(file.segment)}`
  const whole = Buffer.from(await (await fetch(address, { headers: WITH_KEY })).arrayBuffer())
  expect(whole.length).toBe(file.bytes)
  const part = await fetch(address, { headers: { ...WITH_KEY, range: 'bytes=100-299' } })
  expect([part.status, part.headers.get('content-range')]).toEqual([206, `bytes 100-299/${String(whole.length)}`])
  expect(Buffer.from(await part.arrayBuffer())).toEqual(whole.subarray(100, 300))
  const beyond = await fetch(address, { headers: { ...WITH_KEY, range: `bytes=${String(whole.length)}-` } })
  expect(beyond.status).toBe(416)
  expect((await fetch(address)).status).toBe(401)
})

test('what the answer of on-publish asks to record is recorded, and what it does not is not', async () => {
  const decides = createServer((request, response) => {
    void json(request).then((body) => {
      response.end(JSON.stringify({ record: (body as { stream: string }).stream === 'yes' }))
    })
  }).listen(0, '127.0.0.1')
  await once(decides, 'listening')
  const { port } = decides.address() as AddressInfo
  const asked = await startServer({ args: ['--on-publish', `http://127.0.0.1:${String(port)}/`] })
  try {
    const pushes = ['no', 'yes'].map((name) => pushFfmpeg({ url: `${asked.rtmp}/hook/${name}` }))
    await Promise.all(['no', 'yes'].map((name) => untilStream(asked, `hook/${name}`, 'live', 20)))
    const { recordings } = (await rest<{ recordings: object[] }>(asked, 'GET', 'recordings'))!
    expect(recordings).toMatchObject([{ stream: 'hook/yes', state: 'recording', source: 'hook' }])
    await Promise.all(pushes.map((push) => push.stop()))
  } finally {
    await asked.stop()
    decides.close()
  }
})

test('what a rule names is recorded as FLV byte for byte, from its first packet', async () => {
  const clip = await makeClip('rule.flv', 3, ['-g', '25'])
  const push = pushFfmpeg({ url: `${server.rtmp}/rule/cam`, input: ['-re', '-i', clip], output: ['-c', 'copy'] })
  await push.exited
  const path = await until('the file', async () => {
    const { recordings } = (await rest<{ recordings: { id: string; stream: string }[] }>(server, 'GET', 'recordings'))!
    const id = recordings.find(({ stream }) => stream === 'rule/cam')?.id
    const found = id === undefined ? undefined : await rest<Recording>(server, 'GET', `recordings/${id}`)
    return found?.files[0]?.state === 'kept' && found.files[0].path
  })
  expect(path).toMatch(/\.flv$/)
  const [expected, actual] = [await probe(clip), await probe(join(folder, path))]
  for (const kind of ['video', 'audio']) {
    expect(hashesOf(actual.packets, kind).length).toBeGreaterThan(60)
    expect(hashesOf(actual.packets, kind)).toEqual(hashesOf(expected.packets, kind))
  }
})

test('a recording that waits for its stream says so, and is stopped and deleted', async () => {
  const { body } = await start({ stream: 'live/nobody' })
  expect(body.state).toBe('waiting')
  expect(await stop(body.id)).toBe(204)
  expect(await rest(server, 'DELETE', `recordings/${body.id}`)).toEqual({})
  expect(await rest(server, 'GET', `recordings/${body.id}`)).toBeUndefined()
  expect(await stop('nothing')).toBe(404)
})

test('what makes no sense is refused with a sentence', async () => {
  for (const wrong of [{}, { stream: '../etc' }, { stream: 'a/b', room: '1' }, { stream: 'a/b', userId: 'u' }]) {
    const { status, body } = await start(wrong)
    expect([status, body.error?.code]).toEqual([400, 'BAD_REQUEST'])
  }
  await expect(startServer({ args: ['--record-path', '../%path-%s'] })).rejects.toThrow(
    /--record-path: A path template/,
  )
  await expect(startServer({ args: ['--record', 'live'] })).rejects.toThrow(/--record: "live" is no rule/)
})
