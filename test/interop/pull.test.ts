import { readFile } from 'node:fs/promises'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterAll, beforeAll, expect, test } from 'vitest'
import {
  connectionsOf,
  makeClip,
  pushFfmpeg,
  rest,
  startServer,
  until,
  untilStream,
  watchHttpFlv,
  WITH_KEY,
  type RunningProcess,
  type TestServer,
} from '../harness/index.js'
import { RoomMember } from './rooms/room-member.js'

/** The server that pulls, and the one that it pulls from. */
let server: TestServer
let source: TestServer
let push: RunningProcess

beforeAll(async () => {
  const [pulling, pulled] = await Promise.all([startServer({ args: ['--pull-private', '127.0.0.0/8'] }), startServer()])
  server = pulling
  source = pulled
  push = pushFfmpeg({ url: `${source.rtmp}/live/cam` })
  await untilStream(source, 'live/cam', 'live', 50)
})
afterAll(async () => {
  await push.stop()
  await Promise.all([server.stop(), source.stop()])
})

interface Pull {
  readonly id: string
  readonly url: string
  readonly state: string
  readonly error?: string
}

async function pull(
  body: object,
  at = server,
): Promise<{ status: number; body: Pull & { error?: { message: string } } }> {
  const response = await fetch(`${at.http}/api/v1/pulls`, {
    method: 'POST',
    headers: { ...WITH_KEY, 'Content-Type': 'application/json' },
    body: JSON.stringify(body),
  })
  return { status: response.status, body: (await response.json()) as never }
}

const stateOf = (id: string, at = server): Promise<Pull | undefined> => rest<Pull>(at, 'GET', `pulls/${id}`)
const failed = (id: string, at = server): Promise<string> =>
  until('the pull to fail', async () => (await stateOf(id, at))?.error, { explain: at.log })

const sourceViewers = async (): Promise<number> =>
  (await connectionsOf(source, 'live/cam')).filter(({ role }) => role === 'viewer').length

test.each([
  ['rtmp', () => `${source.rtmp}/live/cam`],
  ['flv', () => `${source.http}/live/cam.flv`],
  ['ws', () => `${source.ws}/live/cam.flv`],
])('a stream of another server is pulled by %s, and played with sound', async (name, url) => {
  const { status, body } = await pull({ url: url(), stream: `pulled/${name}` })
  expect(status).toBe(201)
  const stream = await untilStream(server, `pulled/${name}`, 'live', 50)
  expect([stream.video?.codec, stream.audio?.codec]).toEqual(['h264', 'aac'])
  const viewer = watchHttpFlv(`${server.http}/pulled/${name}.flv`)
  await viewer.frames(60)
  viewer.close()
  expect(await rest(server, 'DELETE', `pulls/${body.id}`)).toEqual({})
  await until('the source to be left', async () => (await sourceViewers()) === 0)
})

test('a stream on demand is pulled for its first viewer, and left after the last', async () => {
  const { body } = await pull({ url: `${source.http}/live/cam.flv`, stream: 'demand/cam', onDemand: true })
  expect(body.state).toBe('waiting')
  const before = performance.now()
  const viewer = watchHttpFlv(`${server.http}/demand/cam.flv`)
  await viewer.frames(1)
  expect(performance.now() - before).toBeLessThan(1500)
  expect(await sourceViewers()).toBe(1)
  viewer.close()
  await until('the source to be left', async () => (await sourceViewers()) === 0)
  expect((await stateOf(body.id))?.state).toBe('waiting')
})

test('a pulled stream is a device of a room', async () => {
  const { member } = await RoomMember.enter(server, { roomId: 'yard', userId: 'alice' })
  await pull({ url: `${source.rtmp}/live/cam`, room: 'yard', userId: 'gate' })
  const gate = await member.user('gate', ({ streams }) => streams.some((stream) => stream.hasAudio && stream.hasVideo))
  expect(gate.role).toBe('device')
  member.close()
})

test('a source that comes back is pulled again within three seconds', async () => {
  const camera = await startServer()
  const args = ['--rtmp-port', String(camera.ports['rtmp']), '--http-port', '0', '--rtc-port', '0']
  const url = `${camera.rtmp}/live/cam`
  const first = pushFfmpeg({ url })
  const { body } = await pull({ url, stream: 'back/cam' })
  await untilStream(server, 'back/cam', 'live', 25)
  await first.stop()
  await camera.stop()
  await failed(body.id)
  const again = await startServer({ args })
  const second = pushFfmpeg({ url })
  await untilStream(again, 'live/cam', 'live', 1)
  const before = performance.now()
  await untilStream(server, 'back/cam', 'live', 1)
  expect(performance.now() - before).toBeLessThan(3000)
  await second.stop()
  await again.stop()
  await rest(server, 'DELETE', `pulls/${body.id}`)
})

/** An HTTP server that answers as the test says. */
async function answering(handle: Parameters<typeof createServer>[1]): Promise<{ url: string; http: Server }> {
  const http = createServer(handle)
  await new Promise<void>((resolve) => http.listen(0, '127.0.0.1', resolve))
  return { url: `http://127.0.0.1:${String((http.address() as AddressInfo).port)}`, http }
}

test('a redirect is followed, but neither into a private network nor for ever', async () => {
  const { url, http } = await answering((request, response) => {
    const [, to = ''] = /to=(.*)/.exec(request.url ?? '') ?? []
    response.writeHead(302, { location: to === 'loop' ? request.url : decodeURIComponent(to) }).end()
  })
  const redirect = (to: string): string => `${url}/a.flv?to=${encodeURIComponent(to)}`
  await pull({ url: redirect(`${source.http}/live/cam.flv`), stream: 'redirect/good' })
  await untilStream(server, 'redirect/good', 'live', 10)
  const bad = { '169.254.169.254/latest/a.flv': /private network/, '10.0.0.1/a.flv': /private network/ }
  for (const [index, [to, sentence]] of Object.entries(bad).entries()) {
    const { body } = await pull({ url: redirect(`http://${to}`), stream: `redirect/${String(index)}` })
    expect(await failed(body.id)).toMatch(sentence)
  }
  const loop = await pull({ url: redirect('loop'), stream: 'redirect/loop' })
  expect(await failed(loop.body.id)).toMatch(/redirects too often/)
  const file = await pull({ url: redirect('file:///etc/passwd'), stream: 'redirect/file' })
  expect(await failed(file.body.id)).toMatch(/no FLV stream/)
  http.close()
})

test('a private target is refused unless its network is allowed', async () => {
  const { body } = await pull({ url: `${server.rtmp}/live/cam`, stream: 'other/cam' }, source)
  expect(await failed(body.id, source)).toMatch(/private network; --pull-private/)
})

test('wrong credentials are told, and shown nowhere', async () => {
  const password = 'correct-horse-battery'
  const { url, http } = await answering((request, response) => {
    const isRight = request.headers.authorization === `Basic ${btoa(`root:${password}`)}`
    if (isRight) void readFile(clip.path).then((bytes) => response.write(bytes))
    else response.writeHead(401).end()
  })
  const clip = await makeClip()
  const withUser = (pass: string): string => `${url.replace('//', `//root:${pass}@`)}/a.flv?token=${password}`
  const wrong = await pull({ url: withUser('wrong-horse-battery'), stream: 'auth/wrong' })
  expect(await failed(wrong.body.id)).toMatch(/HTTP status 401/)
  const right = await pull({ url: withUser(password), stream: 'auth/right' })
  await untilStream(server, 'auth/right', 'live', 10)
  const shown = server.log() + JSON.stringify([right.body, await rest(server, 'GET', 'pulls')])
  expect(shown).not.toMatch(/horse-battery/)
  http.closeAllConnections()
  http.close()
})

test('what is no stream is told in a sentence', async () => {
  const { url, http } = await answering((_request, response) => void response.end('<html>no stream</html>'))
  const { body } = await pull({ url: `${url}/a.flv`, stream: 'bad/html' })
  expect(await failed(body.id)).toMatch(/FLV|ended/)
  const none = await pull({ url: `${source.rtmp}/live/none`, stream: 'bad/none', timeoutMs: 20_000 })
  expect(await failed(none.body.id)).toMatch(/StreamNotFound|No frame/)
  const nobody = await pull({ url: 'http://127.0.0.1:9/a.flv', stream: 'bad/nobody' })
  expect(await failed(nobody.body.id)).toMatch(/ECONNREFUSED/)
  const { status, body: refused } = await pull({ url: 'gopher://h/a', stream: 'bad/scheme' })
  expect([status, refused.error?.message]).toEqual([400, expect.stringContaining('must begin with rtmp://')])
  http.close()
})
