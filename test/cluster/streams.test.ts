import { afterAll, beforeAll, expect, test } from 'vitest'
import {
  probe,
  pushFfmpeg,
  rest,
  until,
  untilStream,
  watchHttpFlv,
  WITH_KEY,
  type TestServer,
} from '../harness/index.js'
import { WirePeer } from '../interop/webrtc/wire-peer.js'
import { ClusterStage } from './cluster-stage.js'

let stage: ClusterStage
let a: TestServer
let b: TestServer
beforeAll(async () => {
  stage = await ClusterStage.open()
  ;[a, b] = await Promise.all([stage.start('a'), stage.start('b')])
  await until(
    'the links',
    async () => (await figure(a, 'link_open', 'b')) === 1 && (await figure(b, 'link_open', 'a')) === 1,
  )
})
afterAll(() => stage.close())

async function figure(server: TestServer, name: string, node: string): Promise<number | undefined> {
  const text = await (await fetch(`${server.http}/metrics`, { headers: WITH_KEY })).text()
  const line = text.split('\n').find((one) => one.startsWith(`crossroom_relay_${name}{node="${node}"}`))
  return line === undefined ? undefined : Number(line.split(' ')[1])
}

test('what is published on one node is played on another by every protocol, and crosses once', async () => {
  const push = pushFfmpeg({ url: `${a.rtmp}/live/x` })
  await untilStream(a, 'live/x', 'live', 30)
  const first = watchHttpFlv(`${b.http}/live/x.flv`)
  const media = await first.frames(30)
  expect(media.find(({ kind }) => kind === 'video')).toMatchObject({ keyframe: true })
  const others = Array.from({ length: 5 }, () => watchHttpFlv(`${b.http}/live/x.flv`))
  await Promise.all(others.map((viewer) => viewer.frames(30)))
  const browser = await WirePeer.play(`${b.http}/whep/live/x`)
  expect(browser.videoFrames).toBeGreaterThanOrEqual(10)
  const played = await probe(`${b.rtmp}/live/x`, { seconds: 2 })
  expect(played.tracks.map(({ codec }) => codec).sort()).toEqual(['aac', 'h264'])
  expect(await figure(b, 'pulled_streams', 'a')).toBe(1)
  expect(await figure(a, 'served_streams', 'b')).toBe(1)
  await browser.close()
  for (const viewer of [first, ...others]) viewer.close()
  await until('the copy to be given up', async () => (await figure(a, 'served_streams', 'b')) === 0, {
    timeoutMs: 15_000,
  })
  await push.stop()
})

test('a player that waits on one node gets what is then published on another, and its end', async () => {
  const viewer = watchHttpFlv(`${a.http}/live/later.flv`)
  const push = pushFfmpeg({ url: `${b.rtmp}/live/later` })
  await viewer.frames(30)
  await rest(b, 'DELETE', 'streams/live/later')
  await viewer.end()
  await push.exited
})

test('a publisher that moves to another node keeps its viewers', async () => {
  const body = { action: 'publish', stream: 'live/moves', expireSeconds: 600 }
  const { token } = (await rest<{ token: string }>(a, 'POST', 'tokens', body))!
  const first = pushFfmpeg({ url: `${a.rtmp}/live/moves?token=${token}` })
  await untilStream(a, 'live/moves', 'live', 30)
  const viewers = [watchHttpFlv(`${a.http}/live/moves.flv`), watchHttpFlv(`${b.http}/live/moves.flv`)]
  await Promise.all(viewers.map((viewer) => viewer.frames(30)))
  const second = pushFfmpeg({ url: `${b.rtmp}/live/moves?token=${token}` })
  await untilStream(b, 'live/moves', 'live', 30)
  await first.exited
  const counts = viewers.map((viewer) => viewer.media.length)
  await Promise.all(viewers.map((viewer, index) => viewer.frames(counts[index]! + 60)))
  expect(viewers.map(({ ended }) => ended)).toEqual([false, false])
  for (const viewer of viewers) {
    viewer.close()
    const times = viewer.media.filter(({ kind }) => kind === 'video').map(({ timestampMs }) => timestampMs)
    expect(times.every((time, index) => index === 0 || time > times[index - 1]!)).toBe(true)
  }
  await second.stop()
})
