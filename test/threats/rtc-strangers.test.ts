import { createHmac, randomBytes } from 'node:crypto'
import { createSocket } from 'node:dgram'
import { request } from 'node:http'
import { connect } from 'node:net'
import { asciiBytes, datagramKind, encodeStun, FRAME_HEADER_BYTES, writeFrame } from '@crossroom/webrtc'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { playOffers } from '../../packages/webrtc/src/sdp/offers.cases.js'
import {
  pushFfmpeg,
  rest,
  startServer,
  until,
  untilStream,
  type ListedStream,
  type RunningProcess,
  type TestServer,
} from '../harness/index.js'
import { WirePeer } from '../interop/webrtc/wire-peer.js'
import { rssOf } from './attack.js'

let server: TestServer
let push: RunningProcess

beforeAll(async () => {
  server = await startServer()
  push = pushFfmpeg({ url: `${server.rtmp}/live/x` })
  await untilStream(server, 'live/x', 'live', 1)
})
afterAll(async () => {
  await push.stop()
  await server.stop()
})

const valueOf = (sdp: string, name: string): string => new RegExp(`a=${name}:(\\S+)`).exec(sdp)![1]!

/** A check that nominates, as the peer of this offer sends it to the server of this answer. */
function checkOf(offer: string, answer: string): Uint8Array {
  const draft = {
    ...{ class: 'request' as const, transactionId: randomBytes(12), priority: 1, useCandidate: true },
    username: `${valueOf(answer, 'ice-ufrag')}:${valueOf(offer, 'ice-ufrag')}`,
    role: { is: 'controlling', tieBreaker: new Uint8Array(8) },
    integrityKey: asciiBytes(valueOf(answer, 'ice-pwd')),
  } as const
  return encodeStun(draft, (key, data) => createHmac('sha1', key).update(data).digest())
}

/** Posts an offer from one of loopback's addresses; the status and the answer. */
function post(sdp: string, from: string, bearer?: string): Promise<{ status: number; answer: string }> {
  const headers = {
    'Content-Type': 'application/sdp',
    ...(bearer !== undefined && { Authorization: `Bearer ${bearer}` }),
  }
  return new Promise((resolve, reject) => {
    const asked = request(`${server.http}/whep/live/x`, { method: 'POST', localAddress: from, headers }, (response) => {
      let answer = ''
      response.on('data', (part: Buffer) => (answer += part.toString()))
      response.on('end', () => resolve({ status: response.statusCode!, answer }))
    })
    asked.on('error', reject).end(sdp)
  })
}

test('one authenticated check from another address redirects no stream to it', async () => {
  let offer = ''
  const peer = await WirePeer.post(`${server.http}/whep/live/x`, { editOffer: (sdp) => (offer = sdp) })
  peer.useUdp()
  await peer.untilFrames(10)
  const victim = createSocket('udp4')
  const kinds = new Set<string>()
  victim.on('message', (bytes) => kinds.add(datagramKind(bytes)))
  victim.send(checkOf(offer, peer.answer), server.ports['rtc'], '127.0.0.1')
  await until('our check', () => kinds.has('stun'))
  await peer.untilFrames(50)
  expect([...kinds]).toEqual(['stun'])
  victim.close()
  await peer.close()
})

test('a TCP peer that sends requests and reads nothing is disconnected, and costs little', async () => {
  const { status, answer } = await post(playOffers.chromium.sdp, '127.0.0.1')
  expect(status).toBe(201)
  const check = checkOf(playOffers.chromium.sdp, answer)
  const framed = new Uint8Array(FRAME_HEADER_BYTES + check.length)
  writeFrame(check, framed, 0)
  const burst = Buffer.concat(Array.from({ length: 500 }, () => framed))
  const before = rssOf(server)
  const socket = connect({ port: server.ports['rtc']!, host: '127.0.0.1' })
  let isClosed = false
  socket.on('error', () => undefined).once('close', () => (isClosed = true))
  socket.pause()
  for (let sent = 0; sent < 400 && !isClosed; sent++)
    await new Promise<void>((resolve) => socket.write(burst, () => resolve()))
  await until('the connection to be cut', () => isClosed)
  expect(rssOf(server) - before).toBeLessThan(64)
})

test('an offer without a connection starts no conversion', async () => {
  const made = async (): Promise<string> => JSON.stringify(await rest(server, 'GET', 'streams/live/x'))
  const offer = playOffers.firefox.sdp.replace(/H264\/90000/g, 'H261/90000')
  expect((await post(offer, '127.0.0.3')).status).toBe(201)
  const { framesIn } = (await rest<ListedStream>(server, 'GET', 'streams/live/x'))!
  await untilStream(server, 'live/x', 'live', framesIn + 25)
  expect(await made()).not.toContain('webrtc-vp8')
  const peer = await WirePeer.post(`${server.http}/whep/live/x`, {
    editOffer: (sdp) => sdp.replace(/H264\/90000/g, 'H261/90000'),
  })
  peer.useUdp()
  await until('the conversion', async () => (await made()).includes('webrtc-vp8'))
  await peer.close()
})

test('one address with invented tokens locks no other client out', async () => {
  const { sdp } = playOffers.chromium
  const statuses = new Set<number>()
  for (let count = 0; count < 600 && !statuses.has(429); count++)
    statuses.add((await post(sdp, '127.0.0.1', `invented-${String(count)}`)).status)
  expect([...statuses].sort()).toEqual([201, 429])
  expect((await post(sdp, '127.0.0.2')).status).toBe(201)
}, 60_000)
