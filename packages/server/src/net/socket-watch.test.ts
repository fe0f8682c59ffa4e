import { connect, createServer, type AddressInfo, type Socket } from 'node:net'
import { VirtualClock } from '@crossroom/testkit'
import { afterEach, expect, test } from 'vitest'
import { SocketWatch, type CutReason, type TcpKernel } from './socket-watch.js'

const SECOND = 1_000_000
const open: Socket[] = []
afterEach(() => open.splice(0).forEach((socket) => socket.destroy()))

/** A socket of ours whose other end reads nothing. */
async function pair(): Promise<{ ours: Socket; theirs: Socket }> {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const theirs = connect({ host: '127.0.0.1', port: (server.address() as AddressInfo).port }).pause()
  const ours = await new Promise<Socket>((resolve) => server.once('connection', resolve))
  server.close()
  open.push(ours, theirs)
  for (const socket of [ours, theirs]) socket.on('error', () => undefined)
  return { ours, theirs }
}

function makeWatch(kernel?: TcpKernel) {
  const clock = new VirtualClock()
  const cut: CutReason[] = []
  const limits = {
    waitingBytes: 1_000_000,
    stalledMicros: 10 * SECOND,
    unsentBytes: 65_536,
    unreadBytes: 32_768,
    sweepMicros: SECOND / 2,
  }
  const watch = new SocketWatch({ clock, limits, kernel, onCut: (_kind, reason) => cut.push(reason) })
  return { clock, cut, watch }
}

/** Writes until the kernel takes no more. */
async function fill(socket: Socket): Promise<void> {
  while (socket.writableLength < 500_000) {
    socket.write(Buffer.alloc(100_000))
    await new Promise((resolve) => setImmediate(resolve))
  }
}

test('a writer that does not look is cut at the write that makes too much wait, and memory with it', async () => {
  const { ours } = await pair()
  const { watch, cut } = makeWatch()
  watch.add(ours, 'test')
  let written = 0
  for (; written < 100_000_000 && !ours.destroyed; written += 100_000) ours.write(Buffer.alloc(100_000))
  expect(cut).toEqual(['overflow'])
  // What the kernel takes at once comes on top.
  expect(written).toBeLessThan(20_000_000)
  expect([watch.size, watch.cuts]).toEqual([0, { overflow: 1, stalled: 0 }])
})

test('a socket whose peer takes nothing is cut after 10 s and not before; one that takes some is not', async () => {
  const { ours, theirs } = await pair()
  const { clock, watch, cut } = makeWatch()
  watch.add(ours, 'test')
  await fill(ours)
  clock.advance(6 * SECOND)
  const taken = ours.bytesWritten - ours.writableLength
  while (ours.bytesWritten - ours.writableLength === taken) {
    theirs.read()
    await new Promise((resolve) => setImmediate(resolve))
  }
  await fill(ours)
  clock.advance(9 * SECOND)
  expect(cut).toEqual([])
  clock.advance(4 * SECOND)
  expect(cut).toEqual(['stalled'])
  expect(ours.destroyed).toBe(true)
})

test('an idle socket, and a server that stood still, are no stall', async () => {
  const [idle, busy] = await Promise.all([pair(), pair()])
  const { clock, watch, cut } = makeWatch()
  watch.add(idle.ours, 'idle')
  watch.add(busy.ours, 'busy')
  await fill(busy.ours)
  clock.advance(5 * SECOND)
  clock.standStill(60 * SECOND)
  clock.advance(4 * SECOND)
  expect(cut).toEqual([])
  clock.advance(8 * SECOND)
  expect(cut).toEqual(['stalled'])
  expect(idle.ours.destroyed).toBe(false)
})

test('bytes that wait in the kernel count where it can be asked, however few they are', async () => {
  const { ours } = await pair()
  let acknowledged = 1000
  const kernel: TcpKernel = {
    tcpBoundUnsent: () => undefined,
    tcpProgress: (_fds, count, out) => {
      for (let i = 0; i < count; i++) out.set([acknowledged, 50, -1], 3 * i)
    },
  }
  const { clock, watch, cut } = makeWatch(kernel)
  watch.add(ours, 'test')
  for (let i = 0; i < 30; i++) {
    acknowledged++
    clock.advance(SECOND)
  }
  expect(cut).toEqual([])
  clock.advance(11 * SECOND)
  expect(cut).toEqual(['stalled'])
})

test('a program that stands still while its kernel takes everything is cut; one that reads, or is sent little, is not', async () => {
  const peers = await Promise.all(['frozen', 'reader', 'slow reader', 'idle', 'deaf'].map(() => pair()))
  // Bytes a second that its kernel takes, and that its program reads.
  const rates = [
    [12_500, 0],
    [125_000, 125_000],
    [125_000, 5_000],
    [0, 0],
    [300, 0],
  ] as const
  const window = 4_000_000
  let passed = 0
  const kernel: TcpKernel = {
    tcpBoundUnsent: () => undefined,
    tcpProgress: (_fds, count, out) => {
      const left = rates.slice(rates.length - count)
      left.forEach(([taken, read], i) => out.set([taken * passed, 0, read * passed + window], 3 * i))
    },
  }
  const { clock, watch, cut } = makeWatch(kernel)
  for (const { ours } of peers) watch.add(ours, 'test')
  const advance = (halfSeconds: number): void => {
    for (let i = 0; i < halfSeconds; i++, passed += 0.5) clock.advance(SECOND / 2)
  }
  advance(19)
  expect(cut).toEqual([])
  advance(3)
  expect(cut).toEqual(['stalled'])
  expect(peers[0]!.ours.destroyed).toBe(true)
  advance(200)
  expect(cut).toEqual(['stalled'])
})
