import { execFileSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { describe, expect, test } from 'vitest'
import { frameOf, viewerKeys, VIDEO_TRACK } from './egress-loopback.cases.js'
import { NativeEngine } from './engine.js'

const BINARY = process.env['CROSSROOM_NATIVE'] ?? fileURLToPath(new URL('../build/crossroom.node', import.meta.url))

/** Opens one of everything, gets the thread to work, and closes nothing. */
const USE = `
  const native = require(${JSON.stringify(BINARY)})
  const port = native.udpOpen('0.0.0.0', 0, 65536, 65536)
  const [bytes, lengths] = [new Uint8Array(256 * 2048), new Uint16Array(256)]
  native.udpStart(port, bytes, lengths, new Uint32Array(256), new Float64Array(256), () => {})
  const egress = native.egressCreate(port, 'x', 1 << 24, true, () => {})
  const keys = native.srtpKeysForTest(0, ...[16, 12, 16, 12].map((length) => new Uint8Array(length)), false)
  const viewer = native.egressAddViewer(egress, keys, 1, native.udpAddressOf(port, '127.0.0.1', 9), 0)
  const track = native.egressAddTrack(egress, viewer, new Uint32Array(19), new Uint8Array())
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

// The sanitizers' allocator keeps what was freed.
test.skipIf(process.env['CROSSROOM_NATIVE'])(
  'sessions, viewers and egresses that come and go leave no memory behind',
  () => {
    const engine = new NativeEngine()
    const port = engine.udp.open({ host: '127.0.0.1', port: 0 })
    const { ours } = viewerKeys('SRTP_AEAD_AES_128_GCM', 1)
    const round = (): void => {
      const egress = engine.createEgress(port, { cname: 'x' })
      const source = egress.addSource({ kind: 'video' })
      for (let i = 0; i < 40; i++) {
        const session = engine.dtls.createSession({ role: 'client', remoteFingerprint: engine.dtls.fingerprint })
        session.handleTimeout(0)
        session.close(0)
        engine.srtp.createInbound(ours).close()
        const viewer = egress.addViewer({ keys: ours, route: { kind: 'tcp' } })
        egress.frame(source, frameOf(20), Uint32Array.of(egress.addTrack(viewer, VIDEO_TRACK)))
      }
      egress.close()
    }
    for (let i = 0; i < 30; i++) round()
    const before = process.memoryUsage().rss
    for (let i = 0; i < 60; i++) round() // 2400 of each: a leak of 10 KiB in one of them would be 24 MiB
    expect(process.memoryUsage().rss - before).toBeLessThan(16 * 1024 * 1024)
    engine.close()
  },
)
