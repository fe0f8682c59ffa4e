import { afterAll, beforeAll, expect, test } from 'vitest'
import { WebSocket } from 'ws'
import { makeRoomJwt } from '../../packages/server/src/auth/room-jwt.js'
import { makeStreamToken } from '../../packages/server/src/auth/stream-token.js'
import { makeTxSecret } from '../../packages/server/src/auth/tx-secret.js'
import { makeTicket } from '../../packages/server/src/auth/user-sig.js'
import { playOffers, publishOffers } from '../../packages/webrtc/src/sdp/offers.cases.js'
import { playRtmp, publishRtmp, startServer, TEST_API_KEY, until, WITH_KEY, type TestServer } from '../harness/index.js'

/** What the log says of whoever shows something wrong, by every door, and of whoever acts by REST. */

const SECRET = 'a secret of thirty-two characters'
const JWT_SECRET = 'another secret of thirty-two chars'

let server: TestServer

beforeAll(async () => {
  const secrets = ['--secret', SECRET, '--jwt-secret', JWT_SECRET, '--publish', 'token', '--play', 'token']
  server = await startServer({ args: [...secrets, '--trust-proxy', '127.0.0.1', '--log-level', 'info'] })
})
afterAll(() => server.stop())

/** Everything that was shown: none of it may be in the log. */
const shown = new Set<string>([SECRET, JWT_SECRET, TEST_API_KEY])
const keep = (text: string): string => (shown.add(text), text)

const nowSeconds = (): number => Math.floor(Date.now() / 1000)
const sig = (secret: string, userId: string, expireSeconds = 600): string =>
  keep(makeTicket(secret, { userId, sdkAppId: 1, issuedAtSeconds: nowSeconds() - 900, expireSeconds: 900 + expireSeconds })) // prettier-ignore
const forged = (userId: string): string => sig('a secret that is not the one', userId)
const token = (secret: string, action: 'publish' | 'play', stream: string, seconds = 600): string =>
  keep(makeStreamToken(secret, { action, app: 'live', stream }, nowSeconds() + seconds))

let addresses = 0
/** Each attempt comes from an address of its own, so that nobody is held back for the failures of another one. */
const fromNext = (): { 'x-forwarded-for': string } => ({ 'x-forwarded-for': `203.0.113.${String(++addresses)}` })

type Headers = Record<string, string>

async function post(path: string, body: string, headers: Headers): Promise<Response> {
  return fetch(`${server.http}${path}`, { method: 'POST', headers, body })
}
const postJson = (path: string, body: object) => (from: Headers) =>
  post(path, JSON.stringify(body), { 'content-type': 'application/json', ...from })
const postSdp = (path: string, offer: string, bearer: string) => (from: Headers) =>
  post(path, offer, { 'content-type': 'application/sdp', authorization: `Bearer ${bearer}`, ...from })
const get =
  (path: string, more: Headers = {}) =>
  (from: Headers) =>
    fetch(`${server.http}${path}`, { headers: { ...more, ...from } })

/** One request by signaling, and one behind it. */
const signal =
  (...requests: readonly [method: string, params: object][]) =>
  (headers: Headers) =>
    new Promise<void>((resolve, reject) => {
      const socket = new WebSocket(`${server.ws}/signal`, { headers })
      let answers = 0
      const next = (): void => {
        const [method, params] = requests[answers]!
        socket.send(JSON.stringify({ jsonrpc: '2.0', id: answers, method, params }))
      }
      socket.once('open', next).once('error', reject)
      socket.on('message', (data: Buffer) => {
        if (!data.toString().includes(`"id":${String(answers)}`)) return
        if (++answers < requests.length) return next()
        socket.terminate()
        resolve()
      })
    })
const enter = (userId: string, userSig: string, roomId = '42'): [string, object] => [
  'room.enter',
  { protocol: 1, roomId, userId, userSig, client: { kind: 'other', version: '1' } },
]
const websocketFlv = (path: string) => (headers: Headers) =>
  new Promise<void>((resolve) => {
    const socket = new WebSocket(`${server.ws}${path}`, { headers })
    socket.once('close', () => resolve()).on('error', () => undefined)
  })
const tried = (attempt: Promise<unknown>): Promise<unknown> => attempt.catch(() => undefined)

interface Attempt {
  readonly door: string
  readonly by: (from: Headers) => Promise<unknown>
  readonly line: Readonly<Record<string, unknown>>
}

/** Every door, with something wrong. */
async function attempts(): Promise<Attempt[]> {
  const old = `/v4/openim/jsonvideoapp?sdkappid=1&identifier=alice&usersig=${encodeURIComponent(forged('alice'))}`
  const elsewhere = keep(await makeRoomJwt(JWT_SECRET, { userId: 'bob', room: '43', expiresAtSeconds: nowSeconds() + 60, audience: undefined })) // prettier-ignore
  const txTime = (nowSeconds() + 600).toString(16).toUpperCase()
  const tx = keep(makeTxSecret('a secret that is not the one', 'cam', txTime))
  const key = keep('a-key-that-is-not-the-one')
  const entered = { what: 'enter', who: 'alice', room: '42', code: 'USER_SIG_INVALID' }
  const denied = (what: string, stream = 'live/cam') => ({ what, stream, code: 'DENIED' })
  return [
    { door: 'signaling', by: signal(enter('alice', forged('alice'))), line: entered },
    { door: 'signaling, too late', by: signal(enter('alice', sig(SECRET, 'alice', -300))), line: { ...entered, code: 'USER_SIG_EXPIRED' } }, // prettier-ignore
    { door: 'signaling, by a JWT', by: signal(enter('bob', elsewhere)), line: { what: 'enter', who: 'bob', room: '42', code: 'JWT_OTHER_ROOM' } }, // prettier-ignore
    { door: 'a renewal', by: signal(enter('carl', sig(SECRET, 'carl')), ['room.renew', { userSig: forged('carl') }]), line: { ...entered, who: 'carl' } }, // prettier-ignore
    { door: 'a return', by: signal(['room.resume', { resumeToken: keep('guessed-resume-token') }]), line: { what: 'resume', code: 'RESUME_FAILED' } }, // prettier-ignore
    { door: 'WHIP into a room', by: postSdp('/whip/push/42?userid=alice', publishOffers.chromium.sdp, forged('alice')), line: entered }, // prettier-ignore
    { door: 'the service of the old component', by: postJson(old, { ReqHead: { GroupId: 42 }, ReqBody: {} }), line: entered }, // prettier-ignore
    { door: 'a ticket', by: postJson('/api/v1/desktop/ticket', { roomId: '42', userId: 'alice', userSig: forged('alice') }), line: entered }, // prettier-ignore
    { door: 'the use of a ticket', by: postJson('/api/v1/desktop/redeem', { ticket: keep('guessed-ticket') }), line: { what: 'redeem', code: 'TICKET_GONE' } }, // prettier-ignore
    { door: 'an invitation', by: postJson('/api/v1/guest', { roomId: '42', invite: keep('guessed-invitation') }), line: { what: 'guest', room: '42', code: 'INVITATION_GONE' } }, // prettier-ignore
    { door: 'HTTP-FLV', by: get(`/live/cam.flv?token=${token('another', 'play', 'cam')}`), line: denied('play') },
    { door: 'HTTP-FLV, by txSecret', by: get(`/live/cam.flv?txSecret=${tx}&txTime=${txTime}`), line: denied('play') },
    { door: 'WebSocket-FLV', by: websocketFlv(`/live/cam.flv?token=${token('another', 'play', 'cam')}`), line: denied('play') }, // prettier-ignore
    { door: 'WHEP', by: postSdp('/whep/live/cam', playOffers.chromium.sdp, token(SECRET, 'play', 'cam', -300)), line: { ...denied('play'), code: 'EXPIRED' } }, // prettier-ignore
    { door: 'WHIP', by: postSdp('/whip/live/cam', publishOffers.chromium.sdp, token(SECRET, 'play', 'cam')), line: denied('publish') }, // prettier-ignore
    { door: 'REST', by: get('/api/v1/rooms', { authorization: `Bearer ${key}` }), line: { what: 'GET /api/v1/rooms', code: 'WRONG_KEY' } }, // prettier-ignore
    { door: 'the figures', by: get('/metrics', { authorization: `Bearer ${key}` }), line: { what: 'GET /metrics', code: 'WRONG_KEY' } }, // prettier-ignore
  ]
}

/** The lines of the audit so far. */
const audit = (): Record<string, unknown>[] =>
  server
    .log()
    .split('\n')
    .filter((line) => line.includes('"kind":"audit"'))
    .map((line) => JSON.parse(line) as Record<string, unknown>)

const untilAudited = (line: object) =>
  until(`${JSON.stringify(line)} in the audit`, () => audit().some((said) => matches(said, line)), { explain: () => JSON.stringify(audit(), null, 1) }) // prettier-ignore
const matches = (said: Record<string, unknown>, line: object): boolean =>
  Object.entries(line).every(([name, value]) => said[name] === value)

test('every kind of refusal is one audit line: action, subject and address', async () => {
  for (const { door, by, line } of await attempts()) {
    const from = fromNext()
    await by(from)
    const wanted = { level: 'warn', ...line, from: from['x-forwarded-for'] }
    await untilAudited(wanted)
    const lines = audit().filter(({ from: address, level }) => level === 'warn' && address === wanted.from)
    expect([door, lines]).toEqual([door, [expect.objectContaining(wanted)]])
  }
})

test('RTMP: a refused publish, play or push into a room is audited', async () => {
  const push = `push/42?sdkappid=1&userid=alice&usersig=${encodeURIComponent(forged('alice'))}`
  await tried(publishRtmp(`${server.rtmp}/${push}`))
  await tried(publishRtmp(`${server.rtmp}/live/cam?token=${token('another', 'publish', 'cam')}`))
  await tried(playRtmp(`${server.rtmp}/live/cam?token=${token(SECRET, 'publish', 'cam')}`))
  const from = '127.0.0.1'
  await untilAudited({ what: 'enter', who: 'alice', room: '42', from, code: 'USER_SIG_INVALID' })
  await untilAudited({ what: 'publish', stream: 'live/cam', from, code: 'DENIED' })
  await untilAudited({ what: 'play', stream: 'live/cam', from, code: 'DENIED' })
})

test('a request to another client’s session with a different token is audited', async () => {
  const publish = token(SECRET, 'publish', 'mine')
  const made = await postSdp('/whip/live/mine', publishOffers.chromium.sdp, publish)(fromNext())
  expect(made.status).toBe(201)
  const url = new URL(made.headers.get('location')!, server.http)
  for (const method of ['DELETE', 'PATCH']) {
    const headers = { authorization: `Bearer ${token(SECRET, 'publish', 'other')}`, ...fromNext() }
    const type = method === 'PATCH' ? { 'content-type': 'application/trickle-ice-sdpfrag' } : {}
    expect((await fetch(url, { method, headers: { ...headers, ...type } })).status).toBe(404)
    await untilAudited({ what: `${method} session`, from: headers['x-forwarded-for'], code: 'OTHER_TOKEN' }) // prettier-ignore
  }
  expect((await fetch(url, { method: 'DELETE', headers: { authorization: `Bearer ${publish}` } })).status).toBe(200)
})

test('every REST action is one audit line, successful or not: action, key and address', async () => {
  const { paths } = (await (await fetch(`${server.http}/api/v1/openapi.json`)).json()) as { paths: Record<string, Record<string, unknown>> } // prettier-ignore
  const acts = Object.entries(paths).flatMap(([path, methods]) =>
    Object.keys(methods)
      .filter((method) => method !== 'get')
      .map((method) => ({ method: method.toUpperCase(), path })),
  )
  expect(acts.length).toBeGreaterThan(10)
  for (const { method, path } of acts) {
    const from = fromNext()
    const url = `${server.http}${path.replace(/\{\w+\}/g, 'nobody')}`
    const json = method === 'DELETE' ? {} : { body: '{"userId":"zoe","stream":"live/x"}' }
    const type = method === 'DELETE' ? {} : { 'content-type': 'application/json' }
    const { status } = await fetch(url, { method, headers: { ...WITH_KEY, ...type, ...from }, ...json })
    const what = `${method} ${path.replace(/\{(\w+)\}/g, ':$1')}`
    const wanted = { level: 'info', what, status, from: from['x-forwarded-for'] }
    await untilAudited(wanted)
    const lines = audit().filter((line) => line['from'] === wanted.from)
    expect(lines).toEqual([expect.objectContaining({ ...wanted, who: expect.stringMatching(/^key [0-9a-f]{8}$/) as string })]) // prettier-ignore
  }
})

test('no audit line contains the presented credentials', () => {
  const log = server.log()
  expect([...shown].filter((text) => log.includes(text))).toEqual([])
  expect(audit().length).toBeGreaterThan(30)
})
