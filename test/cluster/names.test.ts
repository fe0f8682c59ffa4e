import { afterAll, beforeAll, expect, test } from 'vitest'
import { pushFfmpeg, rest, until, untilStream, type TestServer } from '../harness/index.js'
import { ClusterStage } from './cluster-stage.js'

let stage: ClusterStage
let a: TestServer
let b: TestServer
beforeAll(async () => {
  stage = await ClusterStage.open()
  ;[a, b] = await Promise.all([stage.start('a'), stage.start('b')])
})
afterAll(() => stage.close())

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
