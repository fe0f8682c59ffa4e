import { readFile } from 'node:fs/promises'
import type { FlvTag } from '@crossroom/media'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { makeTxSecret } from '../../packages/server/src/auth/tx-secret.js'
import {
  makeClip,
  publishRtmp,
  rest,
  RtmpPeer,
  startServer,
  tagsOf,
  timesAreSound,
  until,
  untilStream,
  watchHttpFlv,
  watchWsFlv,
  type TestServer,
} from '../harness/index.js'

const SECRET = 'interop-test-key'
let open: TestServer
let gated: TestServer
let tags: FlvTag[]

beforeAll(async () => {
  const [first, second, clip] = await Promise.all([
    startServer(),
    startServer({ args: ['--publish', 'token', '--play', 'token'], env: { CROSSROOM_SECRET: SECRET } }),
    makeClip(),
  ])
  open = first
  gated = second
  tags = tagsOf(await readFile(clip.path))
})
afterAll(() => Promise.all([open.stop(), gated.stop()]))

async function tokenFor(action: 'publish' | 'play', stream: string): Promise<string> {
  const answer = await rest<{ token: string }>(gated, 'POST', 'tokens', { action, stream })
  return answer!.token
}

const spellings: [who: string, spell: (tcUrl: string, args: string) => ConstructorParameters<typeof RtmpPeer>[2]][] = [
  ['OBS and ffmpeg: on the stream name', (tcUrl, args) => ({ tcUrl, app: 'live', streamName: `a${args}` })],
  ['some phones: on tcUrl only', (tcUrl, args) => ({ tcUrl: `${tcUrl}${args}`, app: 'live', streamName: 'a' })],
  ['others: on app and tcUrl', (tcUrl, args) => ({ tcUrl: `${tcUrl}${args}`, app: `live${args}`, streamName: 'a' })],
  ['with a slash behind app', (tcUrl, args) => ({ tcUrl: `${tcUrl}/`, app: 'live/', streamName: `a${args}` })],
]

test.each(spellings)('a token is found wherever the encoder puts it: %s', async (_who, spell) => {
  const args = `?token=${await tokenFor('publish', 'live/a')}&vhost=x`
  const url = `${gated.rtmp}/live/a`
  const publisher = await new RtmpPeer('publish', url, spell(`${gated.rtmp}/live`, args)).agreed()
  expect(publisher.said).toEqual(['publishing'])
  await untilStream(gated, 'live/a', 'live')
  publisher.end()
})

test('txSecret and txTime admit a push of the WeChat kind, and a player with the same pair', async () => {
  const txTime = (Math.floor(Date.now() / 1000) + 600).toString(16).toUpperCase()
  const args = `?txSecret=${makeTxSecret(SECRET, 'phone', txTime)}&txTime=${txTime}`
  const publisher = await publishRtmp(`${gated.rtmp}/live/phone${args}`)
  publisher.send(tags)
  const viewer = watchHttpFlv(`${gated.http}/live/phone.flv${args}`)
  await viewer.frames(100)
  viewer.close()
  publisher.end()
})

test('a missing token, a wrong one and one for the other direction are refused with a sentence', async () => {
  const toPlay = await tokenFor('play', 'live/b')
  for (const args of ['', '?token=wrong', `?token=${toPlay}`])
    await expect(publishRtmp(`${gated.rtmp}/live/b${args}`)).rejects.toThrow('refused NetStream.Publish.Denied')
  const answer = await fetch(`${gated.http}/live/b.flv`)
  expect(answer.status).toBe(401)
  expect(await answer.text()).toBe('Playing this stream requires a token; none was sent.\n')
  const bearer = await fetch(`${gated.http}/live/b.flv`, { headers: { Authorization: `Bearer ${toPlay}` } })
  expect(bearer.status).toBe(404)
})

test('a stream without a publisher is 404 after a short wait, 4404 on a WebSocket, StreamNotFound on RTMP', async () => {
  const from = performance.now()
  const answers = await Promise.all([
    fetch(`${open.http}/live/nobody.flv`).then(async (answer) => [answer.status, await answer.text()]),
    closeCodeOf(`${open.ws}/live/nobody.flv`),
    new RtmpPeer('play', `${open.rtmp}/live/nobody`).agreed().catch(String),
  ])
  expect(answers).toEqual([
    [404, 'live/nobody has no publisher.\n'],
    4404,
    'Error: refused NetStream.Play.StreamNotFound',
  ])
  expect(performance.now() - from).toBeGreaterThan(1900)
  expect(performance.now() - from).toBeLessThan(4500)
})

async function closeCodeOf(url: string): Promise<number | undefined> {
  const viewer = watchWsFlv(url)
  await viewer.end()
  return viewer.status
}

test('a play just before the publish waits for it and gets everything from the first keyframe', async () => {
  const viewer = watchHttpFlv(`${open.http}/live/early.flv`)
  const socketViewer = watchWsFlv(`${open.ws}/live/early.flv`)
  const player = new RtmpPeer('play', `${open.rtmp}/live/early`)
  const publisher = await publishRtmp(`${open.rtmp}/live/early`)
  publisher.send(tags)
  await player.agreed()
  for (const one of [viewer, socketViewer]) {
    const media = await one.frames(130)
    expect(media[0]).toMatchObject({ kind: 'video', keyframe: true, timestampMs: 0 })
    one.close()
  }
  player.end()
  publisher.end()
})

test('HEAD, OPTIONS and CORS are answered, other methods get 405', async () => {
  const publisher = await publishRtmp(`${open.rtmp}/live/http`)
  publisher.send(tags)
  await untilStream(open, 'live/http', 'live', 100)
  const url = `${open.http}/live/http.flv`
  const head = await fetch(url, { method: 'HEAD' })
  expect([head.status, head.headers.get('content-type')]).toEqual([200, 'video/x-flv'])
  expect(head.headers.get('access-control-allow-origin')).toBe('*')
  const preflight = await fetch(url, {
    method: 'OPTIONS',
    headers: { Origin: 'https://servicewechat.com', 'Access-Control-Request-Method': 'GET' },
  })
  expect([preflight.status, preflight.headers.get('access-control-allow-methods')]).toEqual([204, 'GET, HEAD, OPTIONS'])
  const post = await fetch(url, { method: 'POST' })
  expect([post.status, post.headers.get('allow')]).toEqual([405, 'GET, HEAD, OPTIONS'])
  publisher.end()
})

test('busy and reserved names are refused with BadName', async () => {
  const publisher = await publishRtmp(`${open.rtmp}/live/busy`)
  await expect(publishRtmp(`${open.rtmp}/live/busy`)).rejects.toThrow('refused NetStream.Publish.BadName')
  await expect(publishRtmp(`${open.rtmp}/api/v1`)).rejects.toThrow('refused NetStream.Publish.BadName')
  publisher.end()
})

test('a second publisher with the same token takes over immediately; viewers stay, time continues', async () => {
  const args = `?token=${await tokenFor('publish', 'live/phone-moved')}`
  const play = `?token=${await tokenFor('play', 'live/phone-moved')}`
  const first = await publishRtmp(`${gated.rtmp}/live/phone-moved${args}`)
  first.send(tags)
  await untilStream(gated, 'live/phone-moved', 'live', 100)
  const viewer = watchHttpFlv(`${gated.http}/live/phone-moved.flv${play}`)
  const before = (await viewer.frames(100)).length
  const second = await publishRtmp(`${gated.rtmp}/live/phone-moved${args}`)
  await until('the old connection to be closed', () => first.closed)
  second.send(tags)
  expect(timesAreSound(await viewer.frames(before + 100))).toBe(true)
  expect(viewer.ended).toBe(false)
  const other = `?token=${await tokenFor('publish', 'live/other')}`
  await expect(publishRtmp(`${gated.rtmp}/live/phone-moved${other}`)).rejects.toThrow('Publish.Denied')
  second.end()
  viewer.close()
})
