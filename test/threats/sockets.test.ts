import { connect, type Socket } from 'node:net'
import { connect as connectTls } from 'node:tls'
import { afterAll, beforeAll, expect, test } from 'vitest'
import {
  connectionsOf,
  playRtmp,
  publishRtmp,
  startServer,
  until,
  untilStream,
  untilViewers,
  watchHttpFlv,
  watchWsFlv,
  type TestServer,
} from '../harness/index.js'
import { RoomMember } from '../interop/rooms/room-member.js'
import { WirePeer } from '../interop/webrtc/wire-peer.js'
import { WirePublisher } from '../interop/webrtc/wire-publisher.js'
import { fattened, openFiles, openRaw } from './attack.js'
import { clipParts, looped, type ClipParts } from './clip.js'

/** How long the server stands still. */
const STANDS_STILL_MS = Number(process.env['STILL_MS'] ?? 12_000)

let server: TestServer
let clip: ClipParts

beforeAll(async () => {
  const args = ['--tls', 'self-signed', '--https-port', '0', '--rtmps-port', '0']
  ;[server, clip] = await Promise.all([startServer({ args }), clipParts()])
})
afterAll(() => server.stop())

test('300 half-open TLS handshakes are closed after 5 s, with HTTPS and with RTMPS, while others are answered', async () => {
  const files = openFiles(server)
  // The beginning of a ClientHello; every third says nothing at all.
  const hello = Uint8Array.of(0x16, 3, 1, 2, 0, 1, 0, 1, 0xfc)
  const open = (name: string) => (_: unknown, i: number) => openRaw(server.ports[name]!, i % 3 === 0 ? '' : hello)
  const sockets = [...Array.from({ length: 200 }, open('https')), ...Array.from({ length: 100 }, open('rtmps'))]
  await until('all of them to be open', () => openFiles(server) >= files + 300)
  expect((await fetch(`${server.http}/healthz`)).status).toBe(200)
  await until('all of them to be closed', () => sockets.every((one) => one.closedAfterMs !== undefined))
  expect(Math.max(...sockets.map((one) => one.closedAfterMs!))).toBeLessThan(9000)
  // Codec processes that start meanwhile have a few of their own.
  await until('the server to have forgotten them', () => openFiles(server) <= files + 20)
})

test('every protocol detects a frozen viewer after about 10 s, at high and low bit rates', async () => {
  const rates = { 'live/fast': 1_000_000, 'live/slow': 100_000 }
  const names = Object.keys(rates) as (keyof typeof rates)[]
  const publishers = await Promise.all(names.map((name) => publish(name, rates[name])))
  const viewers = await Promise.all(names.map((name) => frozenViewers(name)))
  await Promise.all(names.map((name) => untilViewers(server, name, 6)))
  const from = performance.now()
  const goneMs = names.map(async (name) => {
    const gone = async () => (await connectionsOf(server, name)).every((one) => one.role !== 'viewer')
    await until(`the viewers of ${name} to be gone`, gone, { timeoutMs: 40_000, everyMs: 250 })
    return performance.now() - from
  })
  const [fast, slow] = await Promise.all(goneMs)
  for (const one of publishers) one.end()
  for (const socket of viewers.flat()) socket.destroy()
  // What the reader's own kernel takes comes on top, some 60 KiB, and the machine that runs the tests may be busy.
  expect(fast).toBeGreaterThan(9500)
  expect(fast).toBeLessThan(20_000)
  expect(slow).toBeLessThan(24_000)
})

test('a server paused for 12 s disconnects no RTMP, WebRTC or signaling client, and logs the pause', async () => {
  const publisher = await publish('live/still', 200_000)
  const rtcPublisher = await WirePublisher.publish(`${server.http}/whip/live/rtc`, looped(clip, 90))
  const rtcViewer = await WirePeer.play(`${server.http}/whep/live/rtc`)
  const { member } = await RoomMember.enter(server, { roomId: 'still', userId: 'anna' })
  const viewer = watchHttpFlv(`${server.http}/live/still.flv`)
  const socket = watchWsFlv(`${server.ws}/live/still.flv`)
  const player = await playRtmp(`${server.rtmp}/live/still`)
  await untilViewers(server, 'live/still', 3)
  const logged = server.log().length
  const { pid } = server.process.child
  process.kill(pid!, 'SIGSTOP')
  await new Promise((resolve) => setTimeout(resolve, STANDS_STILL_MS))
  process.kill(pid!, 'SIGCONT')
  await until('the server to say so', () => server.log().slice(logged).includes('The server stood still'))
  const seen = viewer.media.length
  await Promise.all([viewer.frames(seen + 300, 20_000), rtcViewer.untilFrames(100, 20_000)])
  expect([viewer.ended, socket.ended, player.closed, publisher.isClosed()]).toEqual([false, false, false, false])
  expect([rtcPublisher.isClosed, rtcViewer.closedAt, member.isClosed]).toEqual([false, undefined, false])
  expect(await Promise.all([rtcPublisher.isKnown(), rtcViewer.isKnown()])).toEqual([true, true])
  await member.ask('room.ping', {})
  expect(server.log().slice(logged)).not.toMatch(/"reason":"(timeout|silent|stalled|consent|lost)"/)
  publisher.end()
  for (const one of [viewer, socket, member]) one.close()
  player.end()
  await Promise.all([rtcPublisher.close(), rtcViewer.close()])
})

/** Publishes pictures at a rate, a keyframe each second. */
async function publish(name: string, bitsPerSecond: number): Promise<{ end(): void; isClosed(): boolean }> {
  const bytes = Math.round(bitsPerSecond / 8 / 25)
  const publisher = await publishRtmp(`${server.rtmp}/${name}`)
  publisher.send([...clip.configs, fattened(clip.pictures[0]!, bytes)])
  await untilStream(server, name, 'live', 1)
  let sent = 1
  const timer = setInterval(() => {
    const picture = fattened(clip.pictures[sent % 25 === 0 ? 0 : 1]!, bytes)
    publisher.send([{ ...picture, timestampMs: 40 * sent++ }])
  }, 40)
  return {
    isClosed: () => publisher.closed,
    end: () => {
      clearInterval(timer)
      publisher.end()
    },
  }
}

const UPGRADE =
  'Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n'

/** One viewer of each kind that begins and then reads nothing, as a machine that froze. */
async function frozenViewers(name: string): Promise<Socket[]> {
  const tls = { host: '127.0.0.1', rejectUnauthorized: false }
  const asks = (socket: Socket, headers: string): Socket =>
    socket.on('error', () => undefined).once('data', () => socket.pause()) &&
    (socket.write(`GET /${name}.flv HTTP/1.1\r\nHost: localhost\r\n${headers}\r\n`), socket)
  const plays = async (origin: string): Promise<Socket> => (await playRtmp(`${origin}/${name}`)).socket.pause()
  const { http, https, rtmps } = server.ports as Record<string, number>
  return [
    ...['', UPGRADE].map((headers) => asks(connect({ host: '127.0.0.1', port: http! }), headers)),
    ...['', UPGRADE].map((headers) => asks(connectTls({ ...tls, port: https! }), headers)),
    await plays(server.rtmp),
    await plays(`rtmps://127.0.0.1:${String(rtmps)}`),
  ]
}
