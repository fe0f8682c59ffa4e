import { readFile } from 'node:fs/promises'
import { afterAll, beforeAll, expect, test } from 'vitest'
import {
  LOW_DELAY,
  makeClip,
  playRtmp,
  publishRtmp,
  pushTags,
  RtmpPeer,
  startServer,
  tagsOf,
  until,
  watchHttpFlv,
  watchWsFlv,
  type TestServer,
} from '../../harness/index.js'
import { playOffers, publishOffers } from '../../../packages/webrtc/src/sdp/offers.cases.js'
import { makeRoomJwt } from '../../../packages/server/src/auth/room-jwt.js'
import { makeStreamToken } from '../../../packages/server/src/auth/stream-token.js'
import { makeTxSecret } from '../../../packages/server/src/auth/tx-secret.js'
import { makeTicket } from '../../../packages/server/src/auth/user-sig.js'
import { RoomMember } from './room-member.js'

const SECRET = 'secret-of-the-operator'
const JWT_SECRET = 'jwt-secret-of-the-operator-32-bytes'
const API_KEY = 'api-key-of-the-operator'
const SDK_APP_ID = 1_400_000_001

let server: TestServer

beforeAll(async () => {
  const keys = ['--secret', SECRET, '--sdk-app-id', String(SDK_APP_ID), '--jwt-secret', JWT_SECRET]
  server = await startServer({
    args: [...keys, '--api-key', API_KEY, '--publish', 'token', '--play', 'token', '--forward-private'],
  })
})
afterAll(() => server.stop())

const nowSeconds = (): number => Math.floor(Date.now() / 1000)

/** Makes credentials and remembers each, so that the log can be searched for it. */
class Secrets {
  readonly all = new Set([SECRET, JWT_SECRET, API_KEY])

  keep(secret: string): string {
    this.all.add(secret)
    return secret
  }

  userSig(userId: string, secret = SECRET): string {
    const options = { userId, sdkAppId: SDK_APP_ID, issuedAtSeconds: nowSeconds(), expireSeconds: 3600 }
    return this.keep(makeTicket(secret, options))
  }

  async jwt(userId: string): Promise<string> {
    const options = { userId, room: undefined, expiresAtSeconds: nowSeconds() + 3600, audience: undefined }
    return this.keep(await makeRoomJwt(JWT_SECRET, options))
  }

  streamToken(action: 'publish' | 'play', stream: string): string {
    return this.keep(makeStreamToken(SECRET, { action, app: 'live', stream }, nowSeconds() + 3600))
  }

  /** The token of `/r/TOKEN`. */
  keepTokenOf(address: string): string {
    this.keep(/\/r\/([\w-]+)/.exec(address)![1]!)
    return address
  }
}

const post = (url: string, body: string, headers: Record<string, string> = {}) =>
  fetch(url, { method: 'POST', headers: { 'Content-Type': 'application/sdp', ...headers }, body })
const postJson = (path: string, body: object, headers: Record<string, string> = {}) =>
  post(`${server.http}${path}`, JSON.stringify(body), { 'Content-Type': 'application/json', ...headers })
const bearer = (token: string) => ({ Authorization: `Bearer ${token}` })

/** Does what the server may refuse. */
const tried = (attempt: Promise<unknown>): Promise<unknown> => attempt.catch(() => undefined)

/** Plays an address by every protocol until there is an answer. */
async function playEverywhere(play: { rtmp: string; flv: string; wsFlv: string; whep: string }): Promise<void> {
  const http = watchHttpFlv(play.flv)
  const webSocket = watchWsFlv(play.wsFlv)
  await Promise.all([
    until('an answer of HTTP-FLV', () => http.status),
    until('an answer of WS-FLV', () => webSocket.ended || webSocket.media.length > 0),
    tried(playRtmp(play.rtmp).then((peer) => peer.end())),
    post(play.whep, playOffers.chromium.sdp),
  ])
  http.close()
  webSocket.close()
}

/** Encoders with one field for everything call all of it the app; others put it into tcUrl alone, or repeat it. */
async function spellEverywhere(address: string): Promise<void> {
  const { pathname, search } = new URL(address.replace(/^rtmp/, 'http'))
  const path = `${pathname.slice(1)}${search}`
  const spellings = [
    { app: path, streamName: '', tcUrl: address },
    { app: pathname.slice(1), streamName: 'again', tcUrl: address },
    { app: 'r', streamName: path, tcUrl: `${address}/again` },
  ]
  for (const action of ['publish', 'play'] as const)
    for (const spelling of spellings) {
      const peer = new RtmpPeer(action, address, spelling)
      await tried(peer.agreed())
      peer.end()
    }
}

test('no log line repeats a secret, valid or not, of any push, play or entry', async () => {
  const secrets = new Secrets()
  const clip = await makeClip({ output: [...LOW_DELAY, '-pix_fmt', 'yuv420p'] })
  const tags = tagsOf(await readFile(clip.path))

  await plainStreams(secrets, tags)
  const { play, push } = await roomAddresses(secrets, tags)
  await playEverywhere(play)
  for (const address of [play.rtmp, push]) await spellEverywhere(address)
  await devices(secrets, tags)
  await requests(secrets)

  await until('the forward to have failed', () => server.log().includes('A push failed'))
  const log = server.log()
  for (const kind of [
    'A play began',
    'A play was refused',
    'RTMP publish began',
    'RTMP publish refused',
    'RTMP connect',
  ])
    expect(log, kind).toContain(kind)
  expect([...secrets.all].filter((secret) => log.includes(secret))).toEqual([])
  // What was refused is named all the same, where its name is none of the secrets.
  for (const name of ['live/camera', 'push/logged']) expect(log).toMatch(new RegExp(`"stream":"${name}".*refused`))
}, 60_000)

async function plainStreams(secrets: Secrets, tags: Awaited<ReturnType<typeof tagsOf>>): Promise<void> {
  const addresses = (query: string) => ({
    rtmp: `${server.rtmp}/live/camera?${query}`,
    flv: `${server.http}/live/camera.flv?${query}`,
    wsFlv: `${server.ws}/live/camera.flv?${query}`,
    whep: `${server.http}/whep/live/camera?${query}`,
  })
  const txTime = (nowSeconds() + 3600).toString(16).toUpperCase()
  const txSecret = secrets.keep(makeTxSecret(SECRET, 'camera', txTime))
  const wrong = secrets.keep('a-token-that-is-wrong')
  const push = await pushTags(`${server.rtmp}/live/camera?txSecret=${txSecret}&txTime=${txTime}`, tags)
  await playEverywhere(addresses(`token=${secrets.streamToken('play', 'camera')}`))
  await push.stop()
  await playEverywhere(addresses(`token=${wrong}`))
  await tried(publishRtmp(`${server.rtmp}/live/camera?token=${wrong}`))
  const token = secrets.streamToken('publish', 'camera')
  await post(`${server.http}/whip/live/camera`, publishOffers.chromium.sdp, bearer(token))
  await post(`${server.http}/whep/live/camera`, playOffers.chromium.sdp, bearer(token))
}

/** Addresses of a room that were used while they were good, and are dead. */
async function roomAddresses(secrets: Secrets, tags: Awaited<ReturnType<typeof tagsOf>>) {
  const entry = (userId: string) => ({ sdkAppId: SDK_APP_ID, roomId: 'logged', userId })
  const viewer = await RoomMember.enter(server, { ...entry('viewer'), userSig: await secrets.jwt('viewer') })
  const signed = { ...entry('phone'), userSig: secrets.userSig('phone'), kind: 'miniprogram' } as const
  const { member: phone, found } = await RoomMember.enter(server, signed)
  for (const { resumeToken, sessionId } of [found, viewer.found])
    for (const secret of [resumeToken, sessionId]) secrets.keep(secret)
  const push = secrets.keepTokenOf(found.push!.rtmp)
  const pushing = await pushTags(push, tags)
  const { play } = (await viewer.member.user('phone', ({ streams }) => streams[0]!.hasVideo)).streams[0]!
  secrets.keepTokenOf(play.rtmp)
  await playEverywhere(play)
  // The wrong way round.
  await tried(publishRtmp(play.rtmp))
  await playEverywhere({ ...play, rtmp: push })
  await pushing.stop()
  await phone.ask('room.leave', {})
  viewer.member.close()
  return { play, push }
}

async function devices(secrets: Secrets, tags: Awaited<ReturnType<typeof tagsOf>>): Promise<void> {
  const address = (userSig: string) =>
    `${server.rtmp}/push/logged?sdkappid=${String(SDK_APP_ID)}&userid=camera&usersig=${userSig}`
  const camera = await pushTags(address(secrets.userSig('camera')), tags)
  await camera.stop()
  const forged = secrets.userSig('camera', 'another secret')
  await tried(publishRtmp(address(forged)))
  await spellEverywhere(address(forged))
  for (const sig of [secrets.userSig('encoder'), secrets.userSig('encoder', 'another secret')])
    await post(`${server.http}/whip/push/logged?userid=encoder`, publishOffers.chromium.sdp, bearer(sig))
}

/** What may be refused for too many wrong ones before comes last. */
async function requests(secrets: Secrets): Promise<void> {
  // Nobody listens there; the last part of the path opens somebody's channel.
  const url = `rtmp://127.0.0.1:1/app/${secrets.keep('key-of-a-channel')}?token=${secrets.keep('token-of-a-channel')}`
  expect((await postJson('/api/v1/forwards', { stream: 'live/forwarded', url }, bearer(API_KEY))).status).toBe(201)
  const keys = ['password', 'passphrase', 'path', 'bearer'].map((what) => secrets.keep(`${what}-of-a-push`))
  const [password, passphrase, path, bearerOfPush] = keys
  for (const [to, more] of [
    [`rtsp://user:${password!}@127.0.0.1:1/app/${path!}`, {}],
    [`srt://127.0.0.1:1?passphrase=${passphrase!}`, {}],
    [`http://127.0.0.1:1/${path!}`, { bearer: bearerOfPush }],
  ] as const) {
    const body = { stream: 'live/forwarded', url: to, ...more }
    expect((await postJson('/api/v1/pushes', body, bearer(API_KEY))).status).toBe(201)
  }
  const live = await publishRtmp(`${server.rtmp}/live/forwarded?token=${secrets.streamToken('publish', 'forwarded')}`)
  live.send(tagsOf(await readFile((await makeClip()).path)).slice(0, 20))

  const userSig = secrets.userSig('alice')
  const entry = { sdkAppId: SDK_APP_ID, roomId: 'logged', userId: 'alice', userSig }
  const { ticket } = (await (await postJson('/api/v1/desktop/ticket', entry)).json()) as { ticket: string }
  for (const shown of [ticket, ticket]) await postJson('/api/v1/desktop/redeem', { ticket: secrets.keep(shown) })
  for (const sig of [userSig, secrets.userSig('alice', 'another secret')])
    await tried(RoomMember.enter(server, { ...entry, userSig: sig }).then(({ member }) => member.close()))
  const service = `/v4/openim/jsonvideoapp?sdkappid=${String(SDK_APP_ID)}&identifier=alice&usersig=${userSig}`
  await postJson(service, { ReqHead: { GroupId: 1 }, ReqBody: { PrivMapEncrypt: secrets.keep('a-map-key-of-nobody') } })
  for (const key of [API_KEY, secrets.keep('a-key-that-is-wrong')])
    await postJson('/api/v1/rooms/logged/tokens', { userId: 'bob' }, bearer(key))
}
