import { readFile } from 'node:fs/promises'
import type { FlvTag } from '@crossroom/media'
import { afterAll, beforeAll, expect, test } from 'vitest'
import {
  connectionsOf,
  fingerprints,
  makeClip,
  mediaOf,
  playRtmp,
  publishRtmp,
  rest,
  startServer,
  tagsOf,
  until,
  untilStream,
  untilViewers,
  watchHttpFlv,
  watchWsFlv,
  WITH_KEY,
  type TestServer,
} from '../harness/index.js'

let server: TestServer
let tags: FlvTag[]

beforeAll(async () => {
  const [started, clip] = await Promise.all([startServer({ args: ['--forward-private'] }), makeClip()])
  server = started
  tags = tagsOf(await readFile(clip.path))
})
afterAll(() => server.stop())

test('REST ends one viewer, then the publisher, then the stream, without other effects', async () => {
  const name = 'live/kicked'
  const publisher = await publishRtmp(`${server.rtmp}/${name}`)
  publisher.send(tags)
  await untilStream(server, name, 'live', 100)
  const [first, second] = [watchHttpFlv(`${server.http}/${name}.flv`), watchWsFlv(`${server.ws}/${name}.flv`)]
  await untilViewers(server, name, 2)
  const httpViewer = (await connectionsOf(server, name)).find((one) => one.protocol === 'http-flv')!
  await rest(server, 'DELETE', `connections/${httpViewer.id}`)
  await first.end()
  expect([second.ended, publisher.closed]).toEqual([false, false])
  await rest(server, 'DELETE', `streams/${name}/publisher`)
  await until('the publisher to be told and closed', () => publisher.closed)
  expect(publisher.said).toEqual(
    ['publishing', 'ended NetStream.Publish.Idle', 'closed'].slice(0, publisher.said.length),
  )
  expect(publisher.said[1]).toBe('ended NetStream.Publish.Idle')
  expect((await untilStream(server, name, 'grace')).name).toBe(name)
  expect(second.ended).toBe(false)
  await rest(server, 'DELETE', `streams/${name}`)
  await second.end()
  expect(second.status).toBe(1008)
  expect(await rest(server, 'GET', `streams/${name}`)).toBeUndefined()
})

test('a forward publishes the stream at another server until it is stopped, also after an interruption', async () => {
  const other = await startServer()
  const name = 'live/forwarded'
  const publisher = await publishRtmp(`${server.rtmp}/${name}`)
  publisher.send(tags)
  const url = `${other.rtmp}/live/copy`
  const forward = await rest<{ id: string }>(server, 'POST', 'forwards', { stream: name, url })
  await untilStream(other, 'live/copy', 'live', 100)
  const viewer = watchHttpFlv(`${other.http}/live/copy.flv`)
  const wanted = fingerprints(mediaOf(tags))
  expect(fingerprints(await viewer.frames(wanted.length))).toEqual(wanted)
  publisher.end()
  await untilStream(other, 'live/copy', 'grace')
  const again = await publishRtmp(`${server.rtmp}/${name}`)
  again.send(tags)
  expect((await viewer.frames(2 * wanted.length, 5000)).length).toBe(2 * wanted.length)
  await rest(server, 'DELETE', `forwards/${forward!.id}`)
  await untilStream(other, 'live/copy', 'grace')
  again.end()
  viewer.close()
  await other.stop()
})

test('SIGTERM: new clients are refused, all others are told, and the process exits with 0', async () => {
  const drained = await startServer()
  const name = 'live/drained'
  const publisher = await publishRtmp(`${drained.rtmp}/${name}`)
  publisher.send(tags)
  await untilStream(drained, name, 'live', 100)
  const viewer = watchHttpFlv(`${drained.http}/${name}.flv`)
  const socket = watchWsFlv(`${drained.ws}/${name}.flv`)
  const player = await playRtmp(`${drained.rtmp}/${name}`)
  await untilViewers(drained, name, 3)
  drained.process.child.kill('SIGTERM')
  expect(await drained.process.exited).toBe(0)
  await until('every connection to be closed', () => viewer.ended && socket.ended && player.closed && publisher.closed)
  expect(socket.status).toBe(1001)
  expect(player.said).toEqual(['playing', 'ended NetStream.Play.UnpublishNotify'])
  expect(publisher.said).toEqual(['publishing', 'ended NetStream.Publish.Idle'])
  expect(mediaOf(viewer.tags)).toHaveLength(mediaOf(tags).length)
  await expect(fetch(`${drained.http}/readyz`)).rejects.toThrow()
})

test('a drain gives balancers notice: requests are answered, sessions continue, and new work is refused', async () => {
  const drained = await startServer({ args: ['--drain-notice', '3'] })
  const name = 'live/noticed'
  const publisher = await publishRtmp(`${drained.rtmp}/${name}`)
  publisher.send(tags)
  await untilStream(drained, name, 'live', 100)
  const viewer = watchHttpFlv(`${drained.http}/${name}.flv`)
  await viewer.frames(10)
  drained.process.child.kill('SIGTERM')
  const from = performance.now()
  const readyz = () => fetch(`${drained.http}/readyz`)
  await until('/readyz to say no', async () => (await readyz()).status === 503)
  expect(await (await readyz()).json()).toMatchObject({ ready: false })
  expect((await fetch(`${drained.http}/metrics`, { headers: WITH_KEY })).status).toBe(200)
  expect(await untilStream(drained, name, 'live')).toMatchObject({ name })
  const refused = await fetch(`${drained.http}/${name}.flv`)
  expect([refused.status, refused.headers.get('retry-after')]).toEqual([503, '5'])
  const whip = await fetch(`${drained.http}/whip/live/new`, {
    ...{ method: 'POST', headers: { 'Content-Type': 'application/sdp' }, body: 'v=0\r\n' },
  })
  expect(whip.status).not.toBe(201)
  await expect(publishRtmp(`${drained.rtmp}/live/new`)).rejects.toThrow('NetStream.Publish.Denied')
  await expect(playRtmp(`${drained.rtmp}/${name}`)).rejects.toThrow('NetStream.Play.Failed')
  publisher.send(tags, 10_000)
  await viewer.frames(mediaOf(tags).length + 10)
  expect([viewer.ended, publisher.closed]).toEqual([false, false])
  expect(await drained.process.exited).toBe(0)
  expect(performance.now() - from).toBeGreaterThan(2500)
})
