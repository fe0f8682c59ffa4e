import { Driver } from '@crossroom/media'
import { RtmpServerSession } from '@crossroom/rtmp'
import { VirtualClock } from '@crossroom/testkit'
import { createHmac, randomBytes } from 'node:crypto'
import { setImmediate } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { makeCheck, browser, countingBytes, hmacSha1 } from '../../packages/webrtc/src/ice/checks.fake.js'
import { DtlsScript, ScriptedEngines } from '../../packages/webrtc/src/transport/engines.fake.js'
import { Slots } from '../../packages/server/src/auth/slots.js'
import { RtcPeer } from '../../packages/server/src/endpoints/webrtc/port/peer.js'
import { inListenedTime } from '../../packages/server/src/net/index.js'
import { silentLog } from '../../packages/server/src/observe/index.js'
import { SignalingCounters } from '../../packages/server/src/signaling/counters.js'
import { SignalingSession, type SessionDeps } from '../../packages/server/src/signaling/session.js'
import { RoomStage } from './room-stage.js'
import { SECOND, Stage, videoConfig } from './stage.js'

/** Something that ends by the silence of another side. */
interface Watched {
  readonly clock: VirtualClock
  /** Seconds of silence after which it ends. */
  readonly limit: number
  readonly isOver: () => boolean
}

function publisher(): Watched {
  const stage = new Stage()
  const publication = stage.publish()!
  stage.play(publication, videoConfig(), { frames: 5, gop: 5 })
  stage.watch()
  return { clock: stage.clock, limit: 10, isOver: () => stage.ends.includes('silent') }
}

function grace(): Watched {
  const stage = new Stage()
  const publication = stage.publish()!
  stage.play(publication, videoConfig(), { frames: 5, gop: 5 })
  const { transport } = stage.watch()
  publication.end()
  return { clock: stage.clock, limit: 15, isOver: () => transport.closed !== undefined }
}

function viewer(): Watched {
  const stage = new Stage()
  const publication = stage.publish()!
  const { transport } = stage.watch()
  transport.open = false
  stage.play(publication, videoConfig(), { frames: 2, gop: 5 })
  return { clock: stage.clock, limit: 10, isOver: () => transport.closed === 'stalled' }
}

function resumption(): Watched {
  const stage = new RoomStage()
  const alice = stage.settled('alice')
  stage.settled('bob').member.lost()
  return { clock: stage.clock, limit: 50, isOver: () => alice.connection.all('room.userExit').length > 0 }
}

function rtmpHandshake(): Watched {
  const clock = new VirtualClock()
  const said: string[] = []
  const session = new RtmpServerSession({
    randomBytes: (length) => randomBytes(length),
    hmacSha256: (key, data) => createHmac('sha256', key).update(data).digest(),
  })
  const event = (happened: { readonly type: string }): void => void said.push(happened.type)
  const driver = new Driver(session, inListenedTime(clock), { output: () => undefined, event })
  driver.handleInput(Uint8Array.of(3))
  return { clock, limit: 5, isOver: () => said.includes('closed') }
}

function rtcPeer(connects: boolean): Watched {
  const clock = new VirtualClock()
  const engines = new ScriptedEngines()
  const said: string[] = []
  const nothing = (): void => undefined
  const peer = new RtcPeer({
    clock,
    transport: {
      now: clock.listened(),
      ice: {
        hmacSha1,
        randomBytes: countingBytes(),
        remote: browser,
        endpointOf: () => ({ ip: '192.0.2.7', port: 5 }),
      },
      ...{ dtls: engines, srtp: engines, dtlsRole: 'server' as const },
      remoteFingerprint: { algorithm: 'sha-256', value: 'CD' },
      media: { handleRtp: nothing, handleRtcp: nothing },
    },
    handlers: { connected: nothing, moved: nothing, closed: (reason) => void said.push(reason) },
    ...{ send: nothing, verified: nothing, openable: nothing, dropped: nothing, retired: nothing, closed: nothing },
  })
  const give = (bytes: Uint8Array) => peer.handleDatagram(clock.listened(), clock.now(), 5, bytes.slice())
  if (connects) {
    give(makeCheck(peer.local, { useCandidate: true }))
    give(DtlsScript.hello)
    give(DtlsScript.finished)
    expect(peer.isConnected).toBe(true)
  }
  return { clock, limit: connects ? 30 : 15, isOver: () => said.length > 0 }
}

function signalingSocket(enters: boolean): Watched {
  const clock = new VirtualClock()
  let isOver = false
  const end = (): void => void (isOver = true)
  const socket = { send: () => undefined, terminate: end, close: end, readyState: 1, OPEN: 1, bufferedAmount: 0 }
  const membership = { member: { lost: () => undefined }, result: { heartbeatMs: 10_000 } }
  const deps = {
    ...{ clock, nowMs: () => 0, iceServers: () => [] },
    rooms: { resume: () => Promise.resolve(membership) },
    entryRates: { take: () => 0 },
    ...{ counters: new SignalingCounters(), log: silentLog },
  } as unknown as SessionDeps
  const origin = { remoteAddress: '192.0.2.1', addresses: {} as never, entered: () => undefined }
  const session = new SignalingSession(socket as never, origin, deps)
  const request = { jsonrpc: '2.0', id: 1, method: 'room.resume', params: { resumeToken: 'x'.repeat(24) } }
  if (enters) session.handleMessage(JSON.stringify(request))
  const sweep = (): void => {
    session.handleTimeout(clock.listened())
    clock.after(SECOND, sweep)
  }
  sweep()
  return { clock, limit: enters ? 25 : 10, isOver: () => isOver }
}

function hookSlot(): Watched {
  const clock = new VirtualClock()
  const slots = new Slots(2, 2, (delay, callback) => clock.after(delay, callback))
  void slots.take(3000, 'a')
  let isOver = false
  void slots.take(3000, 'a').then(() => (isOver = true))
  return { clock, limit: 3, isOver: () => isOver }
}

const KINDS: readonly (readonly [string, () => Watched])[] = [
  ['a publisher that sends nothing', publisher],
  ['a stream that waits for its publisher', grace],
  ['a viewer that takes nothing', viewer],
  ['a member whose socket is lost', resumption],
  ['an RTMP handshake', rtmpHandshake],
  ['a WebRTC peer that connects', () => rtcPeer(false)],
  ['a WebRTC peer that consented', () => rtcPeer(true)],
  ['a signaling socket that has not entered', () => signalingSocket(false)],
  ["a member's heartbeat", () => signalingSocket(true)],
  ['a request that waits for a hook', hookSlot],
]

const CASES = KINDS.flatMap(([kind, make]) => [12, 60].map((seconds) => ({ kind, make, seconds })))

test.each(CASES)('$kind survives a server pause of $seconds s', async ({ make, seconds }) => {
  const { clock, limit, isOver } = make()
  // A member enters by promises.
  await setImmediate()
  clock.advance(0.4 * limit * SECOND)
  clock.standStill(seconds * SECOND)
  clock.advance(0.4 * limit * SECOND)
  await Promise.resolve()
  expect(isOver()).toBe(false)
  clock.advance((0.2 * limit + 3) * SECOND)
  await Promise.resolve()
  expect(isOver()).toBe(true)
})
