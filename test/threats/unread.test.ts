import { connect, type Socket } from 'node:net'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { WebSocket } from 'ws'
import { asciiBytes } from '@crossroom/webrtc'
import {
  publishRtmp,
  rest,
  startServer,
  until,
  untilStream,
  watchWsFlv,
  type FlvViewer,
  type TestServer,
} from '../harness/index.js'
import { RoomMember } from '../interop/rooms/room-member.js'
import { Bystanders, fattened, rssOf } from './attack.js'
import { clipParts, type ClipParts } from './clip.js'

/** Places of the server: an address alone has half of them. */
const PLACES = 120

let server: TestServer
let target: TestServer
let clip: ClipParts

beforeAll(async () => {
  const args = ['--forward-private', '--connections', String(PLACES)]
  ;[server, target, clip] = await Promise.all([startServer({ args }), startServer(), clipParts()])
})
afterAll(async () => {
  target.process.child.kill('SIGCONT')
  await Promise.all([server.stop(), target.stop()])
})

interface Unread {
  readonly socket: Socket
  isClosed: boolean
}

/** A connection that is written to and not read. */
function unread(port: number): Unread {
  const socket = connect({ host: '127.0.0.1', port }).pause()
  const one = { socket, isClosed: false }
  // Node tells a socket that is not read of its end by an error alone.
  socket.once('error', () => (one.isClosed = true)).once('close', () => (one.isClosed = true))
  return one
}

/** Writes again and again until the server ends the connection, as fast as it takes the bytes. */
async function flood(one: Unread, bytes: Uint8Array): Promise<void> {
  const from = performance.now()
  while (!one.isClosed && performance.now() - from < 25_000) {
    const isTaken = new Promise<void>((resolve) => one.socket.write(bytes, () => resolve()))
    const isLate = new Promise<void>((resolve) => setTimeout(resolve, 500))
    await Promise.race([isTaken, isLate])
  }
  expect(one.isClosed).toBe(true)
}

/** Thousands of questions in each of some connections, the longest answer each: a read of 64 KiB holds a thousand of them. */
async function answersOfRest(): Promise<void> {
  const ask = 'GET /api/v1/openapi.json HTTP/1.1\r\nHost: localhost\r\n\r\n'
  const askers = Array.from({ length: 10 }, () => flood(unread(server.ports['http']!), asciiBytes(ask.repeat(2000))))
  await Promise.all(askers)
}

/** A member of a room where two others talk as fast as they may. */
async function notifications(): Promise<void> {
  const deaf = new WebSocket(`${server.ws}/signal`)
  let isClosed = false
  deaf.once('error', () => (isClosed = true)).once('close', () => (isClosed = true))
  await new Promise((resolve) => deaf.once('open', resolve))
  const params = { protocol: 1, roomId: 'loud', userId: 'deaf', client: { kind: 'other', version: '1' } }
  deaf.send(JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'room.enter', params }))
  await new Promise((resolve) => deaf.once('message', resolve))
  deaf.pause()
  const entered = ['one', 'two'].map((userId) => RoomMember.enter(server, { roomId: 'loud', userId }))
  const talkers = (await Promise.all(entered)).map(({ member }) => member)
  const say = async (member: RoomMember): Promise<void> => {
    await member.ask('message.send', { to: null, kind: 'text', data: 'x'.repeat(8000) }).catch(() => undefined)
  }
  const talking = setInterval(() => void Promise.all(talkers.map(say)), 70)
  // It says that it is there, so that its silence is not the reason.
  const ping = JSON.stringify({ jsonrpc: '2.0', id: 2, method: 'room.ping', params: {} })
  const living = setInterval(() => deaf.send(ping, () => undefined), 500)
  await until('the deaf member to be cut', () => isClosed, { timeoutMs: 25_000 }).finally(() => {
    clearInterval(talking)
    clearInterval(living)
  })
  for (const one of talkers) one.close()
}

/** A publisher that only asks: each ping of RTMP is answered. */
async function commandsOfRtmp(): Promise<void> {
  const peer = await publishRtmp(`${server.rtmp}/live/asks`)
  const one = { socket: peer.socket.pause(), isClosed: false }
  peer.socket.once('error', () => (one.isClosed = true)).once('close', () => (one.isClosed = true))
  // Chunk stream 2, fmt 0: time 0, 6 bytes of type 4 in message stream 0; event 6, a time.
  const ping = Buffer.from('0200000000000604000000000006000000ff', 'hex')
  await flood(one, Buffer.concat(Array.from({ length: 5000 }, () => ping)))
}

/** A server that takes a forwarded stream and then stands still. */
async function forwardTarget(): Promise<void> {
  const publisher = await publishRtmp(`${server.rtmp}/live/heavy`)
  publisher.send([...clip.configs, fattened(clip.pictures[0]!, 10_000)])
  await untilStream(server, 'live/heavy', 'live', 1)
  let sent = 1
  const timer = setInterval(() => {
    const picture = fattened(clip.pictures[sent % 25 === 0 ? 0 : 1]!, 10_000)
    publisher.send([{ ...picture, timestampMs: 40 * sent++ }])
  }, 40)
  try {
    const rule = { stream: 'live/heavy', url: `${target.rtmp}/live/copy` }
    const { id } = (await rest<{ id: string }>(server, 'POST', 'forwards', rule))!
    const stateOf = async () => (await rest<{ state: string }>(server, 'GET', `forwards/${id}`))?.state
    await untilStream(target, 'live/copy', 'live', 25)
    target.process.child.kill('SIGSTOP')
    const isCut = async () => (await stateOf()) !== 'forwarding'
    await until('the target to be let go', isCut, { timeoutMs: 25_000, everyMs: 250 })
    await rest(server, 'DELETE', `forwards/${id}`)
  } finally {
    clearInterval(timer)
    publisher.end()
  }
}

const ATTACKS = { answersOfRest, notifications, commandsOfRtmp, forwardTarget }

test('a client that reads nothing is disconnected, whatever it is sent, at little memory and without effect on others', async () => {
  const bystanders = await Bystanders.start(server, clip.configs, clip.pictures)
  const before = rssOf(server)
  let most = 0
  const timer = setInterval(() => (most = Math.max(most, rssOf(server) - before)), 100)
  const ends = Object.entries(ATTACKS).map(([name, attack]) =>
    attack().then(
      () => [name, 'cut'],
      (error: unknown) => [name, String(error)],
    ),
  )
  const outcome = await Promise.all(ends)
  clearInterval(timer)
  const { lost } = await bystanders.finish()
  expect(outcome).toEqual(Object.keys(ATTACKS).map((name) => [name, 'cut']))
  expect(lost).toBe(0)
  // 8 MiB may wait for each of the other three; what is parsed meanwhile is collected late.
  expect(most).toBeLessThan(96)
}, 60_000)

/** How many of so many connections of one of loopback's addresses stay open once the server has looked at all. */
async function admitted(count: number, from: string, port: number, hello: string): Promise<Socket[]> {
  const sockets = Array.from({ length: count }, () => connect({ host: '127.0.0.1', port, localAddress: from }))
  const closed = new Set<Socket>()
  const settled = sockets.map(
    (socket) =>
      new Promise<void>((resolve) => {
        socket.on('error', () => undefined).once('close', () => resolve(void closed.add(socket)))
        socket.once('data', () => resolve()).write(hello)
      }),
  )
  await Promise.all(settled)
  return sockets.filter((socket) => !closed.has(socket))
}

const WS_FLV =
  'GET /live/taken.flv HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n' +
  'Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n'

test('one address takes half of the connections by WebSocket-FLV, and another one still connects', async () => {
  const publisher = await publishRtmp(`${server.rtmp}/live/taken`)
  publisher.send(clip.tags)
  await untilStream(server, 'live/taken', 'live', 100)
  const greedy = await admitted(PLACES, '127.0.0.2', server.ports['http']!, WS_FLV)
  expect(greedy.length).toBeGreaterThan(PLACES / 4)
  expect(greedy.length).toBeLessThanOrEqual(PLACES / 2)
  expect(await admitted(3, '127.0.0.3', server.ports['http']!, WS_FLV)).toHaveLength(3)
  const viewer: FlvViewer = watchWsFlv(`${server.ws}/live/taken.flv`)
  await viewer.frames(20)
  viewer.close()
  greedy.forEach((socket) => socket.destroy())
  publisher.end()
})

test('one address takes half of the connections by WebRTC over TCP, and another one still connects', async () => {
  const port = server.ports['rtc']!
  const open = async (count: number, localAddress: string): Promise<Socket[]> => {
    const sockets = Array.from({ length: count }, () => connect({ host: '127.0.0.1', port, localAddress }))
    let closed = 0
    for (const socket of sockets) socket.on('error', () => undefined).once('close', () => closed++)
    await Promise.all(sockets.map((one) => new Promise((done) => one.once('connect', done).once('close', done))))
    // Whoever finds no place is let go at once; an answer of HTTP says that all of them have been looked at.
    expect((await fetch(`${server.http}/healthz`)).status).toBe(200)
    if (count > 3) await until('some to be let go', () => closed > 0)
    return sockets.filter((socket) => !socket.destroyed)
  }
  const greedy = await open(PLACES, '127.0.0.4')
  await until('half of them to be let go', () => greedy.filter((one) => !one.destroyed).length <= PLACES / 2)
  const [late] = await open(1, '127.0.0.5')
  expect(late).toBeDefined()
  expect((await fetch(`${server.http}/healthz`)).status).toBe(200)
  expect([late!.destroyed, greedy.some((one) => !one.destroyed)]).toEqual([false, true])
  for (const socket of [late!, ...greedy]) socket.destroy()
})
