import { afterAll, beforeAll, expect, test } from 'vitest'
import { pushFfmpeg, rest, until, untilStream, type ListedStream, type TestServer } from '../harness/index.js'
import { ClusterStage } from './cluster-stage.js'

let stage: ClusterStage
let a: TestServer
let b: TestServer
beforeAll(async () => {
  stage = await ClusterStage.open()
  ;[a, b] = await Promise.all([stage.start('a'), stage.start('b')])
})
afterAll(() => stage.close())

test('REST of any node lists, describes and ends what is published on another', async () => {
  const push = pushFfmpeg({ url: `${a.rtmp}/live/far` })
  await untilStream(a, 'live/far', 'live', 1)
  interface Far extends ListedStream {
    readonly node: string
    readonly play: { readonly rtmp: string }
  }
  const { streams } = (await rest<{ streams: Far[] }>(b, 'GET', 'streams'))!
  expect(streams).toMatchObject([{ name: 'live/far', node: 'a', state: 'live', play: { rtmp: `${b.rtmp}/live/far` } }])
  expect(await rest(b, 'GET', 'streams/live/far')).toMatchObject({ node: 'a', video: { codec: 'h264', width: 640 } })
  expect(await rest(b, 'GET', 'streams/live/other')).toBeUndefined()
  const { connections } = (await rest<{ connections: { id: string; node: string }[] }>(b, 'GET', 'connections'))!
  expect(connections).toMatchObject([{ node: 'a', stream: 'live/far', role: 'publisher' }])
  const { id } = connections[0]!
  expect(await rest(b, 'GET', `connections/${id}`)).toMatchObject({ id, node: 'a' })
  expect(await rest(b, 'DELETE', 'streams/live/far/publisher')).toEqual({ ended: 1 })
  expect(await push.exited).not.toBe(0)
  expect(await rest(b, 'DELETE', `connections/${id}`)).toBeUndefined()
})

test('a name that is published on one node is refused on another, until that one is dead', async () => {
  const first = pushFfmpeg({ url: `${a.rtmp}/live/x` })
  await untilStream(a, 'live/x', 'live', 1)
  const second = pushFfmpeg({ url: `${b.rtmp}/live/x` })
  expect(await second.exited).not.toBe(0)
  expect(b.log()).toContain('live/x already has a publisher')
  a.process.child.kill('SIGKILL')
  const killed = performance.now()
  await until(
    'the name to be free',
    async () => {
      const third = pushFfmpeg({ url: `${b.rtmp}/live/x` })
      const isLive = await Promise.race([third.exited.then(() => false), untilStream(b, 'live/x', 'live', 1)])
      await third.stop()
      return isLive
    },
    { timeoutMs: 20_000, explain: b.log },
  )
  expect(performance.now() - killed).toBeLessThan(10_000)
  await first.stop()
})

test('the holder of the same token takes the stream over on another node', async () => {
  const c = await stage.start('c')
  const body = { action: 'publish', stream: 'live/y', expireSeconds: 600 }
  const { token } = (await rest<{ token: string }>(b, 'POST', 'tokens', body))!
  const first = pushFfmpeg({ url: `${b.rtmp}/live/y?token=${token}` })
  await untilStream(b, 'live/y', 'live', 1)
  const second = pushFfmpeg({ url: `${c.rtmp}/live/y?token=${token}` })
  await untilStream(c, 'live/y', 'live', 1)
  expect(await first.exited).not.toBe(0)
  expect(b.log()).toContain('taken-over')
  await second.stop()
})
