import { spawn, spawnSync } from 'node:child_process'
import type { ChildProcessWithoutNullStreams } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { OracleSrtpInbound, oracleSrtpKeys, pollAll } from '@crossroom/testkit'
import type { DtlsEvent, SrtpKeys, SrtpProfile, UdpPort } from '@crossroom/webrtc'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { now } from './dtls-peers.fake.js'
import { NativeEngine } from './engine.js'
import { srtpOutboundForTest } from './srtp.js'

const hasOpenssl = spawnSync('openssl', ['version']).status === 0
const engine = new NativeEngine()
const folder = mkdtempSync(join(tmpdir(), 'crossroom-dtls-'))
const [key, certificate] = [join(folder, 'key.pem'), join(folder, 'certificate.pem')]

beforeAll(() => {
  if (!hasOpenssl) return
  const options = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-subj', '/CN=peer', '-days', '2']
  spawnSync('openssl', ['req', '-x509', ...options, '-keyout', key, '-out', certificate])
})
afterAll(() => {
  engine.close()
  rmSync(folder, { recursive: true })
})

function fingerprint(): string {
  const text = spawnSync('openssl', ['x509', '-in', certificate, '-noout', '-fingerprint', '-sha256']).stdout.toString()
  return text.split('=')[1]!.trim()
}

/** Answers whoever asks on `port` with one DTLS session; resolves with its first event. */
function serve(port: UdpPort): Promise<DtlsEvent> {
  const remoteFingerprint = { algorithm: 'sha-256', value: fingerprint() }
  const session = engine.dtls.createSession({ role: 'server', remoteFingerprint })
  return new Promise((resolve) => {
    port.start((batch) => {
      for (let i = 0; i < batch.count; i++) {
        const start = i * batch.rowSize
        session.handleInput(now(), batch.bytes.subarray(start, start + batch.lengths[i]!))
        const { outputs, events } = pollAll(session, now())
        for (const out of outputs) port.send(out, batch.addresses[i]!)
        for (const event of events) resolve(event)
      }
    })
  })
}

/** The keying material that s_client prints. */
function exported(child: ChildProcessWithoutNullStreams): Promise<Uint8Array> {
  return new Promise((resolve, reject) => {
    let text = ''
    child.stdout.on('data', (chunk: Buffer) => {
      text += chunk.toString()
      const hex = /Keying material: ([0-9A-F]+)/.exec(text)?.[1]
      if (hex) resolve(Uint8Array.from(Buffer.from(hex, 'hex')))
    })
    child.on('exit', () => reject(new Error(`s_client ended: ${text}`)))
  })
}

/** Client key, server key, client salt, server salt (RFC 5764 section 4.2): the client's view. */
function clientKeys(profile: SrtpProfile, material: Uint8Array): SrtpKeys {
  const salt = profile === 'SRTP_AEAD_AES_128_GCM' ? 12 : 14
  const part = (start: number, length: number): Uint8Array => material.slice(start, start + length)
  const local = { key: part(0, 16), salt: part(32, salt) }
  const remote = { key: part(16, 16), salt: part(32 + salt, salt) }
  return oracleSrtpKeys(profile, local, remote)
}

test.skipIf(!hasOpenssl).each([
  ['SRTP_AEAD_AES_128_GCM', 'SRTP_AEAD_AES_128_GCM', 56],
  ['SRTP_AES128_CM_SHA1_80', 'SRTP_AES128_CM_SHA1_80', 60],
  ['SRTP_AES128_CM_SHA1_80:SRTP_AEAD_AES_128_GCM', 'SRTP_AEAD_AES_128_GCM', 56],
] as const)('openssl s_client offering %s gets %s and the same keys', async (offer, profile, bytes) => {
  const port = engine.udp.open({ host: '127.0.0.1', port: 0 })
  const connected = serve(port)
  const child = spawn('openssl', [
    ...['s_client', '-dtls1_2', '-connect', `127.0.0.1:${port.port}`, '-use_srtp', offer],
    ...['-cert', certificate, '-key', key, '-keymatexport', 'EXTRACTOR-dtls_srtp', '-keymatexportlen', String(bytes)],
  ])
  try {
    const [event, material] = await Promise.all([connected, exported(child)])
    if (event.kind !== 'connected') throw new Error(JSON.stringify(event))
    expect(event.profile).toBe(profile)
    const packet = new Uint8Array(100)
    packet.set([0x80, 96, 0, 1])
    const length = srtpOutboundForTest(event.keys).protectRtp(packet, 50)
    expect(new OracleSrtpInbound(clientKeys(profile, material)).unprotectRtp(packet, length)).toBe(50)
  } finally {
    child.removeAllListeners('exit')
    child.kill()
    port.close()
  }
})

test.skipIf(!hasOpenssl)('a peer without use_srtp gets no session', async () => {
  const port = engine.udp.open({ host: '127.0.0.1', port: 0 })
  const ended = serve(port)
  const child = spawn('openssl', [
    ...['s_client', '-dtls1_2', '-connect', `127.0.0.1:${port.port}`, '-cert', certificate, '-key', key],
  ])
  try {
    expect(await ended).toEqual({ kind: 'failed', reason: 'no-srtp-profile' })
  } finally {
    child.kill()
    port.close()
  }
})
