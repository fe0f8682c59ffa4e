import { mkdtempSync, rmSync } from 'node:fs'
import { connect, createServer, type AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { makeStreamToken } from '../../packages/server/src/auth/stream-token.js'
import { makeTicket } from '../../packages/server/src/auth/user-sig.js'
import { playOffers, publishOffers } from '../../packages/webrtc/src/sdp/offers.cases.js'
import {
  publishRtmp,
  pushTags,
  run,
  start,
  startServer,
  until,
  untilStream,
  type RunningProcess,
  type TestServer,
} from '../harness/index.js'
import { RoomMember } from '../interop/rooms/room-member.js'
import { clipParts } from './clip.js'

/** A relay costs its operator traffic: who is told how to use it, and for how long that is good. */

const SECRET = 'a secret of thirty-two characters'
const TURN_SECRET = 'what coturn and the server share'
const FOLDER = mkdtempSync(join(tmpdir(), 'crossroom-turn-'))

let turn: RunningProcess
let turnPort: string
let server: TestServer

beforeAll(async () => {
  turnPort = await freePort()
  turn = start('turnserver', [
    ...['--no-cli', '--no-tls', '--no-dtls', '--log-file=stdout', '--simple-log', '--allow-loopback-peers', '--no-udp'],
    ...['--listening-ip=127.0.0.1', '--relay-ip=127.0.0.1', `--listening-port=${turnPort}`, '--realm=crossroom'],
    ...['--min-port=49660', '--max-port=49690', '--use-auth-secret', `--static-auth-secret=${TURN_SECRET}`],
    `--pidfile=${join(FOLDER, 'pid')}`,
  ])
  await until('coturn', () => accepts(Number(turnPort)), { explain: turn.output })
  const address = `127.0.0.1:${turnPort}`
  const urls = `stun:${address},turn:${address}?transport=tcp,turns:${address}`
  const gates = ['--secret', SECRET, '--publish', 'token', '--play', 'open']
  server = await startServer({ args: [...gates, '--turn-url', urls, '--turn-secret', TURN_SECRET] })
})
afterAll(async () => {
  await Promise.all([server.stop(), turn.stop()])
  rmSync(FOLDER, { recursive: true })
})

function freePort(): Promise<string> {
  const holder = createServer()
  return new Promise((resolve) => {
    holder.listen(0, '127.0.0.1', () => {
      const { port } = holder.address() as AddressInfo
      holder.close(() => resolve(String(port)))
    })
  })
}

function accepts(port: number): Promise<boolean> {
  const socket = connect(port, '127.0.0.1')
  return new Promise((resolve) => {
    socket.once('connect', () => resolve(true)).once('error', () => resolve(false))
    socket.once('connect', () => socket.destroy())
  })
}

const nowSeconds = (): number => Math.floor(Date.now() / 1000)
const token = (action: 'publish' | 'play', secret = SECRET): string =>
  makeStreamToken(secret, { action, app: 'live', stream: 'x' }, nowSeconds() + 600)

interface Told {
  readonly urls: readonly string[]
  readonly username: string | undefined
  readonly credential: string | undefined
}

/** The addresses of ICE servers in the answer to an offer, those of a relay with what opens it. */
async function told(url: string, bearer?: string): Promise<Told> {
  const headers = { 'content-type': 'application/sdp', ...(bearer && { authorization: `Bearer ${bearer}` }) }
  const offer = url.includes('/whip/') ? publishOffers.chromium.sdp : playOffers.chromium.sdp
  const answer = await fetch(url, { method: 'POST', headers, body: offer })
  expect(answer.status).toBe(201)
  const link = answer.headers.get('link') ?? ''
  await fetch(new URL(answer.headers.get('location')!, url), { method: 'DELETE', headers })
  const one = (name: string) => new RegExp(`${name}="([^"]+)"`).exec(link)?.[1]
  const urls = [...link.matchAll(/<([^>]+)>; rel="ice-server"/g)].map((found) => found[1]!)
  return { urls, username: one('username'), credential: one('credential') }
}

/** Whether coturn gives this name a relay. */
async function relays(username: string, credential: string): Promise<boolean> {
  const login = ['-u', username, '-w', credential, '-p', turnPort]
  const { code } = await run('turnutils_uclient', ['-t', '-y', '-n', '1', '-m', '1', '-l', '10', ...login, '127.0.0.1'])
  return code === 0
}

test('TURN credentials last a day and go only to clients with a token or a room', async () => {
  const publisher = await publishRtmp(`${server.rtmp}/live/x?token=${token('publish')}`)
  publisher.send((await clipParts()).tags)
  await untilStream(server, 'live/x', 'live', 10)
  const whep = `${server.http}/whep/live/x`
  const stranger = { urls: [`stun:127.0.0.1:${turnPort}`], username: undefined, credential: undefined }
  for (const shown of [undefined, 'invented', token('play', 'another secret'), token('publish')])
    expect([shown, await told(whep, shown)]).toEqual([shown, stranger])

  const player = await told(whep, token('play'))
  const encoder = await told(`${server.http}/whip/live/y`, makeStreamToken(SECRET, { action: 'publish', app: 'live', stream: 'y' }, nowSeconds() + 60)) // prettier-ignore
  const [camera, guest] = ['camera', 'guest'].map((userId) => {
    const userSig = makeTicket(SECRET, { userId, sdkAppId: 1, issuedAtSeconds: nowSeconds(), expireSeconds: 600 })
    return { roomId: '42', sdkAppId: 1, userId, userSig }
  })
  const { member, found } = await RoomMember.enter(server, guest!)
  const push = `${server.rtmp}/push/42?sdkappid=1&userid=camera&usersig=${encodeURIComponent(camera!.userSig)}`
  const pushing = await pushTags(push, (await clipParts()).tags)
  const { streams } = await member.user('camera', (user) => user.streams[0]!.hasVideo)
  const receiver = await told(streams[0]!.play.whep)
  const [inRoom] = found.iceServers
  for (const known of [player, encoder, receiver]) expect(known.urls).toHaveLength(3)
  for (const { username } of [player, encoder, receiver, inRoom!]) {
    const expiresIn = Number(/^(\d+):/.exec(username!)![1]) - nowSeconds()
    expect(expiresIn).toBeGreaterThan(86_000)
    expect(expiresIn).toBeLessThanOrEqual(86_400)
  }
  const later = player.username!.replace(/^\d+/, (seconds) => String(Number(seconds) + 1))
  expect(
    await Promise.all([relays(player.username!, player.credential!), relays(inRoom!.username!, inRoom!.credential!), relays(later, player.credential!)]), // prettier-ignore
  ).toEqual([true, true, false])
  await pushing.stop()
  publisher.end()
  member.close()
})
