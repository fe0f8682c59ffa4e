import { connect, createServer, type AddressInfo, type Socket } from 'node:net'
import { afterEach, expect, test } from 'vitest'
import { NativeTcp } from './tcp.js'

const open: { destroy(): void }[] = []
afterEach(() => open.splice(0).forEach((one) => one.destroy()))

/** A connection whose far end reads nothing. */
async function pair(): Promise<{ near: Socket; far: Socket; fd: number }> {
  const server = createServer({ pauseOnConnect: true })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const near = connect({ host: '127.0.0.1', port: (server.address() as AddressInfo).port })
  const [far] = await Promise.all([
    new Promise<Socket>((resolve) => server.once('connection', resolve)),
    new Promise<void>((resolve) => near.once('connect', () => resolve())),
  ])
  server.close()
  near.on('error', () => undefined)
  open.push(near, far)
  return { near, far, fd: (near as unknown as { _handle: { fd: number } })._handle.fd }
}

test.runIf(process.platform === 'linux')(
  'a peer that reads nothing acknowledges no more, and one that reads does',
  async () => {
    const tcp = new NativeTcp()
    const { near, far, fd } = await pair()
    const out = new Float64Array(3)
    const look = () => tcp.tcpProgress(Int32Array.of(fd), 1, out)
    tcp.tcpBoundUnsent(fd, 65_536)
    look()
    expect(out[1]).toBe(0)
    while (near.write(Buffer.alloc(65_536)) || near.writableLength < 1_000_000);
    await new Promise((resolve) => setImmediate(resolve))
    look()
    const [taken, waiting, edge] = out as unknown as [number, number, number]
    expect(waiting).toBeGreaterThan(0)
    // The kernel keeps what was bound and what is on its way, the rest waits here.
    expect(taken + waiting).toBeLessThan(1_000_000)
    far.resume()
    await new Promise((resolve) => near.once('drain', resolve))
    look()
    expect(out[1] === 0 || out[0]! > taken).toBe(true)
    if (edge >= 0) expect(out[2]).toBeGreaterThan(edge)
  },
)

test('a descriptor other than a TCP socket and a short array are reported', () => {
  const tcp = new NativeTcp()
  const out = new Float64Array(3)
  tcp.tcpProgress(Int32Array.of(-1), 1, out)
  expect([...out]).toEqual([-1, -1, -1])
  expect(() => tcp.tcpProgress(Int32Array.of(-1, -1), 2, out)).toThrow('too short')
})
