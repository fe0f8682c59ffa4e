import type { Browser } from 'playwright-core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import {
  launchChromium,
  probe,
  pushFfmpeg,
  rest,
  startNginxRtmp,
  startServer,
  until,
  untilStream,
  WITH_KEY,
  type NginxRtmp,
  type RunningProcess,
  type TestServer,
} from '../harness/index.js'
import { BrowserPeer } from './webrtc/browser-peer.js'

/** The server that pushes, and the targets. */
let server: TestServer
let nginx: NginxRtmp
let camera: RunningProcess

beforeAll(async () => {
  server = await startServer({ args: ['--push-private', '127.0.0.0/8'] })
  nginx = await startNginxRtmp()
  camera = pushFfmpeg({ url: `${server.rtmp}/live/cam` })
  await untilStream(server, 'live/cam', 'live', 50)
})
afterAll(async () => {
  await camera.stop()
  await Promise.all([server.stop(), nginx.stop()])
})

interface Push {
  readonly id: string
  readonly url: string
  readonly state: string
  readonly error?: string
  readonly bytesOut: number
}

async function push(body: object, at = server): Promise<{ status: number; body: Push }> {
  const response = await fetch(`${at.http}/api/v1/pushes`, {
    method: 'POST',
    headers: { ...WITH_KEY, 'Content-Type': 'application/json' },
    body: JSON.stringify(body),
  })
  return { status: response.status, body: (await response.json()) as Push }
}

const pushing = (id: string, at = server): Promise<Push> =>
  until(
    'the target to accept the stream',
    async () => {
      const one = await rest<Push>(at, 'GET', `pushes/${id}`)
      return one?.state === 'pushing' && one.bytesOut > 50_000 && one
    },
    { explain: at.log, timeoutMs: 20_000 },
  )
const failed = (id: string, at = server): Promise<string> =>
  until('the push to fail', async () => (await rest<Push>(at, 'GET', `pushes/${id}`))?.error, { explain: at.log })

test('a stream is pushed to nginx-rtmp, and the key is shown nowhere', async () => {
  const { status, body } = await push({ stream: 'live/cam', url: `${nginx.rtmp}/live/KEY-of-cam` })
  expect(status).toBe(201)
  await pushing(body.id)
  const { tracks, packets } = await probe(`${nginx.rtmp}/live/KEY-of-cam`)
  expect(tracks.map(({ codec }) => codec).sort()).toEqual(['aac', 'h264'])
  expect(packets.length).toBeGreaterThan(50)
  expect((await push({ stream: 'live/cam', url: `${nginx.rtmp}/live/KEY-of-cam` })).status).toBe(409)
  const shown = JSON.stringify(await rest(server, 'GET', 'pushes')) + JSON.stringify(body) + server.log()
  expect(shown).not.toContain('KEY-of-cam')
  expect(await rest(server, 'DELETE', `pushes/${body.id}`)).toEqual({})
  expect(await rest(server, 'GET', `pushes/${body.id}`)).toBeUndefined()
})

test('VP8 and Opus of a browser arrive at nginx-rtmp as H.264 and AAC, with sound from the first packet', async () => {
  const browser: Browser = await launchChromium()
  try {
    const name = 'live/page'
    const { body } = await push({ stream: name, url: `${nginx.rtmp}/live/page` })
    const before = nginx.recordings()
    const peer = await BrowserPeer.open(browser, server.http)
    await peer.publish(name, { codec: 'VP8' })
    await pushing(body.id)
    const { tracks } = await probe(`${nginx.rtmp}/live/page`)
    expect(tracks.map(({ codec }) => codec).sort()).toEqual(['aac', 'h264'])
    await peer.close()
    await rest(server, 'DELETE', `pushes/${body.id}`)
    const file = nginx.recordings().find((one) => one.includes('page') && !before.includes(one))
    const recorded = await probe(file!, { seconds: 10 })
    const [sound, picture] = (['audio', 'video'] as const).map((kind) =>
      recorded.packets.find((one) => one.kind === kind),
    )
    expect(picture?.keyframe).toBe(true)
    expect(sound!.dts!).toBeLessThan(0.2)
    expect(picture!.dts!).toBeLessThan(3)
    const times = recorded.packets.filter(({ kind }) => kind === 'audio').map(({ dts = 0 }) => dts)
    const gaps = times.slice(1).map((time, i) => time - times[i]!)
    expect(Math.max(...gaps)).toBeLessThan(0.1)
  } finally {
    await browser.close()
  }
})

test('a target that was killed and is back gets the stream again', async () => {
  const { body } = await push({ stream: 'live/cam', url: `${nginx.rtmp}/live/back` })
  await pushing(body.id)
  await nginx.kill()
  await failed(body.id)
  expect((await rest<Push>(server, 'GET', `pushes/${body.id}`))?.state).not.toBe('pushing')
  await nginx.start()
  await pushing(body.id)
  expect(await rest<Push>(server, 'GET', `pushes/${body.id}`)).not.toHaveProperty('error')
  await rest(server, 'DELETE', `pushes/${body.id}`)
})

test('a wrong key is refused, and the state says so without the key', async () => {
  const other = await startServer({ args: ['--publish', 'token', '--secret', 's'.repeat(32), '--host', '127.0.0.1'] })
  const { body } = await push({ stream: 'live/cam', url: `${other.rtmp}/live/copy?token=WRONG-KEY` })
  expect(await failed(body.id)).toMatch(/refused the stream: .*(token|TOKEN)/)
  const shown = (await rest<Push>(server, 'GET', `pushes/${body.id}`))!
  expect(shown.state).toMatch(/retrying|connecting/)
  expect(JSON.stringify(shown) + server.log()).not.toContain('WRONG-KEY')
  await rest(server, 'DELETE', `pushes/${body.id}`)
  await other.stop()
})

test('a private target is refused unless its network is allowed', async () => {
  for (const host of ['10.0.0.1', '169.254.169.254', '[::1]']) {
    const { body } = await push({ stream: 'live/cam', url: `rtmp://${host}/live/x` })
    expect(await failed(body.id)).toMatch(/private network; --push-private/)
    await rest(server, 'DELETE', `pushes/${body.id}`)
  }
})

test.each([
  ['no place', {}],
  ['two places', { stream: 'live/cam', room: 'yard' }],
  ['a path that leaves', { stream: '../cam' }],
  ['another scheme', { stream: 'live/cam', url: 'ftp://127.0.0.1/live/x' }],
  ['a file', { stream: 'live/cam', url: 'file:///etc/passwd' }],
  ['no stream name', { stream: 'live/cam', url: 'rtmp://127.0.0.1/live' }],
])('%s is refused with a sentence', async (_what, fields) => {
  const { status, body } = await push({ url: `${nginx.rtmp}/live/x`, ...fields })
  expect(status).toBe(400)
  expect(JSON.stringify(body)).toMatch(/message/)
})

/** A device in a room, with a moving picture and a tone. */
async function enter(roomId: string, userId: string): Promise<RunningProcess> {
  const device = pushFfmpeg({ url: `${server.rtmp}/push/${roomId}?userid=${userId}` })
  await until(`${userId} in the room`, async () => {
    const path = `rooms/${roomId}/members`
    const answer = await rest<{ members: { streams: { hasVideo: boolean; hasAudio: boolean }[] }[] }>(
      server,
      'GET',
      path,
    )
    return answer?.members[0]?.streams.some(({ hasAudio, hasVideo }) => hasAudio && hasVideo)
  })
  return device
}

test('a member of a room and the composite of the room are pushed', async () => {
  const member = await push({ room: 'yard', userId: 'gate', url: `${nginx.rtmp}/live/member` })
  const composite = await push({ room: 'yard', url: `${nginx.rtmp}/live/composite` })
  expect(member.body.state).toBe('waiting')
  const device = await enter('yard', 'gate')
  await pushing(member.body.id)
  expect((await rest<Push>(server, 'GET', `pushes/${composite.body.id}`))?.state).toBe('waiting')
  await rest(server, 'POST', 'rooms/yard/composites', { layout: 'grid', width: 320, height: 180, names: false })
  await pushing(composite.body.id)
  const { tracks } = await probe(`${nginx.rtmp}/live/composite`)
  expect(tracks.map(({ codec, width }) => [codec, width]).sort()).toEqual([
    ['aac', undefined],
    ['h264', 320],
  ])
  for (const { body } of [member, composite]) await rest(server, 'DELETE', `pushes/${body.id}`)
  await device.stop()
})

test('a target that hangs is left and told; another one beside it gets everything', async () => {
  const [hung, other] = await Promise.all([startNginxRtmp(), startServer()])
  const [slow, good] = [
    await push({ stream: 'live/cam', url: `${hung.rtmp}/live/hung` }),
    await push({ stream: 'live/cam', url: `${other.rtmp}/live/copy` }),
  ]
  await Promise.all([pushing(slow.body.id), pushing(good.body.id)])
  hung.freeze()
  const before = (await untilStream(other, 'live/copy', 'live')).framesIn
  const from = performance.now()
  expect(
    await until(
      'the hung target to be left',
      async () => (await rest<Push>(server, 'GET', `pushes/${slow.body.id}`))?.error,
      { timeoutMs: 40_000 },
    ),
  ).toBeTruthy()
  const seconds = (performance.now() - from) / 1000
  const got = (await untilStream(other, 'live/copy', 'live')).framesIn - before
  // 25 pictures and 43 sounds a second.
  expect(got / seconds).toBeGreaterThan(60)
  expect(await rest<Push>(server, 'GET', `pushes/${good.body.id}`)).toMatchObject({
    state: 'pushing',
    droppedFrames: 0,
  })
  for (const { body } of [slow, good]) await rest(server, 'DELETE', `pushes/${body.id}`)
  await Promise.all([hung.stop(), other.stop()])
}, 90_000)

test('RTMPS asks for a certificate that can be trusted', async () => {
  const other = await startServer({ args: ['--tls', 'self-signed', '--rtmps-port', '0', '--https-port', '0'] })
  const { body } = await push({
    stream: 'live/cam',
    url: `rtmps://127.0.0.1:${String(other.ports['rtmps'])}/live/copy`,
  })
  expect(await failed(body.id)).toMatch(/self-signed certificate/)
  await rest(server, 'DELETE', `pushes/${body.id}`)
  await other.stop()
})

test('a push of the configuration goes on after a restart of its server', async () => {
  const url = `${nginx.rtmp}/live/configured`
  const args = ['--push-private', '127.0.0.1', '--push', `live/own=${url}`]
  for (let round = 0; round < 2; round++) {
    const own = await startServer({ args })
    const source = pushFfmpeg({ url: `${own.rtmp}/live/own` })
    expect(await pushing('config-1', own)).toMatchObject({ stream: 'live/own', source: 'config' })
    await source.stop()
    await own.stop()
  }
})
