import { afterAll, beforeAll, expect, test } from 'vitest'
import {
  playRtmp,
  publishRtmp,
  rest,
  startServer,
  until,
  untilStream,
  watchHttpFlv,
  watchWsFlv,
  type TestServer,
} from '../harness/index.js'
import { openFiles, rssOf } from './attack.js'
import { clipParts, type ClipParts } from './clip.js'

let server: TestServer
let clip: ClipParts

beforeAll(async () => {
  ;[server, clip] = await Promise.all([startServer({ args: ['--log-level', 'warn'] }), clipParts()])
})
afterAll(() => server.stop())

let rounds = 0

/** Five publishers, each with a viewer of every protocol; half of them take leave, half vanish. */
async function round(): Promise<void> {
  // New names, for the server may not have seen yet that the last round is gone.
  const names = ['a', 'b', 'c', 'd', 'e'].map((name) => `live/churn-${name}${String(rounds)}`)
  rounds++
  await Promise.all(
    names.map(async (name, i) => {
      const publisher = await publishRtmp(`${server.rtmp}/${name}`)
      publisher.send(clip.tags)
      await untilStream(server, name, 'live', 100)
      const http = watchHttpFlv(`${server.http}/${name}.flv${i % 2 === 0 ? '' : '?audio=always'}`)
      const webSocket = watchWsFlv(`${server.ws}/${name}.flv`)
      const player = await playRtmp(`${server.rtmp}/${name}`)
      await Promise.all([http.frames(100), webSocket.frames(100)])
      http.close()
      webSocket.close()
      if (i % 2 === 0) player.end()
      else player.reset()
      if (i % 2 === 0) publisher.reset()
      else publisher.end()
    }),
  )
}

interface Counts {
  readonly connections?: readonly unknown[]
  readonly streams?: readonly unknown[]
}

async function untilEmpty(): Promise<void> {
  await until('no stream and no connection to be left', async () => {
    const streams = await rest<Counts>(server, 'GET', 'streams')
    const connections = await rest<Counts>(server, 'GET', 'connections')
    return streams?.streams?.length === 0 && connections?.connections?.length === 0
  })
}

test('hundreds of joins and leaves leak no streams, connections, files or memory', async () => {
  const files = openFiles(server)
  for (let i = 0; i < 10; i++) await round()
  await untilEmpty()
  const before = rssOf(server)
  for (let i = 0; i < 25; i++) await round()
  await untilEmpty()
  // What collecting garbage late may cost; one clip kept per publisher and viewer would be 80 MiB.
  expect(rssOf(server) - before).toBeLessThan(64)
  // The test's own connection for REST stays open for a while.
  await until('every socket to be closed', () => openFiles(server) <= files + 2)
})
