import {
  configToJson,
  controlMessage,
  frameMessage,
  parseControl,
  WireReader,
  type WireMessage,
} from '@crossroom/media'
import { VirtualClock } from '@crossroom/testkit'
import { expect, test } from 'vitest'
import { SECOND, videoConfig } from '../../../../../test/scenarios/stage.js'
import { pullLimits } from '../../config/limits.js'
import { silentLog } from '../../observe/index.js'
import { parsePullAddress } from '../address.js'
import type { FetchFailure } from '../fetcher.js'
import { settled } from '../pulls.fake.js'
import { PULL_MESSAGE, type FetchOrder } from '../worker/orders.js'
import { PullChildren } from './pull-children.js'
import type { ChildHandlers } from '../../jobs/index.js'

/** Children as the test plays them. */
function stage() {
  const clock = new VirtualClock(SECOND)
  const children: { handlers: ChildHandlers; got: WireMessage[]; isKilled: boolean }[] = []
  const judged: string[] = []
  const pool = new PullChildren({
    ...{ clock, log: silentLog },
    spawn: (handlers) => {
      const child = { handlers, got: [] as WireMessage[], isKilled: false }
      const reader = new WireReader((message) => child.got.push({ ...message, body: message.body.slice() }))
      children.push(child)
      return { waitingBytes: 0, write: (bytes) => reader.push(bytes), kill: () => (child.isKilled = true) }
    },
    orderOf: ({ address, timeoutMs }) => {
      judged.push(address.text)
      if (address.host === 'private.test') return Promise.reject(new Error('The target leads into a private network.'))
      return Promise.resolve({ kind: 'srt', url: address.text, timeoutMs } satisfies FetchOrder)
    },
  })
  const open = async (url = 'rtsp://u:p@camera.test/a') => {
    const told = { frames: [] as number[], failed: [] as FetchFailure[], refused: [] as unknown[], bytes: 0 }
    const fetch = pool.open(
      { address: parsePullAddress(url)!, transport: 'tcp', timeoutMs: 1000 },
      {
        frame: ({ pts }) => told.frames.push(pts),
        received: (bytes) => (told.bytes += bytes),
        refused: (track) => told.refused.push(track),
        failed: (failure) => told.failed.push(failure),
      },
    )
    await settled()
    return { told, fetch }
  }
  const say = (child: number, message: Uint8Array): void =>
    new WireReader((one) => children[child]!.handlers.message(one)).push(message)
  return { clock, children, judged, pool, open, say }
}

const frame = (channel: number, pts: number): Uint8Array =>
  frameMessage(channel, {
    ...{
      config: videoConfig(),
      pts,
      dts: pts,
      keyframe: true,
      droppable: false,
      units: [new Uint8Array(5)],
      receivedAt: 0,
    },
  })!

test('one child takes so many fetches, the next one goes to another', async () => {
  const { children, open } = stage()
  for (let index = 0; index <= pullLimits.perChild; index++) await open()
  expect(children.map(({ got }) => got.filter(({ type }) => type === PULL_MESSAGE.open).length)).toEqual([
    pullLimits.perChild,
    1,
  ])
})

test('frames reach the fetch of their channel, by the config that came before', async () => {
  const { open, say } = stage()
  const [first, second] = [await open(), await open()]
  say(0, frame(0, 1))
  say(0, controlMessage(PULL_MESSAGE.config, 2, configToJson(videoConfig())))
  say(0, frame(2, 2))
  expect([first.told.frames, second.told.frames]).toEqual([[], [2]])
  second.fetch.close()
  say(0, frame(2, 3))
  expect(second.told.frames).toEqual([2])
})

test('a child that ends fails its fetches alone; the next fetch has another child', async () => {
  const { children, open } = stage()
  const { told } = await open()
  children[0]!.handlers.exited('SIGSEGV')
  expect(told.failed).toEqual([{ message: 'The pull process ended (SIGSEGV).', denied: false }])
  await open()
  expect(children.length).toBe(2)
})

test('without node-av the sentence says so', async () => {
  const { children, open, say } = stage()
  const { told } = await open()
  say(0, controlMessage(PULL_MESSAGE.ready, 0, { why: 'Cannot find package' }))
  children[0]!.handlers.exited('exit code 0')
  expect(told.failed).toEqual([
    { message: expect.stringMatching(/node-av.*Cannot find package/) as string, denied: true },
  ])
})

test('a child that does not answer is ended; one that answers is not', async () => {
  const { clock, children, open, say } = stage()
  await open()
  for (let beat = 0; beat < 10; beat++) {
    clock.advance(pullLimits.childPingMicros)
    say(0, controlMessage(PULL_MESSAGE.pong, 0))
  }
  expect(children[0]!.isKilled).toBe(false)
  clock.advance(pullLimits.childSilentMicros + pullLimits.childPingMicros)
  expect(children[0]!.isKilled).toBe(true)
})

test('a child without fetches ends after a while', async () => {
  const { clock, children, open, say } = stage()
  const { fetch } = await open()
  clock.advance(pullLimits.childLingerMicros / 2)
  say(0, controlMessage(PULL_MESSAGE.pong, 0))
  fetch.close()
  clock.advance(pullLimits.childLingerMicros - 1)
  expect(children[0]!.isKilled).toBe(false)
  clock.advance(1)
  expect(children[0]!.isKilled).toBe(true)
})

test('a redirection is judged anew; credentials do not follow to another host', async () => {
  const { judged, open, say } = stage()
  const { told } = await open()
  say(0, controlMessage(PULL_MESSAGE.failed, 0, { message: '', redirect: 'rtsp://camera.test/b' }))
  await settled()
  say(0, controlMessage(PULL_MESSAGE.failed, 2, { message: '', redirect: 'rtsp://other.test/c' }))
  await settled()
  say(0, controlMessage(PULL_MESSAGE.failed, 4, { message: '', redirect: 'rtsp://private.test/d' }))
  await settled()
  expect(judged).toEqual([
    'rtsp://u:p@camera.test/a',
    'rtsp://u:p@camera.test/b',
    'rtsp://other.test/c',
    'rtsp://private.test/d',
  ])
  expect(told.failed).toEqual([{ message: 'The target leads into a private network.', denied: false }])
})

test('a fetch that is closed while its source is judged is never ordered', async () => {
  const { children, pool } = stage()
  const nothing = (): void => undefined
  const options = { address: parsePullAddress('rtsp://a.test/a')!, transport: 'tcp', timeoutMs: 1000 } as const
  pool.open(options, { frame: nothing, received: nothing, refused: nothing, failed: nothing }).close()
  await settled()
  expect(children).toEqual([])
})

test('the body of an order is the order', async () => {
  const { children, open } = stage()
  await open()
  expect(parseControl(children[0]!.got[0]!)).toEqual({ kind: 'srt', url: 'rtsp://u:p@camera.test/a', timeoutMs: 1000 })
})
