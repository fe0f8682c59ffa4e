import { createSocket } from 'node:dgram'
import { seededRandom, UdpProxy, nowMicros } from '@crossroom/testkit'
import { asciiBytes, encodeStun, parseStun } from '@crossroom/webrtc'
import { createHmac } from 'node:crypto'
import { setTimeout as wait } from 'node:timers/promises'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import {
  AAC,
  pushFfmpeg,
  startServer,
  until,
  untilStream,
  type RunningProcess,
  type TestServer,
} from '../../harness/index.js'
import { WirePeer, type WirePeerOptions } from './wire-peer.js'

const SECOND = 1_000_000
const CLEAN = { delay: 0, jitter: 0, reorder: 0, duplicate: 0, loss: 0 }

let proxy: UdpProxy
let server: TestServer
let push: RunningProcess
/** Made first and looked at last: a session that nobody connects, and how long it was known, in microseconds. */
let abandoned: WirePeer
let abandonedFor: Promise<number>
const peers: WirePeer[] = []

beforeAll(async () => {
  proxy = await UdpProxy.open()
  server = await startServer({ args: ['--rtc-address', `127.0.0.1:${String(proxy.port)}`] })
  proxy.setTarget(server.ports['rtc']!)
  push = pushFfmpeg({ url: `${server.rtmp}/live/x` })
  await untilStream(server, 'live/x', 'live', 25)
  abandoned = await WirePeer.post(address())
  abandonedFor = lifetimeOf(abandoned)
  // When only some of the tests run, the server goes first.
  abandonedFor.catch(() => undefined)
})

afterEach(async () => {
  proxy.change(CLEAN)
  proxy.block(false)
  await Promise.all(peers.splice(0).map((peer) => peer.close()))
})

afterAll(async () => {
  await abandoned.close()
  await push.stop()
  await server.stop()
  proxy.close()
})

const address = (): string => `${server.http}/whep/live/x`

async function lifetimeOf(peer: WirePeer): Promise<number> {
  const from = nowMicros()
  const options = { timeoutMs: 25_000, everyMs: 250 }
  await until('the session that nobody connects is gone', async () => !(await peer.isKnown()), options)
  return nowMicros() - from
}

async function play(): Promise<WirePeer> {
  const peer = await WirePeer.play(address())
  peers.push(peer)
  return peer
}

async function post(options: WirePeerOptions): Promise<WirePeer> {
  const peer = await WirePeer.post(address(), options)
  peers.push(peer)
  return peer
}

describe('the network path to the player changes during playback', () => {
  test('a NAT assigns another port: video continues with the player’s next check', async () => {
    const peer = await play()
    const from = nowMicros()
    proxy.rebind()
    await peer.untilFrames(50)
    expect(peer.longestGapSince(from)).toBeLessThan(3 * SECOND)
    expect(peer.peer.counters.undecryptable).toBe(0)
  })

  test('the player opens another port and checks immediately, as browsers do: video hardly stops', async () => {
    const peer = await play()
    const from = nowMicros()
    peer.moveUdp()
    await peer.untilFrames(25)
    expect(peer.longestGapSince(from)).toBeLessThan(SECOND)
  })

  test('ICE is restarted over another port by PATCH: video continues, and the old ETag is invalid', async () => {
    const peer = await play()
    const [from, { etag }] = [nowMicros(), peer]
    await peer.restartIce()
    peer.moveUdp()
    await peer.untilFrames(25)
    expect(peer.longestGapSince(from)).toBeLessThan(SECOND)
    expect(peer.etag).not.toBe(etag)
    expect(peer.peer.counters.undecryptable).toBe(0)
  })

  test('a change from UDP to TCP and back continues the counters, so nothing looks forged or replayed', async () => {
    const peer = await play()
    for (const way of ['tcp', 'udp', 'tcp'] as const) {
      const from = nowMicros()
      proxy.block(way === 'tcp')
      if (way === 'tcp') await peer.useTcp(server.ports['rtc'])
      else peer.useUdp()
      await peer.untilFrames(25)
      expect(peer.longestGapSince(from), way).toBeLessThan(SECOND)
    }
    expect(peer.peer.counters.undecryptable).toBe(0)
  })
})

test('if UDP is blocked from the start, the same port accepts TCP', async () => {
  proxy.block(true)
  const peer = await post({})
  await peer.useTcp(server.ports['rtc'])
  await until('a second of sound', () => peer.arrivals.filter(({ kind }) => kind === 'audio').length > 50)
  expect(peer.videoFrames).toBeGreaterThan(25)
  expect(peer.peer.counters.undecryptable).toBe(0)
})

test('reordered and duplicated packets cost no frame', async () => {
  const peer = await play()
  const { duplicated } = proxy.counters.down
  proxy.change({ delay: 20_000, jitter: 10_000, reorder: 0.1, duplicate: 0.1 })
  const from = nowMicros()
  await peer.untilFrames(100)
  const passed = (nowMicros() - from) / SECOND
  expect(passed).toBeLessThan(100 / 25 + 1.5)
  expect(proxy.counters.down.duplicated - duplicated).toBeGreaterThan(20)
  expect(peer.longestGapSince(from)).toBeLessThan(SECOND / 2)
})

test('after a network outage of 3 s in a GOP of 10 s video returns immediately, not at the next keyframe', async () => {
  const output = ['-c:v', 'libx264', '-preset', 'ultrafast', '-tune', 'zerolatency', '-g', '250', '-pix_fmt', 'yuv420p']
  const long = pushFfmpeg({ url: `${server.rtmp}/live/long`, output: [...output, ...AAC] })
  await untilStream(server, 'live/long', 'live', 25)
  const peer = await WirePeer.play(`${server.http}/whep/live/long`)
  peers.push(peer)
  // So long a viewer is watched before its silence says anything.
  await peer.untilFrames(75)
  proxy.block(true)
  await wait(3000)
  proxy.block(false)
  const back = nowMicros()
  await peer.untilFrames(10)
  const first = peer.arrivals.find(({ kind, at }) => kind === 'video' && at > back)!
  expect(first.at - back).toBeLessThan(SECOND)
  await long.stop()
})

describe('packets from third parties', () => {
  const random = seededRandom(4711)
  const garbage = (length: number, ...first: number[]): Uint8Array => {
    const bytes = Uint8Array.from({ length }, () => Math.floor(random() * 256))
    bytes.set(first)
    return bytes
  }
  /** By first byte: STUN, DTLS, RTP, RTCP. */
  const forged = (): Uint8Array[] => [
    garbage(60, 0, 1),
    garbage(80, 22, 254, 253),
    garbage(200, 0x80, 111),
    garbage(100, 0x80, 201, 0, 24),
    garbage(40, 0x80, 203, 0, 9),
  ]
  const check = (peer: WirePeer, key?: string): Uint8Array => {
    const transactionId = garbage(12)
    const username = `${/ice-ufrag:(\S+)/.exec(peer.answer)![1]!}:${peer.peer.local.usernameFragment}`
    const draft = { class: 'request', transactionId, username, priority: 1, useCandidate: true } as const
    return encodeStun(key === undefined ? draft : { ...draft, integrityKey: asciiBytes(key) }, (secret, data) =>
      createHmac('sha1', secret).update(data).digest(),
    )
  }

  test('forged and replayed SRTCP ends no session and stops no video, even from the peer’s own address', async () => {
    const peer = await play()
    await until('some reports', () => peer.sentReports.length > 5)
    const from = nowMicros()
    for (let round = 0; round < 200; round++) {
      for (const bytes of forged()) peer.sendRaw(bytes)
      for (const report of peer.sentReports.slice(0, 5)) peer.sendRaw(report)
    }
    await peer.untilFrames(50)
    expect(peer.longestGapSince(from)).toBeLessThan(SECOND)
    expect(await peer.isKnown()).toBe(true)
  })

  test('a check without integrity or with a wrong password gets no answer and moves no media', async () => {
    const peer = await play()
    const stranger = createSocket('udp4')
    let answers = 0
    stranger.on('message', () => answers++)
    const attacks = [check(peer), check(peer, 'a-password-that-is-not-it'), ...forged(), ...peer.sentReports]
    for (const bytes of attacks) {
      stranger.send(bytes, server.ports['rtc'], '127.0.0.1')
      peer.sendRaw(bytes)
    }
    const from = nowMicros()
    await peer.untilFrames(50)
    expect(peer.longestGapSince(from)).toBeLessThan(SECOND)
    expect(answers).toBe(0)
    const ids = new Set(attacks.map((bytes) => Buffer.from(bytes.subarray(8, 20)).toString('hex')))
    for (const message of peer.stun) {
      const { transactionId } = parseStun(message)!
      expect(ids.has(Buffer.from(transactionId).toString('hex'))).toBe(false)
    }
    stranger.close()
  })
})

test('a peer whose certificate differs from its offer is closed immediately and gets no media', async () => {
  const anotherFingerprint = (sdp: string): string =>
    sdp.replace(
      /(a=fingerprint:sha-256 )(..)/g,
      (_, before: string, byte: string) => before + (byte === '00' ? '01' : '00'),
    )
  const peer = await post({ editOffer: anotherFingerprint })
  const from = nowMicros()
  peer.useUdp()
  await until('the session is gone', async () => !(await peer.isKnown()), { everyMs: 10 })
  expect(nowMicros() - from).toBeLessThan(SECOND)
  await until('the reason in the log', () => server.log().includes('fingerprint-mismatch'))
  expect(peer.received.rtp).toBe(0)
})

test('a session that never connects is gone after 15 s', async () => {
  const seconds = (await abandonedFor) / SECOND
  expect(seconds).toBeGreaterThan(14)
  expect(seconds).toBeLessThan(18)
})
