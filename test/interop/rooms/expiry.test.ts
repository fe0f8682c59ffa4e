import { afterAll, beforeAll, expect, test } from 'vitest'
import { publishRtmp, startServer, until, type TestServer } from '../../harness/index.js'
import { publishOffers } from '../../../packages/webrtc/src/sdp/offers.cases.js'
import { makeTicket } from '../../../packages/server/src/auth/user-sig.js'
import { RoomMember } from './room-member.js'

const SECRET = 'of the test'
const SDK_APP_ID = 7
/** Long enough to enter on a busy machine, short enough to wait for. */
const LIFETIME_S = 4

let server: TestServer
beforeAll(async () => {
  server = await startServer({ args: ['--secret', SECRET, '--sdk-app-id', String(SDK_APP_ID)] })
})
afterAll(() => server.stop())

const sigOf = (userId: string, expireSeconds: number): string =>
  makeTicket(SECRET, { userId, sdkAppId: SDK_APP_ID, issuedAtSeconds: Math.floor(Date.now() / 1000), expireSeconds })

test('a camera and an encoder end with a reason when their signatures expire, and their members leave', async () => {
  const { member } = await RoomMember.enter(server, {
    ...{ sdkAppId: SDK_APP_ID, roomId: 'brief', userId: 'owner', userSig: sigOf('owner', 3600) },
  })
  const sig = sigOf('camera', LIFETIME_S)
  const query = `sdkappid=${String(SDK_APP_ID)}&userid=camera&usersig=${sig}`
  const push = await publishRtmp(`${server.rtmp}/push/brief?${query}`)
  const whip = await fetch(`${server.http}/whip/push/brief?userid=encoder`, {
    method: 'POST',
    headers: { 'Content-Type': 'application/sdp', Authorization: `Bearer ${sigOf('encoder', LIFETIME_S)}` },
    body: publishOffers.chromium.sdp,
  })
  expect(whip.status).toBe(201)
  await Promise.all([member.user('camera'), member.user('encoder')])
  await until('both to be gone', () => member.users.length === 0)
  expect(member.all('room.userExit')).toEqual(
    expect.arrayContaining([
      { userId: 'camera', reason: 'expired' },
      { userId: 'encoder', reason: 'expired' },
    ]),
  )
  await until('the push to be closed', () => push.closed)
  expect(push.said).toEqual(['publishing', expect.stringContaining('NetStream.Publish.Idle')])
  for (const kind of ['RTMP publish ended', 'WHIP publish ended'])
    await until(`the log to say ${kind}`, () => new RegExp(`"reason":"expired"[^\\n]*${kind}`).test(server.log()))
  member.close()
})
