import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { makeStreamToken } from '../../packages/server/src/auth/stream-token.js'
import { makeTicket } from '../../packages/server/src/auth/user-sig.js'
import { publishOffers } from '../../packages/webrtc/src/sdp/offers.cases.js'
import {
  playRtmp,
  publishRtmp,
  pushTags,
  rest,
  startServer,
  until,
  watchHttpFlv,
  type FlvViewer,
  type RtmpPeer,
  type TestServer,
} from '../harness/index.js'
import { RoomMember } from '../interop/rooms/room-member.js'
import { clipParts, type ClipParts } from './clip.js'

/** What a signature opens, by every door of a running server, and what a change of the secret does to it. */

const [FIRST, SECOND, THIRD] = ['first', 'second', 'third'].map((name) => `the ${name} secret, of 32 bytes or more`)
const FOLDER = mkdtempSync(join(tmpdir(), 'crossroom-secret-'))
const FILE = join(FOLDER, 'secret')

let server: TestServer
let clip: ClipParts

beforeAll(async () => {
  writeFileSync(FILE, `${FIRST!}\n`, { mode: 0o600 })
  const gated = ['--publish', 'token', '--play', 'token']
  ;[server, clip] = await Promise.all([startServer({ args: ['--secret-file', FILE, ...gated] }), clipParts()])
})
afterAll(async () => {
  await server.stop()
  rmSync(FOLDER, { recursive: true })
})

/** What somebody shows at a door. */
interface Entry {
  readonly roomId: string
  readonly userId: string
  readonly userSig: string
  readonly privateMapKey?: string
}

const nowSeconds = (): number => Math.floor(Date.now() / 1000)
const userSigOf = (secret: string, userId: string): string =>
  makeTicket(secret, { userId, sdkAppId: 1, issuedAtSeconds: nowSeconds(), expireSeconds: 600 })

/** What REST signs for a user of a room. */
async function signed(roomId: string, userId: string, permissions?: readonly string[]): Promise<Required<Entry>> {
  const body = { userId, ...(permissions && { permissions }) }
  const made = await rest<{ userSig: string; privateMapKey: string }>(server, 'POST', `rooms/${roomId}/tokens`, body)
  return { roomId, userId, userSig: made!.userSig, privateMapKey: made!.privateMapKey }
}

const sentenceOf = (error: unknown): string => (error as Error).message

async function bySignaling(entry: Entry, role?: 'anchor' | 'audience'): Promise<string> {
  return RoomMember.enter(server, { sdkAppId: 1, ...entry, ...(role && { role }) }).then(({ member, found }) => {
    member.close()
    return found.self.role
  }, sentenceOf)
}

function pushAddress({ roomId, userId, userSig, privateMapKey: key }: Entry, more = ''): string {
  const mapKey = key === undefined ? '' : `&privatemapkey=${encodeURIComponent(key)}`
  const sig = encodeURIComponent(userSig)
  return `${server.rtmp}/push/${roomId}?sdkappid=1&userid=${userId}&usersig=${sig}${mapKey}${more}`
}

const byRtmp = (entry: Entry, more?: string): Promise<string> =>
  publishRtmp(pushAddress(entry, more)).then((peer) => (peer.end(), 'in'), sentenceOf)

async function byWhip({ roomId, userId, userSig }: Entry): Promise<string> {
  const headers = { 'content-type': 'application/sdp', authorization: `Bearer ${userSig}` }
  const url = `${server.http}/whip/push/${roomId}?userid=${userId}`
  const answer = await fetch(url, { method: 'POST', headers, body: publishOffers.chromium.sdp })
  if (answer.status !== 201) return String(answer.status)
  await fetch(new URL(answer.headers.get('location')!, url), { method: 'DELETE', headers })
  return 'in'
}

/** What the component of 2018 is given, which it enters with. */
async function byOldService({ roomId, userId, userSig, privateMapKey = '' }: Entry): Promise<string> {
  const query = new URLSearchParams({ sdkappid: '1', identifier: userId, usersig: userSig })
  const body = JSON.stringify({ ReqHead: { GroupId: roomId }, ReqBody: { PrivMapEncrypt: privateMapKey } })
  const headers = { 'content-type': 'application/json' }
  const answer = await fetch(`${server.http}/v4/openim/jsonvideoapp?${query.toString()}`, { method: 'POST', headers, body }) // prettier-ignore
  const { ErrorCode, RspBody } = (await answer.json()) as { ErrorCode: number; RspBody?: Entry }
  if (RspBody === undefined) return String(ErrorCode)
  const { userSig: sig, privateMapKey: key } = RspBody
  return bySignaling({ roomId, userId, userSig: sig, ...(key !== undefined && { privateMapKey: key }) })
}

async function byTicket({ roomId, userId, userSig }: Entry): Promise<string> {
  const ask = async <Answer>(what: string, body: object): Promise<Answer> => {
    const headers = { 'content-type': 'application/json' }
    const url = `${server.http}/api/v1/desktop/${what}`
    return (await (await fetch(url, { method: 'POST', headers, body: JSON.stringify(body) })).json()) as Answer
  }
  const made = await ask<{ ticket?: string; error?: { code: string } }>('ticket', { roomId, userId, userSig })
  if (made.ticket === undefined) return made.error!.code
  return bySignaling(await ask<Entry>('redeem', { ticket: made.ticket }))
}

/** What each door says to somebody without a privateMapKey. */
async function atEveryDoor({ roomId, userId, userSig }: Entry): Promise<string[]> {
  const entry = { roomId, userId, userSig }
  const answers: string[] = []
  for (const door of [bySignaling, byRtmp, byWhip, byOldService, byTicket]) answers.push(await door(entry))
  return answers
}

test('permissions issued by REST hold for every protocol, with and without the privateMapKey', async () => {
  const owner = await signed('7', 'owner')
  const { member } = await RoomMember.enter(server, owner)
  const watcher = await signed('7', 'watcher', ['receiveAudio', 'receiveVideo'])
  expect(await atEveryDoor(watcher)).toEqual([
    'audience',
    expect.stringMatching(/Denied|BadAuth|refused/i),
    '403',
    'audience',
    'audience',
  ])
  expect(await bySignaling(watcher, 'anchor')).toMatch(/^NO_PERMISSION/)
  expect(await bySignaling({ ...watcher, privateMapKey: '' }, 'anchor')).toMatch(/^NO_PERMISSION/)
  const { member: inside } = await RoomMember.enter(server, {
    roomId: '7',
    userId: 'watcher',
    userSig: watcher.userSig,
  })
  await expect(inside.ask('room.switchRole', { role: 'anchor' })).rejects.toThrow('NO_PERMISSION')
  await expect(inside.ask('media.pushAddress', { streamType: 'main' })).rejects.toThrow(/NO_PERMISSION|ROLE_FORBIDDEN/)
  inside.close()
  member.close()
})

test('a key with more permissions than the signature adds none, and neither is valid for another room or user', async () => {
  const owner = await signed('8', 'owner')
  const { member } = await RoomMember.enter(server, owner)
  const narrow = await signed('8', 'narrow', ['receiveAudio'])
  const wide = await signed('8', 'narrow')
  const mixed = { ...narrow, privateMapKey: wide.privateMapKey }
  expect(await bySignaling(mixed, 'anchor')).toMatch(/^NO_PERMISSION/)
  expect(await byRtmp(mixed)).not.toBe('in')
  const elsewhere = await signed('8', 'sender')
  const { member: other } = await RoomMember.enter(server, await signed('9', 'owner'))
  const answers = [...(await atEveryDoor({ ...elsewhere, roomId: '9' })), ...(await atEveryDoor({ ...elsewhere, userId: 'else' }))] // prettier-ignore
  for (const answer of answers) expect(answer).not.toMatch(/^(in|anchor|audience|owner)$/)
  for (const one of [member, other]) one.close()
})

test('without the permission to create a room no protocol creates one', async () => {
  const guest = await signed('nowhere', 'guest', ['sendAudio', 'sendVideo'])
  const answers = await atEveryDoor(guest)
  expect(answers[0]).toMatch(/^ROOM_NOT_FOUND/)
  for (const answer of answers) expect(answer).not.toMatch(/^(in|anchor|audience|owner)$/)
  expect(await rest(server, 'GET', 'rooms/nowhere')).toBeUndefined()
})

test('an audio-only sender is never seen, and an audio-only receiver gets no video', async () => {
  const { member: listener } = await RoomMember.enter(server, await signed('11', 'listener', ['createRoom', 'receiveAudio'])) // prettier-ignore
  const { member: viewer } = await RoomMember.enter(server, await signed('11', 'viewer'))
  const { userSig } = await signed('11', 'voice', ['sendAudio'])
  const voice = await pushTags(pushAddress({ roomId: '11', userId: 'voice', userSig }), clip.tags)
  const full = await pushTags(pushAddress(await signed('11', 'full', ['sendAudio', 'sendVideo'])), clip.tags)
  const heard = await viewer.user('voice', ({ streams }) => streams[0]!.hasAudio)
  const seen = await listener.user('full', ({ streams }) => streams[0]!.hasAudio)
  const players = [heard, seen].map(({ streams }) => watchHttpFlv(streams[0]!.play.flv))
  for (const player of players) {
    const media = await player.frames(40)
    expect(new Set(media.map(({ kind }) => kind))).toEqual(new Set(['audio']))
    player.close()
  }
  expect(heard.streams[0]!.hasVideo).toBe(false)
  const aux = await signed('11', 'screen', ['sendAudio', 'sendVideo'])
  expect(await byRtmp({ ...aux, privateMapKey: '' }, '&streamtype=aux')).not.toBe('in')
  await Promise.all([voice.stop(), full.stop()])
  for (const one of [listener, viewer]) one.close()
})

interface Guest {
  readonly userId: string
  readonly userSig: string
}

test('banning a guest revokes its whole invitation, except for guests already in the room', async () => {
  const { member: owner } = await RoomMember.enter(server, await signed('12', 'owner'))
  const { invite } = await owner.ask('room.invite', { uses: 5 })
  const redeem = async (): Promise<Guest | undefined> => {
    const headers = { 'content-type': 'application/json' }
    const body = JSON.stringify({ roomId: '12', invite })
    const answer = await fetch(`${server.http}/api/v1/guest`, { method: 'POST', headers, body })
    return answer.ok ? ((await answer.json()) as Guest) : undefined
  }
  const enter = (guest: Guest) => bySignaling({ roomId: '12', ...guest })
  // One person takes two of the five places and keeps one of them for later.
  const [bad, spare, good] = [(await redeem())!, (await redeem())!, (await redeem())!]
  await RoomMember.enter(server, { roomId: '12', ...bad })
  const { member: inside } = await RoomMember.enter(server, { roomId: '12', ...good })
  await owner.user(bad.userId)
  await owner.ask('room.kick', { userId: bad.userId, banMs: 3000 })
  for (const guest of [bad, spare]) {
    expect(await enter(guest)).toMatch(/^BANNED/)
    expect(await byRtmp({ roomId: '12', ...guest })).not.toBe('in')
  }
  expect(await redeem()).toBeUndefined()
  await expect(inside.ask('room.info', {})).resolves.toMatchObject({ roomId: '12' })
  expect(await enter(good)).toBe('anchor')
  // A new invitation is a new chance, and a ban ends.
  const { invite: second } = await owner.ask('room.invite', {})
  expect(second).not.toBe(invite)
  const late = await until('the invitation to be open again', redeem, { everyMs: 250 })
  expect([await enter(late), await enter(spare)]).toEqual(['anchor', 'anchor'])
  for (const one of [owner, inside]) one.close()
})

/** Writes the file of the secret and waits until the server has read it. */
async function change(...secrets: readonly string[]): Promise<void> {
  writeFileSync(FILE, secrets.map((secret) => `${secret}\n`).join(''))
  const before = server.log().length
  server.process.child.kill('SIGHUP')
  await until('the new secrets', () => server.log().slice(before).includes('The secrets were reloaded'))
}

const streamToken = (secret: string, action: 'publish' | 'play', stream: string): string =>
  makeStreamToken(secret, { action, app: 'live', stream }, nowSeconds() + 600)

/** Whether what this secret signs opens signaling, `/push`, and plain streams in both directions. */
async function opens(secret: string, name: string): Promise<boolean[]> {
  const entry = { roomId: 'rotated', userId: `user-${name}`, userSig: userSigOf(secret, `user-${name}`) }
  const device = { ...entry, userId: `device-${name}`, userSig: userSigOf(secret, `device-${name}`) }
  const publish = publishRtmp(`${server.rtmp}/live/${name}?token=${streamToken(secret, 'publish', name)}`)
  const answers = await Promise.all([
    bySignaling(entry).then((answer) => answer !== '' && !answer.includes('USER_SIG')),
    byRtmp(device).then((answer) => answer === 'in'),
    publish.then(
      (peer) => (peer.end(), true),
      () => false,
    ),
    playRtmp(`${server.rtmp}/live/steady?token=${streamToken(secret, 'play', 'steady')}`).then((peer) => (peer.end(), true), () => false), // prettier-ignore
  ])
  return answers
}

const yes = [true, true, true, true]
const no = yes.map(() => false)

test('the secret changes in two steps, while sessions signed with the old one stay', async () => {
  const { member } = await RoomMember.enter(server, { roomId: 'rotated', userId: 'stays', userSig: userSigOf(FIRST!, 'stays') }) // prettier-ignore
  const publisher: RtmpPeer = await publishRtmp(`${server.rtmp}/live/steady?token=${streamToken(FIRST!, 'publish', 'steady')}`) // prettier-ignore
  let sent = 0
  const timer = setInterval(() => publisher.send(sent === 0 ? clip.tags : clip.media, 2000 * sent++), 1000)
  publisher.send(clip.tags, 2000 * sent++)
  const viewer: FlvViewer = watchHttpFlv(`${server.http}/live/steady.flv?token=${streamToken(FIRST!, 'play', 'steady')}`) // prettier-ignore
  await viewer.frames(10)
  try {
    expect([await opens(FIRST!, 'a1'), await opens(SECOND!, 'b1')]).toEqual([yes, no])
    await change(SECOND!, FIRST!)
    expect([await opens(FIRST!, 'a2'), await opens(SECOND!, 'b2')]).toEqual([yes, yes])
    const { userSig } = await signed('rotated', 'made')
    await change(SECOND!)
    expect([await opens(FIRST!, 'a3'), await opens(SECOND!, 'b3')]).toEqual([no, yes])
    // What REST signs is signed with the first line.
    expect(await bySignaling({ roomId: 'rotated', userId: 'made', userSig })).not.toContain('USER_SIG')
    await change(THIRD!, SECOND!)
    await expect(member.ask('room.info', {})).resolves.toMatchObject({ roomId: 'rotated' })
    await viewer.frames(viewer.media.length + 20)
    expect([viewer.ended, publisher.closed]).toEqual([false, false])
  } finally {
    clearInterval(timer)
    viewer.close()
    publisher.end()
    member.close()
  }
})
