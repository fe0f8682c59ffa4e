import { parseRtpHeader } from '@crossroom/webrtc'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { playOffers, publishOffers, dataChannelOffer } from '../../../packages/webrtc/src/sdp/offers.cases.js'
import {
  pushFfmpeg,
  startServer,
  until,
  untilStream,
  type RunningProcess,
  type TestServer,
} from '../../harness/index.js'
import { WirePeer } from './wire-peer.js'

const SDP = 'application/sdp'
const FRAGMENT = 'application/trickle-ice-sdpfrag'
const NEW_CREDENTIALS = 'a=ice-ufrag:abcdefgh\r\na=ice-pwd:0123456789abcdefghijklmn\r\n'
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

const post = (path: string, sdp: string, headers: Record<string, string> = {}) =>
  fetch(server.http + path, { method: 'POST', headers: { 'Content-Type': SDP, ...headers }, body: sdp })

async function open(path = '/whep/live/x', sdp = playOffers.chromium.sdp) {
  const response = await post(path, sdp)
  const answer = await response.text()
  expect(response.status, answer).toBe(201)
  const location = new URL(response.headers.get('location')!, server.http).href
  return { response, answer, location, etag: response.headers.get('etag')! }
}

describe('POST', () => {
  test.each(Object.entries(playOffers))('answers the offer of %s', async (_name, { sdp }) => {
    const { response, answer, location } = await open('/whep/live/x', sdp)
    expect(response.headers.get('content-type')).toBe(SDP)
    expect(location).toMatch(/\/whep\/live\/x\/[A-Za-z0-9_-]{22}$/)
    expect(response.headers.get('etag')).toMatch(/^"[^"]+"$/)
    expect(response.headers.get('access-control-allow-origin')).toBe('*')
    expect(response.headers.get('access-control-expose-headers')).toMatch(/Location.*ETag.*Link/)
    expect(answer).toMatch(/a=ice-lite/)
    expect(answer).toMatch(/a=candidate:\S+ 1 udp \d+ 127\.0\.0\.1 \d+ typ host/)
    expect(answer).toMatch(/a=candidate:\S+ 1 tcp \d+ 127\.0\.0\.1 \d+ typ host tcptype passive/)
    expect(answer.match(/^m=/gm)).toHaveLength(2)
    expect(answer.match(/a=sendonly/g)).toHaveLength(2)
    expect(answer).not.toMatch(/x-google/)
    await fetch(location, { method: 'DELETE' })
  })

  test('says in a sentence why no codec fits: 406', async () => {
    const sdp = playOffers.chromium.sdp.replace(/a=rtpmap:(\d+) (H264|VP8)\/90000/g, 'a=rtpmap:$1 H261/90000')
    const audioless = sdp.replace(/a=rtpmap:(\d+) opus\/48000\/2/g, 'a=rtpmap:$1 G729/8000')
    const response = await post('/whep/live/x', audioless)
    expect(response.status).toBe(406)
    expect(await response.text()).toMatch(/wanted H\.264.*offered/)
  })

  test('refuses audio or video that cannot be answered instead of omitting it: 406', async () => {
    const { sdp } = playOffers.chromium
    const soundless = await post('/whep/live/x', sdp.replace(/a=rtpmap:(\d+) opus\/48000\/2/g, 'a=rtpmap:$1 G729/8000'))
    expect([soundless.status, await soundless.text()]).toEqual([406, expect.stringMatching(/No codec fits for audio/)])
    const pictureless = await post('/whep/live/x', sdp.replace(/(H264|VP8)\/90000/g, 'H261/90000'))
    expect([pictureless.status, await pictureless.text()]).toEqual([406, expect.stringMatching(/packetization-mode=1/)])
    const published = await post('/whip/live/y', publishOffers.chromium.sdp.replace(/opus\/48000\/2/g, 'G729/8000'))
    expect(published.status).toBe(406)
  })

  test('an H.264 offer without fmtp, as from plain GStreamer caps, gets packets of single NAL units', async () => {
    const types = new Set<number>()
    const peer = await WirePeer.post(`${server.http}/whep/live/x`, {
      editOffer: (sdp) => sdp.replace(/^a=fmtp:.*packetization-mode.*\r\n/gm, '').replace('VP8/90000', 'H261/90000'),
      onPacket: (packet) => {
        const { payloadType, payloadOffset, payloadLength } = parseRtpHeader(packet)!
        if (peer.answer.includes(`a=rtpmap:${String(payloadType)} H264/`) && payloadLength > 0)
          types.add(packet[payloadOffset]! & 0x1f)
      },
    })
    peer.useUdp()
    await until('pictures', () => peer.videoFrames > 20)
    expect([...types].every((type) => type > 0 && type < 24)).toBe(true)
    expect(types.size).toBeGreaterThan(3)
    await peer.close()
  })

  test('refuses plaintext: 406', async () => {
    const response = await post('/whep/live/x', playOffers.chromium.sdp.replaceAll('UDP/TLS/RTP/SAVPF', 'RTP/AVPF'))
    expect([400, 406]).toContain(response.status)
  })

  test('refuses invalid SDP: 400, 415, 413', async () => {
    expect((await post('/whep/live/x', 'hello')).status).toBe(400)
    expect((await post('/whep/live/x', playOffers.chromium.sdp, { 'Content-Type': 'text/plain' })).status).toBe(415)
    expect((await post('/whep/live/x', 'v=0\r\n'.padEnd(70_000, 'a'))).status).toBe(413)
  })

  test('waits a moment for the stream, then answers 404 with a sentence', async () => {
    const askedAt = performance.now()
    const response = await post('/whep/live/nobody', playOffers.chromium.sdp)
    expect(response.status).toBe(404)
    expect(await response.text()).toMatch(/live\/nobody has no publisher/)
    expect(performance.now() - askedAt).toBeGreaterThan(1000)
  })

  test('accepts video and refuses the data channel beside it', async () => {
    const { answer, location } = await open('/whep/live/x', dataChannelOffer.sdp)
    expect(answer).toMatch(/^m=application 0 /m)
    await fetch(location, { method: 'DELETE' })
  })
})

test('OPTIONS answers without a body, for browsers and for clients that look for the protocol', async () => {
  for (const prefix of ['whep', 'whip']) {
    const response = await fetch(`${server.http}/${prefix}/live/x`, { method: 'OPTIONS' })
    expect(response.status).toBe(204)
    expect(response.headers.get('access-control-allow-methods')).toMatch(/POST.*PATCH.*DELETE/)
    expect(response.headers.get('accept-post')).toBe(SDP)
  }
})

test('unsupported methods are answered with the supported ones: 405', async () => {
  const { location } = await open()
  const refused = [
    ...['GET', 'HEAD', 'PUT', 'PATCH', 'DELETE'].flatMap((method) =>
      ['whep', 'whip'].map((prefix) => [method, `${server.http}/${prefix}/live/x`, 'OPTIONS, POST'] as const),
    ),
    ...['GET', 'HEAD', 'PUT', 'POST'].map((method) => [method, location, 'OPTIONS, PATCH, DELETE'] as const),
  ]
  for (const [method, url, allowed] of refused) {
    const response = await fetch(url, { method, ...(method === 'PUT' && { body: 'x' }) })
    expect([method, response.status, response.headers.get('allow')]).toEqual([method, 405, allowed])
    expect(response.headers.get('access-control-allow-origin')).toBe('*')
  }
  await fetch(location, { method: 'DELETE' })
})

describe('PATCH', () => {
  const patch = (location: string, body: string, headers: Record<string, string>) =>
    fetch(location, { method: 'PATCH', headers: { 'Content-Type': FRAGMENT, ...headers }, body })

  test('accepts candidates for its ETag: 204', async () => {
    const { location, etag } = await open()
    const candidate = 'a=mid:0\r\na=candidate:1 1 udp 2130706431 192.0.2.1 50000 typ host\r\n'
    expect((await patch(location, candidate, { 'If-Match': etag })).status).toBe(204)
    await fetch(location, { method: 'DELETE' })
  })

  test('requires If-Match (428), the right value (412) and the right type (415)', async () => {
    const { location, etag } = await open()
    expect((await patch(location, '', {})).status).toBe(428)
    expect((await patch(location, '', { 'If-Match': '"another"' })).status).toBe(412)
    expect((await patch(location, '', { 'If-Match': etag, 'Content-Type': 'text/plain' })).status).toBe(415)
    await fetch(location, { method: 'DELETE' })
  })

  test('accepts a list of ETags that contains its own, and refuses an invalid list: 400', async () => {
    const { location, etag } = await open()
    expect((await patch(location, '', { 'If-Match': `"other, with a comma", ${etag}` })).status).toBe(204)
    expect((await patch(location, '', { 'If-Match': `"other", "another"` })).status).toBe(412)
    expect((await patch(location, '', { 'If-Match': `W/${etag}` })).status).toBe(412)
    for (const broken of ['plain', '"open', `*, ${etag}`])
      expect((await patch(location, '', { 'If-Match': broken })).status).toBe(400)
    await fetch(location, { method: 'DELETE' })
  })

  test('restarts ICE for If-Match *: new credentials and a new ETag, and the old ETag is invalid', async () => {
    const { location, etag, answer } = await open()
    const response = await patch(location, NEW_CREDENTIALS, { 'If-Match': '*' })
    expect(response.status).toBe(200)
    expect(response.headers.get('content-type')).toBe(FRAGMENT)
    const body = await response.text()
    const ufrag = (text: string) => /a=ice-ufrag:(\S+)/.exec(text)![1]
    expect(ufrag(body)).not.toBe(ufrag(answer))
    expect(response.headers.get('etag')).not.toBe(etag)
    expect((await patch(location, '', { 'If-Match': etag })).status).toBe(412)
    await fetch(location, { method: 'DELETE' })
  })
})

test('DELETE ends the session; afterwards its address is 404', async () => {
  const { location } = await open()
  expect((await fetch(location, { method: 'DELETE' })).status).toBe(200)
  expect((await fetch(location, { method: 'DELETE' })).status).toBe(404)
})

test('a session belongs to its token: without it PATCH and DELETE are 404', async () => {
  const response = await post('/whep/live/x', playOffers.chromium.sdp, { Authorization: 'Bearer of-mine' })
  const location = new URL(response.headers.get('location')!, server.http).href
  expect((await fetch(location, { method: 'DELETE' })).status).toBe(404)
  const stranger = { Authorization: 'Bearer of-another' }
  expect((await fetch(location, { method: 'DELETE', headers: stranger })).status).toBe(404)
  expect((await fetch(location, { method: 'DELETE', headers: { Authorization: 'Bearer of-mine' } })).status).toBe(200)
})

describe('WHIP', () => {
  test.each(Object.entries(publishOffers))('answers the offer of %s, H.264 first', async (name, { sdp }) => {
    const { answer, location } = await open(`/whip/live/${name}`, sdp)
    expect(location).toMatch(/\/whip\/live\//)
    expect(answer.match(/a=recvonly/g)!.length).toBeGreaterThan(0)
    const video = /^m=video \d+ \S+ (\d+)/m.exec(answer)![1]!
    expect(answer).toMatch(new RegExp(`a=rtpmap:${video} H264/90000`))
    // Random loss shall not make Chromium starve its own picture.
    expect(answer).toMatch(new RegExp(`a=fmtp:${video} .*;x-google-min-bitrate=200`))
    await fetch(location, { method: 'DELETE' })
  })

  test('a name that is in use is refused: 409', async () => {
    const { location } = await open('/whip/live/busy', publishOffers.chromium.sdp)
    const second = await post('/whip/live/busy', publishOffers.chromium.sdp)
    expect(second.status).toBe(409)
    expect(await second.text()).toMatch(/live\/busy already has a publisher/)
    await fetch(location, { method: 'DELETE' })
  })
})
