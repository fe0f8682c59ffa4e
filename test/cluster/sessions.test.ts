import { afterAll, beforeAll, expect, test } from 'vitest'
import { playOffers, publishOffers } from '../../packages/webrtc/src/sdp/offers.cases.js'
import { pushFfmpeg, until, untilStream, type RunningProcess, type TestServer } from '../harness/index.js'
import { ClusterStage, statesSeenBy } from './cluster-stage.js'

const SDP = 'application/sdp'
const FRAGMENT = 'application/trickle-ice-sdpfrag'
const NEW_CREDENTIALS = 'a=ice-ufrag:abcdefgh\r\na=ice-pwd:0123456789abcdefghijklmn\r\n'
let stage: ClusterStage
let a: TestServer
let b: TestServer
let push: RunningProcess

beforeAll(async () => {
  stage = await ClusterStage.open()
  ;[a, b] = await Promise.all([stage.start('a'), stage.start('b')])
  await until('both to see each other', async () => {
    const [seenByA, seenByB] = await Promise.all([statesSeenBy(a), statesSeenBy(b)])
    return seenByA['b'] === 'up' && seenByB['a'] === 'up'
  })
  push = pushFfmpeg({ url: `${a.rtmp}/live/x` })
  await untilStream(a, 'live/x', 'live', 1)
})
afterAll(async () => {
  await push.stop()
  await stage.close()
})

/** The path of a new session of node a. */
async function open(path: string, sdp: string, headers: Record<string, string> = {}) {
  const response = await fetch(a.http + path, {
    method: 'POST',
    headers: { 'Content-Type': SDP, ...headers },
    body: sdp,
  })
  const answer = await response.text()
  expect(response.status, answer).toBe(201)
  return { answer, location: response.headers.get('location')!, etag: response.headers.get('etag')! }
}

const patch = (url: string, body: string, headers: Record<string, string>) =>
  fetch(url, { method: 'PATCH', headers: { 'Content-Type': FRAGMENT, ...headers }, body })

test('candidates, an ICE restart and the end of a WHEP session may reach another node', async () => {
  const { answer, location, etag } = await open('/whep/live/x', playOffers.chromium.sdp)
  expect(location).toMatch(/^\/whep\/live\/x\/[A-Za-z0-9]{4}\.[\w-]{22}$/)
  const candidate = 'a=mid:0\r\na=candidate:1 1 udp 2130706431 192.0.2.1 50000 typ host\r\n'
  expect((await patch(b.http + location, candidate, { 'If-Match': etag })).status).toBe(204)
  const restarted = await patch(b.http + location, NEW_CREDENTIALS, { 'If-Match': '*' })
  const ufragOf = (text: string): string => /a=ice-ufrag:(\S+)/.exec(text)![1]!
  expect([restarted.status, restarted.headers.get('content-type')]).toEqual([200, FRAGMENT])
  expect(ufragOf(await restarted.text())).not.toBe(ufragOf(answer))
  expect(restarted.headers.get('etag')).not.toBe(etag)
  expect(restarted.headers.get('access-control-allow-origin')).toBe('*')
  // What is refused there is refused here, with the same sentence.
  const late = await Promise.all([a, b].map(({ http }) => patch(http + location, '', { 'If-Match': etag })))
  expect(late.map(({ status }) => status)).toEqual([412, 412])
  const [first, second] = await Promise.all(late.map((response) => response.text()))
  expect(first).toBe(second)
  expect((await patch(b.http + location, '', { 'If-Match': '*', 'Content-Type': 'text/plain' })).status).toBe(415)
  expect((await patch(b.http + location, 'x'.repeat(70_000), { 'If-Match': '*' })).status).toBe(413)
  expect((await fetch(b.http + location, { method: 'DELETE' })).status).toBe(200)
  expect((await fetch(a.http + location, { method: 'DELETE' })).status).toBe(404)
})

test('a WHIP session is ended through another node, with its token and not with another', async () => {
  const mine = { Authorization: 'Bearer of-mine' }
  const { location } = await open('/whip/live/camera', publishOffers.chromium.sdp, mine)
  const end = (headers: Record<string, string>) => fetch(b.http + location, { method: 'DELETE', headers })
  expect((await end({})).status).toBe(404)
  expect((await end({ Authorization: 'Bearer of-another' })).status).toBe(404)
  await until('the refusal to be logged where the session is', () => a.log().includes('"code":"OTHER_TOKEN"'))
  expect((await end(mine)).status).toBe(200)
  // The name is free again.
  const again = await open('/whip/live/camera', publishOffers.chromium.sdp, mine)
  expect((await fetch(a.http + again.location, { method: 'DELETE', headers: mine })).status).toBe(200)
})

test('an address of nobody is 404; of a frozen node 503 within its deadline, and 404 when it is gone', async () => {
  const c = await stage.start('c')
  await until('c to be seen', async () => (await statesSeenBy(b))['c'] === 'up')
  await until('the stream at c', async () => {
    const response = await fetch(`${c.http}/live/x.flv`)
    await response.body?.cancel()
    return response.status === 200
  })
  const response = await fetch(`${c.http}/whep/live/x`, {
    ...{ method: 'POST', headers: { 'Content-Type': SDP }, body: playOffers.chromium.sdp },
  })
  const location = response.headers.get('location')!
  const end = async (path: string) => (await fetch(b.http + path, { method: 'DELETE' })).status
  expect(await end(location.replace(/\/[^/]{4}\./, '/none.'))).toBe(404)
  expect(await end(location.replace(/\.[^.]+$/, `.${'A'.repeat(22)}`))).toBe(404)
  c.process.child.kill('SIGSTOP')
  const askedAt = performance.now()
  expect(await end(location)).toBe(503)
  expect(performance.now() - askedAt).toBeLessThan(4000)
  await until('c to be gone', async () => (await statesSeenBy(b))['c'] === 'gone')
  expect(await end(location)).toBe(404)
  c.process.child.kill('SIGKILL')
})
