import { readFile } from 'node:fs/promises'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { FlvTag } from '@crossroom/media'
import { makeTicket } from '../../packages/server/src/auth/index.js'
import {
  LOW_DELAY,
  makeClip,
  playRtmp,
  pushTags,
  rest,
  tagsOf,
  until,
  watchHttpFlv,
  WITH_KEY,
  type TestServer,
} from '../harness/index.js'
import { RoomMember } from '../interop/rooms/room-member.js'
import { WirePeer } from '../interop/webrtc/wire-peer.js'
import { ClusterStage, SECRET } from './cluster-stage.js'

let stage: ClusterStage
let a: TestServer
let b: TestServer
let c: TestServer
let clip: FlvTag[]
beforeAll(async () => {
  stage = await ClusterStage.open()
  ;[a, b, c] = await Promise.all([stage.start('a'), stage.start('b'), stage.start('c')])
  clip = tagsOf(await readFile((await makeClip({ output: [...LOW_DELAY, '-pix_fmt', 'yuv420p'] })).path))
  for (const [from, to] of [
    [b, 'a'],
    [c, 'a'],
    [b, 'c'],
    [a, 'c'],
  ] as const)
    await until('the links', async () => (await figure(from, 'link_open', to)) === 1)
}, 60_000)
afterAll(() => stage.close())

async function figure(server: TestServer, name: string, node: string): Promise<number | undefined> {
  const text = await (await fetch(`${server.http}/metrics`, { headers: WITH_KEY })).text()
  const line = text.split('\n').find((one) => one.startsWith(`crossroom_relay_${name}{node="${node}"}`))
  return line === undefined ? undefined : Number(line.split(' ')[1])
}

function enter(server: TestServer, roomId: string, userId: string, kind: 'browser' | 'miniprogram' = 'browser') {
  const issuedAtSeconds = Math.floor(Date.now() / 1000)
  const userSig = makeTicket(SECRET, { userId, sdkAppId: 1, issuedAtSeconds, expireSeconds: 600 })
  return RoomMember.enter(server, { roomId, sdkAppId: 1, userId, userSig, kind })
}

/** The same address on another node. */
const at = (server: TestServer, url: string): string =>
  url.replace(/^(rtmp|http|ws):\/\/[^/]+/, (_, scheme: 'rtmp' | 'http' | 'ws') => server[scheme])

test('a phone on one node is played on another by every protocol, by an address that each node opens', async () => {
  const { found } = await enter(a, 'plays', 'phone', 'miniprogram')
  const { member: viewer } = await enter(b, 'plays', 'viewer')
  const push = await pushTags(found.push!.rtmp, clip)
  const phone = await viewer.user('phone', ({ streams }) => streams[0]!.hasVideo && streams[0]!.hasAudio)
  const { play } = phone.streams[0]!
  const players = [watchHttpFlv(play.flv), watchHttpFlv(play.flv), watchHttpFlv(at(c, play.flv))]
  await Promise.all(players.map((player) => player.frames(30)))
  const rtmp = await playRtmp(play.rtmp)
  const browser = await WirePeer.play(play.whep)
  expect(browser.videoFrames).toBeGreaterThanOrEqual(10)
  await until('frames by RTMP', () => rtmp.media.length >= 30)
  expect(await figure(b, 'pulled_streams', 'a')).toBe(1)
  expect(await figure(c, 'pulled_streams', 'a')).toBe(1)
  expect(await figure(c, 'pulled_streams', 'b')).toBe(0)
  await browser.close()
  await rest(c, 'DELETE', 'rooms/plays/members/phone')
  await Promise.all(players.map((player) => player.end(15_000)))
  expect((await fetch(play.flv)).status).toBe(404)
  await push.stop()
  viewer.close()
}, 60_000)

test('a phone whose RTMP reaches another node than its signaling is shown and played as ever', async () => {
  const { member: phone, found } = await enter(a, 'elsewhere', 'phone', 'miniprogram')
  const { member: viewer } = await enter(b, 'elsewhere', 'viewer')
  const push = await pushTags(at(c, found.push!.rtmp), clip)
  const { streams } = await viewer.user('phone', (user) => user.streams[0]!.hasVideo)
  await until('the phone to be told', () => phone.all('media.published').at(-1)?.state === 'live')
  const player = watchHttpFlv(streams[0]!.play.flv)
  await player.frames(30)
  await push.stop()
  await viewer.user('phone', (user) => !user.streams[0]!.hasVideo)
  player.close()
  phone.close()
  viewer.close()
}, 60_000)

test('a node is killed: nobody sees its phone leave, and its viewers go on when it is back on another node', async () => {
  const { found } = await enter(a, 'killed', 'phone', 'miniprogram')
  const { member: viewer } = await enter(b, 'killed', 'viewer')
  const push = await pushTags(found.push!.rtmp, clip)
  const { streams } = await viewer.user('phone', (user) => user.streams[0]!.hasVideo)
  const player = watchHttpFlv(streams[0]!.play.flv)
  await player.frames(30)
  a.process.child.kill('SIGKILL')
  await push.stop().catch(() => undefined)
  const killedAt = performance.now()
  const { member: phone, found: back } = await RoomMember.resume(c, found.resumeToken)
  expect(back).toMatchObject({ moved: true, sessionId: found.sessionId, self: { userId: 'phone', role: 'owner' } })
  const again = await pushTags(back.push!.rtmp, clip)
  const before = player.media.length
  await player.frames(before + 30)
  expect(performance.now() - killedAt).toBeLessThan(3000)
  expect(player.ended).toBe(false)
  expect(viewer.all('room.userExit')).toEqual([])
  await again.stop()
  player.close()
  phone.close()
  viewer.close()
}, 60_000)
