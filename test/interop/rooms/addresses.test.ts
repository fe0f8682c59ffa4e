import { readFile } from 'node:fs/promises'
import type { FlvTag } from '@crossroom/media'
import { afterAll, beforeAll, expect, test } from 'vitest'
import {
  LOW_DELAY,
  makeClip,
  playRtmp,
  publishRtmp,
  pushTags,
  startServer,
  tagsOf,
  until,
  watchHttpFlv,
  watchWsFlv,
  type TestServer,
} from '../../harness/index.js'
import { playOffers, publishOffers } from '../../../packages/webrtc/src/sdp/offers.cases.js'
import { RoomMember } from './room-member.js'

let server: TestServer
let silent: FlvTag[]

beforeAll(async () => {
  server = await startServer()
  silent = tagsOf(await readFile((await makeClip({ sound: [], output: [...LOW_DELAY, '-pix_fmt', 'yuv420p'] })).path))
})
afterAll(() => server.stop())

const kindsOf = (media: readonly { readonly kind: string }[]): Set<string> => new Set(media.map(({ kind }) => kind))

test('a room play is answered before the first publish, has audio, and survives a new publish', async () => {
  const { member: viewer } = await RoomMember.enter(server, { roomId: 'waits', userId: 'viewer' })
  const { member: phone, found } = await RoomMember.enter(server, {
    roomId: 'waits',
    userId: 'phone',
    kind: 'miniprogram',
  })
  const { play } = (await viewer.user('phone')).streams[0]!
  const players = { http: watchHttpFlv(play.flv), webSocket: watchWsFlv(play.wsFlv), rtmp: await playRtmp(play.rtmp) }
  await until('the headers of HTTP-FLV', () => players.http.status === 200)
  await until('the WebSocket of WS-FLV', () => players.webSocket.socket?.readyState === 1)
  expect(players.rtmp.said).toEqual(['playing'])

  const first = await pushTags(found.push!.rtmp, silent)
  await until('the first publication', () => phone.all('media.published').at(-1)?.state === 'live')
  await Promise.all([players.http.frames(20), players.webSocket.frames(20)])
  await until('frames by RTMP', () => players.rtmp.media.length >= 20)
  for (const { media } of [players.http, players.webSocket, players.rtmp])
    expect(kindsOf(media)).toEqual(new Set(['audio', 'video']))
  await first.stop()
  await until('the end of the publication', () => phone.all('media.published').at(-1)?.state === 'ended')
  const before = players.http.media.length

  const second = await pushTags(found.push!.rtmp, silent)
  await players.http.frames(before + 20)
  expect([players.http.ended, players.webSocket.ended, players.rtmp.closed]).toEqual([false, false, false])
  expect((await viewer.user('phone', ({ streams }) => streams[0]!.hasVideo)).streams[0]!.play).toEqual(play)

  const leftAt = performance.now()
  await phone.ask('room.leave', {})
  await Promise.all([players.http.end(), players.webSocket.end()])
  await until('the end of the RTMP play', () => players.rtmp.closed)
  expect(performance.now() - leftAt).toBeLessThan(1000)
  expect((await fetch(play.flv)).status).toBe(404)
  await expect(playRtmp(play.rtmp)).rejects.toThrow('NetStream.Play.StreamNotFound')
  await second.stop()
  viewer.close()
}, 30_000)

test('a push with the same address takes over, and any other is refused', async () => {
  const { member: phone, found } = await RoomMember.enter(server, {
    roomId: 'again',
    userId: 'phone',
    kind: 'miniprogram',
  })
  const first = await publishRtmp(found.push!.rtmp)
  const second = await publishRtmp(found.push!.rtmp)
  await until('the end of the first', () => first.closed)
  expect(second.closed).toBe(false)
  await expect(publishRtmp(`${server.rtmp}/r/guessed`)).rejects.toThrow('NetStream.Publish')
  second.end()
  phone.close()
})

test('an encoder that pushes into a room is a member; a kick disconnects it and its players and keeps it out', async () => {
  const { member: owner } = await RoomMember.enter(server, { roomId: 'studio', userId: 'owner' })
  const address = `${server.rtmp}/push/studio?userid=camera`
  const push = await publishRtmp(address)
  push.send(silent.slice(0, 20))
  const camera = await owner.user('camera', ({ streams }) => streams[0]?.hasVideo === true)
  expect(camera).toMatchObject({ kind: 'rtmp', role: 'device' })
  const player = watchHttpFlv(camera.streams[0]!.play.flv)
  await player.frames(5)
  const kickedAt = performance.now()
  await owner.ask('room.kick', { userId: 'camera' })
  await Promise.all([player.end(), until('the end of the push', () => push.closed)])
  expect(performance.now() - kickedAt).toBeLessThan(1000)
  expect(owner.users).toEqual([])
  expect(owner.all('room.userExit').at(-1)).toEqual({ userId: 'camera', reason: 'kicked' })
  await expect(publishRtmp(address)).rejects.toThrow('NetStream.Publish')
  owner.close()
})

const post = (url: string, body: string) =>
  fetch(url, { method: 'POST', headers: { 'Content-Type': 'application/sdp' }, body })

test('WHEP is answered before the first publish, and its session ends with the membership', async () => {
  const { member: viewer } = await RoomMember.enter(server, { roomId: 'whep', userId: 'viewer' })
  const { member: phone } = await RoomMember.enter(server, { roomId: 'whep', userId: 'phone', kind: 'miniprogram' })
  const { play } = (await viewer.user('phone')).streams[0]!
  const askedAt = performance.now()
  const response = await post(play.whep, playOffers.chromium.sdp)
  expect([response.status, (await response.text()).match(/^m=(?!\w+ 0 )/gm)]).toEqual([201, ['m=', 'm=']])
  expect(performance.now() - askedAt).toBeLessThan(1000)
  const session = new URL(response.headers.get('location')!, server.http)
  await phone.ask('room.leave', {})
  expect((await fetch(session, { method: 'DELETE' })).status).toBe(404)
  expect((await post(play.whep, playOffers.chromium.sdp)).status).toBe(404)
  viewer.close()
})

test('an encoder enters by WHIP as well, and a kick ends its session', async () => {
  const { member: owner } = await RoomMember.enter(server, { roomId: 'whip', userId: 'owner' })
  const address = `${server.http}/whip/push/whip?userid=encoder`
  const response = await post(address, publishOffers.chromium.sdp)
  expect(response.status).toBe(201)
  const session = new URL(response.headers.get('location')!, server.http)
  expect(await owner.user('encoder')).toMatchObject({ kind: 'whip', role: 'device' })
  await owner.ask('room.kick', { userId: 'encoder' })
  expect((await fetch(session, { method: 'DELETE' })).status).toBe(404)
  const refused = await post(address, publishOffers.chromium.sdp)
  expect([refused.status, await refused.text()]).toEqual([403, expect.stringContaining('removed from this room')])
  owner.close()
})

test('one address plays the audio of all but its receiver, before and after anyone is audible', async () => {
  const { member: listener } = await RoomMember.enter(server, {
    roomId: 'mix',
    userId: 'listener',
    kind: 'miniprogram',
  })
  const { found } = await RoomMember.enter(server, { roomId: 'mix', userId: 'speaker', kind: 'miniprogram' })
  const { play } = await listener.ask('media.mix', { audio: true, video: false, audioOf: 'all' })
  const player = watchHttpFlv(play.flv)
  await player.frames(20)
  const push = await pushTags(found.push!.rtmp, tagsOf(await readFile((await makeClip()).path)))
  const before = player.media.length
  await player.frames(before + 50)
  expect(kindsOf(player.media)).toEqual(new Set(['audio']))
  await push.stop()
  await listener.ask('room.leave', {})
  await player.end()
})
