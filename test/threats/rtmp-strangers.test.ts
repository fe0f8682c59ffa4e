import { afterAll, beforeAll, expect, test } from 'vitest'
import { publishRtmp, startServer, until, type TestServer } from '../harness/index.js'
import { Bystanders, cpuOf, openRaw, rssOf, type RawSocket } from './attack.js'
import { clipParts, type ClipParts } from './clip.js'

let server: TestServer
let clip: ClipParts

beforeAll(async () => {
  ;[server, clip] = await Promise.all([startServer({ args: ['--pending-connections', '400'] }), clipParts()])
})
afterAll(() => server.stop())

const C0_C1 = Buffer.concat([Buffer.of(3), Buffer.alloc(1536)])

const closed = (sockets: readonly RawSocket[]): boolean => sockets.every((one) => one.closedAfterMs !== undefined)
const lifetimes = (sockets: readonly RawSocket[]): number[] => sockets.map((one) => one.closedAfterMs!)

test('R1: silent, stuck and trickling connections are closed in 5 s, those that neither publish nor play in 10 s', async () => {
  const port = server.ports['rtmp']!
  const before = rssOf(server)
  const silent = Array.from({ length: 100 }, () => openRaw(port))
  const stuck = Array.from({ length: 100 }, () => openRaw(port, Buffer.of(3)))
  const trickling = Array.from({ length: 100 }, () => openRaw(port, Buffer.of(3)))
  const trickle = setInterval(() => trickling.forEach(({ socket }) => socket.writable && socket.write('x')), 1000)
  const leaver = await publishRtmp(`${server.rtmp}/live/leaver`)
  // deleteStream, but not the end of the connection.
  leaver.session.close()
  leaver.send([])
  const shaken = Array.from({ length: 20 }, () => openRaw(port, Buffer.concat([C0_C1, Buffer.alloc(1536)])))
  try {
    // The upper bounds leave room for a busy machine, and keep the two deadlines apart.
    const from = performance.now()
    const publisher = await publishRtmp(`${server.rtmp}/live/meanwhile`)
    expect(performance.now() - from).toBeLessThan(2000)
    publisher.end()
    await until('the half-open ones to be closed', () => closed([...silent, ...stuck, ...trickling]))
    expect(rssOf(server) - before).toBeLessThan(16)
    for (const ms of lifetimes([...silent, ...stuck, ...trickling])) {
      expect(ms).toBeGreaterThan(4500)
      expect(ms).toBeLessThan(9000)
    }
    await until('those without a purpose to be closed', () => closed(shaken))
    for (const ms of lifetimes(shaken)) {
      expect(ms).toBeGreaterThan(9500)
      expect(ms).toBeLessThan(14_000)
    }
    await until('the one that stopped publishing to be closed', () => leaver.closed)
  } finally {
    clearInterval(trickle)
  }
})

test('R2: above the limit the oldest unauthorised connection is closed; publishers and players are not affected', async () => {
  const port = server.ports['rtmp']!
  const bystanders = await Bystanders.start(server, clip.configs, clip.pictures)
  const strangers: RawSocket[] = []
  for (let i = 0; i < 500; i++) strangers.push(openRaw(port, Buffer.of(3)))
  await until('a hundred strangers to be closed', () => strangers.filter((one) => one.closedAfterMs).length >= 100)
  expect(strangers.filter((one) => one.closedAfterMs).length).toBe(100)
  // They arrive in about the order in which they were opened.
  expect(strangers.slice(200).filter((one) => one.closedAfterMs)).toEqual([])
  strangers.forEach(({ socket }) => socket.destroy())
  expect((await bystanders.finish()).lost).toBe(0)
})

test('R10: a connection that does not begin like RTMP is closed immediately, without an answer', async () => {
  const port = server.ports['rtmp']!
  const greetings = [
    ...Array.from({ length: 256 }, (_, first) => Buffer.concat([Buffer.of(first), Buffer.alloc(2000)])),
    'GET /live/a.flv HTTP/1.1\r\nHost: x\r\n\r\n',
    Buffer.from('160301020001000', 'hex'),
  ].filter((greeting) => greeting[0] !== 3)
  const sockets = greetings.map((greeting) => openRaw(port, greeting))
  await until('all of them to be closed', () => closed(sockets), { timeoutMs: 4000 })
  expect(sockets.filter((one) => one.received.length > 0)).toEqual([])
})

test('R3: unauthorised peers that start large messages are closed, and cost little until then', async () => {
  const port = server.ports['rtmp']!
  const before = rssOf(server)
  const hello = Buffer.concat([C0_C1, Buffer.alloc(1536)])
  // Type 0 headers on chunk streams 3 and up, of 9000 bytes each, of which one chunk of 128 comes.
  const partial = (i: number) =>
    Buffer.concat([Buffer.of(3 + i, 0, 0, 0, 0, 0x23, 0x28, 20, 0, 0, 0, 0), Buffer.alloc(128)])
  const few = Array.from({ length: 200 }, () => openRaw(port, Buffer.concat([hello, ...[0, 1, 2, 3].map(partial)])))
  const many = Array.from({ length: 20 }, () =>
    openRaw(port, Buffer.concat([hello, ...Array.from({ length: 20 }, (_, i) => partial(i))])),
  )
  const huge = openRaw(port, Buffer.concat([hello, Buffer.of(3, 0, 0, 0, 0xff, 0xff, 0xff, 20, 0, 0, 0, 0)]))
  await until('those that begin too much to be closed', () => closed([...many, huge]), { timeoutMs: 4000 })
  expect(rssOf(server) - before).toBeLessThan(200 * 0.064 + 8)
  few.forEach(({ socket }) => socket.destroy())
})

test('R9: a peer that floods commands is closed after one burst, at little cost', async () => {
  const publisher = await publishRtmp(`${server.rtmp}/live/flood`)
  const cpu = cpuOf(server)
  // createStream with transaction 9, in one chunk on chunk stream 3.
  const body = Buffer.concat([
    Buffer.of(2, 0, 12),
    Buffer.from('createStream'),
    Buffer.from('00402200000000000005', 'hex'),
  ])
  const command = Buffer.concat([Buffer.of(3, 0, 0, 0, 0, 0, body.length, 20, 0, 0, 0, 0), body])
  const flood = Buffer.concat(Array.from({ length: 1000 }, () => command))
  const timer = setInterval(() => publisher.socket.writable && publisher.socket.write(flood), 1)
  try {
    await until('the flooding peer to be closed', () => publisher.closed)
  } finally {
    clearInterval(timer)
  }
  expect(cpuOf(server) - cpu).toBeLessThan(500)
})
