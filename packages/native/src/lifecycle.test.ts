import { execFileSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { describe, expect, test } from 'vitest'

const BINARY = process.env['CROSSROOM_NATIVE'] ?? fileURLToPath(new URL('../build/crossroom.node', import.meta.url))

/** Opens one of everything, gets the thread to work, and closes nothing. */
const USE = `
  const native = require(${JSON.stringify(BINARY)})
  const port = native.udpOpen('0.0.0.0', 0, 65536, 65536)
  const [bytes, lengths] = [new Uint8Array(256 * 2048), new Uint16Array(256)]
  native.udpStart(port, bytes, lengths, new Uint32Array(256), new Float64Array(256), new Int16Array(256), () => {})
  const egress = native.egressCreate(port, 'x', 1 << 24, true, () => {})
  const keys = native.srtpKeysForTest(0, ...[16, 12, 16, 12].map((length) => new Uint8Array(length)), false)
  const destination = native.egressAddDestination(egress, keys, 1, native.udpAddressOf(port, '127.0.0.1', 9), 0)
  const track = native.egressAddTrack(egress, destination, new Uint32Array(19), new Uint8Array())
  const source = native.egressAddSource(egress, true, 1 << 20, 64)
  for (let i = 0; i < 50; i++) {
    const fields = Float64Array.of(i, 1, 1, 1, 0, 0, 255, 1)
    native.egressFrame(egress, source, new Uint8Array(1000), Uint32Array.of(1000), fields, Uint32Array.of(track))
  }
  native.dtlsTick(native.dtlsSession(native.dtlsContext(), false, new Uint8Array(32)))`

function node(script: string): string {
  return execFileSync(process.execPath, ['-e', script], { encoding: 'utf8' })
}

describe('a process that closes nothing', () => {
  test('ends by itself when nothing receives', () => {
    expect(node(`${USE}; native.udpClose(port); console.log('done')`)).toBe('done\n')
  })

  test('may exit at any moment', () => {
    expect(node(`${USE}; console.log('done'); process.exit(0)`)).toBe('done\n')
  })

  test('may end its worker threads', () => {
    const script = `
      const { Worker } = require('node:worker_threads')
      const source = ${JSON.stringify(`${USE}; require('node:worker_threads').parentPort.postMessage('up')`)}
      const start = (left) => {
        if (left === 0) return console.log('done')
        const worker = new Worker(source, { eval: true })
        worker.on('message', () => worker.terminate())
        worker.on('exit', () => start(left - 1))
      }
      start(3)`
    expect(node(script)).toBe('done\n')
  })
})

/** 40 sessions, contexts and destinations, and the egress they were on; 90 times over. Prints how much memory the last 60 took. */
const COME_AND_GO = `
  const native = require(${JSON.stringify(BINARY)})
  const port = native.udpOpen('127.0.0.1', 0, 65536, 65536)
  const context = native.dtlsContext()
  const keys = native.srtpKeysForTest(0, ...[16, 12, 16, 12].map((length) => new Uint8Array(length)), false)
  const payloads = new Uint8Array(20000)
  const ends = Uint32Array.from({ length: 20 }, (_, i) => (i + 1) * 1000)
  const round = () => {
    const egress = native.egressCreate(port, 'x', 1 << 24, true, () => {})
    const source = native.egressAddSource(egress, true, 1 << 20, 64)
    for (let i = 0; i < 40; i++) {
      const session = native.dtlsSession(context, false, new Uint8Array(32))
      native.dtlsTick(session)
      native.dtlsClose(session)
      native.srtpInboundClose(native.srtpInbound(keys))
      const destination = native.egressAddDestination(egress, keys, 2, 0, 0)
      const track = native.egressAddTrack(egress, destination, new Uint32Array(19), new Uint8Array())
      const fields = Float64Array.of(i, 20, 1, 1, 0, 0, 255, 1)
      native.egressFrame(egress, source, payloads, ends, fields, Uint32Array.of(track))
    }
    native.egressClose(egress)
    gc()
  }
  for (let i = 0; i < 30; i++) round()
  const before = process.memoryUsage().rss
  for (let i = 0; i < 60; i++) round()
  console.log(process.memoryUsage().rss - before)`

// The sanitizers' allocator keeps what was freed.
test.skipIf(process.env['CROSSROOM_NATIVE'])('what comes and goes leaves no memory behind', () => {
  const grown = Number(execFileSync(process.execPath, ['--expose-gc', '-e', COME_AND_GO], { encoding: 'utf8' }))
  expect(grown).toBeLessThan(12 * 1024 * 1024) // of 2400 each: a leak of 10 KiB in one of them would be 24 MiB
})
