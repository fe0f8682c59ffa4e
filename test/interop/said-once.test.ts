import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { encodeAmf0Values, type FlvTag } from '@crossroom/media'
import { SignJWT } from 'jose'
import {
  hashOf,
  playRtmp,
  publishRtmp,
  rest,
  run,
  startServer,
  until,
  untilStream,
  watchHttpFlv,
  type TestServer,
} from '../harness/index.js'
import { pipelineRtmp } from '../harness/pipelined-rtmp.js'
import { clipParts, type ClipParts } from '../threats/clip.js'

const ANSWER_MS = 400

let hook: Server
let server: TestServer
let clip: ClipParts
let asked = 0

beforeAll(async () => {
  hook = createServer((request, response) => {
    asked++
    let body = ''
    request.on('data', (piece: Buffer) => (body += piece.toString()))
    request.on('end', () =>
      setTimeout(() => response.writeHead(body.includes('forbidden') ? 403 : 200).end('{}'), ANSWER_MS),
    )
  })
  await new Promise<void>((resolve) => hook.listen(0, '127.0.0.1', resolve))
  const url = `http://127.0.0.1:${String((hook.address() as AddressInfo).port)}/`
  const args = ['--on-publish', url]
  ;[server, clip] = await Promise.all([startServer({ args }), clipParts()])
})
afterAll(async () => {
  hook.close()
  await server.stop()
})

test('everything a relay sends in one write, before a hook answers, reaches the viewers', async () => {
  const viewer = watchHttpFlv(`${server.http}/live/relay.flv`)
  const socket = await pipelineRtmp(server.ports['rtmp']!, 'live/relay', clip.tags)
  await untilStream(server, 'live/relay', 'live', clip.media.length)
  // All came at once: the viewer starts with the last group of pictures.
  const lastKey = clip.media.findLastIndex((tag) => tag.kind === 'video' && tag.keyframe)
  const seen = await viewer.frames(clip.media.length - lastKey)
  expect(seen.map((tag) => hashOf(tag.body))).toEqual(clip.media.slice(lastKey).map((tag) => hashOf(tag.body)))
  socket.destroy()
  viewer.close()
})

test('12 MB before the answer of a hook wait in the network, not in the server, and all arrive', async () => {
  const frames = Array.from({ length: 12 }, (_, index) => {
    const body = new Uint8Array(1_000_000).fill(0x55)
    body.set(clip.pictures[0]!.body.subarray(0, 5))
    new DataView(body.buffer).setUint32(5, body.length - 9)
    body[9] = 0x65
    return { type: 9, timestampMs: 40 * index, body }
  })
  const socket = await pipelineRtmp(server.ports['rtmp']!, 'live/fat', [...clip.configs, ...frames])
  await untilStream(server, 'live/fat', 'live', frames.length)
  socket.destroy()
})

test('media sent before a refusal is discarded, and the reason is given', async () => {
  const before = asked
  const socket = await pipelineRtmp(server.ports['rtmp']!, 'live/forbidden', clip.tags)
  let said = ''
  socket.on('data', (piece: Buffer) => (said += piece.toString('latin1')))
  await until('the end of the connection', () => socket.destroyed || socket.readableEnded)
  expect(asked).toBe(before + 1)
  expect(said).toContain('NetStream.Publish.Denied')
  expect(await rest(server, 'GET', 'streams/live/forbidden')).toBeUndefined()
})

test('ffprobe of an RTMP play lists only video and audio', async () => {
  const push = await publishRtmp(`${server.rtmp}/live/probe`)
  push.send(clip.tags)
  const show = ['-v', 'error', '-show_entries', 'stream=codec_type', '-of', 'csv=p=0', '-analyzeduration', '1000000']
  const probed = await run('ffprobe', [...show, `${server.rtmp}/live/probe`], 20_000)
  expect(probed.stdout.trim().split('\n')).toEqual(['video', 'audio'])
  push.end()
})

test('metadata of 300 KB is accepted; more than 1 MB is refused with the reason', async () => {
  const push = await publishRtmp(`${server.rtmp}/live/index`)
  const times = Array.from({ length: 33_000 }, (_, index) => index)
  const metadata = (more: string) => encodeAmf0Values(['onMetaData', { framerate: 25, keyframes: { times }, more }])
  push.send([{ type: 18, timestampMs: 0, body: metadata('') }, ...clip.tags])
  await untilStream(server, 'live/index', 'live', clip.media.length)
  let said = ''
  push.socket.on('data', (piece: Buffer) => (said += piece.toString('latin1')))
  const more = new Array<number>(90_000).fill(1)
  push.send([{ type: 18, timestampMs: 0, body: encodeAmf0Values(['onMetaData', { times, more }]) }])
  await until('the end of the connection', () => push.closed)
  expect(said).toContain('NetStream.Publish.Failed')
  expect(said).toContain('1048576 are allowed')
})

test('onTextData, onCuePoint and unknown script data reach FLV and RTMP players in order, pictures first', async () => {
  const push = await publishRtmp(`${server.rtmp}/live/text`)
  push.send(clip.tags.slice(0, 40))
  await untilStream(server, 'live/text', 'live', 20)
  const viewers = [watchHttpFlv(`${server.http}/live/text.flv`), await playRtmp(`${server.rtmp}/live/text`)]
  const bodies = ['onTextData', 'onCuePoint', 'somethingElse'].map((name) => encodeAmf0Values([name, { text: name }]))
  await until('the first pictures', () => viewers.every((viewer) => viewer.media.length > 0))
  const at = clip.tags[40]!.timestampMs
  push.send([...bodies.map((body, index) => ({ type: 18, timestampMs: at + index, body })), ...clip.tags.slice(40)])
  for (const viewer of viewers) {
    const scripts = (): FlvTag[] => viewer.tags.filter(({ type }) => type === 18).slice(-3)
    await until('the messages', () => scripts().length === 3 && hashOf(scripts()[2]!.body) === hashOf(bodies[2]!))
    expect(scripts().map(({ body }) => hashOf(body))).toEqual(bodies.map(hashOf))
    expect(viewer.tags.findIndex(({ type }) => type === 9)).toBeLessThan(viewer.tags.indexOf(scripts()[0]!))
  }
  push.end()
})

test('a device enters its room by RTMP with a JWT of more than a thousand characters', async () => {
  const secret = 'a secret of more than thirty-two bytes for JWTs'
  const own = await startServer({ args: ['--jwt-secret', secret] })
  const jwt = await new SignJWT({ sub: 'camera', room: '42', groups: 'ward-7 '.repeat(120) })
    .setProtectedHeader({ alg: 'HS256', typ: 'JWT' })
    .setExpirationTime('1h')
    .sign(new TextEncoder().encode(secret))
  expect(jwt.length).toBeGreaterThan(1000)
  const push = await publishRtmp(`${own.rtmp}/push/42?userid=camera&usersig=${jwt}`)
  push.send(clip.tags)
  const camera = { userId: 'camera', streams: [{ hasVideo: true }] }
  const members = async () => (await rest<{ members: object[] }>(own, 'GET', 'rooms/42/members'))?.members ?? []
  await until('the camera to be seen', async () => (await members()).length === 1)
  expect(await members()).toMatchObject([camera])
  push.end()
  await own.stop()
})
