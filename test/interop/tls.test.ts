import { readFile } from 'node:fs/promises'
import { afterAll, beforeAll, expect, test } from 'vitest'
import {
  endStream,
  fingerprints,
  makeClip,
  mediaOf,
  playRtmp,
  pushClip,
  run,
  startServer,
  tagsOf,
  temporaryPath,
  untilStream,
  untilViewers,
  watchHttpFlv,
  watchWsFlv,
  type TestServer,
} from '../harness/index.js'

let server: TestServer

beforeAll(async () => {
  server = await startServer({ args: ['--tls', 'self-signed', '--https-port', '0', '--rtmps-port', '0'] })
})
afterAll(() => server.stop())

test('RTMPS in; RTMPS, HTTPS and secure WebSocket out, beside the plain ports', async () => {
  const clip = await makeClip()
  const { https, rtmps } = server.ports
  const name = 'live/secure'
  const push = pushClip(clip.path, `rtmps://127.0.0.1:${String(rtmps)}/${name}`)
  await untilStream(server, name, 'live', 1)
  const secure = watchHttpFlv(`https://127.0.0.1:${String(https)}/${name}.flv`)
  const socket = watchWsFlv(`wss://127.0.0.1:${String(https)}/${name}.flv`)
  const plain = watchHttpFlv(`${server.http}/${name}.flv`)
  const player = await playRtmp(`rtmps://127.0.0.1:${String(rtmps)}/${name}`)
  const path = temporaryPath('played.flv')
  const url = `rtmps://127.0.0.1:${String(rtmps)}/${name}`
  const ffmpeg = run('ffmpeg', ['-v', 'error', '-i', url, '-c', 'copy', '-copyts', '-f', 'flv', path])
  await untilViewers(server, name, 5)
  await push.finish()
  await untilStream(server, name, 'grace')
  const wanted = fingerprints(clip.media)
  for (const viewer of [secure, socket, plain])
    expect(fingerprints(await viewer.frames(clip.media.length))).toEqual(wanted)
  await endStream(server, name)
  await ffmpeg
  expect(fingerprints(mediaOf(tagsOf(await readFile(path))))).toEqual(wanted)
  expect(fingerprints(player.media)).toEqual(wanted)
  await Promise.all([secure.end(), socket.end(), plain.end()])
})
