import { configToJson, controlMessage, parseControl, WireReader, type WireMessage } from '@crossroom/media'
import { VirtualClock } from '@crossroom/testkit'
import { expect, test } from 'vitest'
import { SECOND, videoConfig } from '../../../../../test/scenarios/stage.js'
import { pushLimits } from '../../config/limits.js'
import type { ChildHandlers } from '../../jobs/index.js'
import { silentLog } from '../../observe/index.js'
import { PUSH_MESSAGE, type SendEnd, type SendTotals } from '../worker/orders.js'
import { PushChildren } from './push-children.js'

/** Children as the test plays them. */
function stage() {
  const clock = new VirtualClock(SECOND)
  const children: { handlers: ChildHandlers; got: WireMessage[]; isKilled: boolean; waitingBytes: number }[] = []
  const pool = new PushChildren({
    ...{ clock, log: silentLog },
    spawn: (handlers) => {
      const child = { handlers, got: [] as WireMessage[], isKilled: false, waitingBytes: 0 }
      const reader = new WireReader((message) => child.got.push({ ...message, body: message.body.slice() }))
      children.push(child)
      return {
        get waitingBytes() {
          return child.waitingBytes
        },
        write: (bytes) => reader.push(bytes),
        kill: () => (child.isKilled = true),
      }
    },
  })
  const open = () => {
    const told = { opened: 0, failed: [] as SendEnd[], totals: [] as SendTotals[] }
    const output = pool.withRoom().open(
      { kind: 'srt', url: 'srt://192.0.2.1:9000', stallMs: 1000 },
      {
        opened: () => void told.opened++,
        totals: (totals) => told.totals.push(totals),
        failed: (end) => told.failed.push(end),
      },
    )
    return { told, output }
  }
  const say = (child: number, message: Uint8Array): void =>
    new WireReader((one) => children[child]!.handlers.message(one)).push(message)
  return { clock, children, pool, open, say }
}

const frameAt = (dts: number) => ({
  ...{ config: CONFIG, pts: dts, dts, keyframe: true, droppable: false, units: [new Uint8Array(5)], receivedAt: 0 },
})
const CONFIG = videoConfig()

test('one child takes so many outputs, the next one goes to another', () => {
  const { children, open } = stage()
  for (let index = 0; index <= pushLimits.perChild; index++) open()
  expect(children.map(({ got }) => got.filter(({ type }) => type === PUSH_MESSAGE.open).length)).toEqual([
    pushLimits.perChild,
    1,
  ])
})

test('an output tells its child the codec once, and is told what the target took', () => {
  const { children, open, say } = stage()
  const [first, second] = [open(), open()]
  for (const dts of [0, 40_000]) second.output.send(frameAt(dts))
  const { got } = children[0]!
  expect(got.filter(({ channel }) => channel === 2).map(({ type }) => type)).toEqual([
    ...[PUSH_MESSAGE.open, PUSH_MESSAGE.config, PUSH_MESSAGE.frame, PUSH_MESSAGE.frame],
  ])
  expect(parseControl(got.find(({ type }) => type === PUSH_MESSAGE.config)!)).toEqual(
    JSON.parse(JSON.stringify(configToJson(CONFIG))),
  )
  say(0, controlMessage(PUSH_MESSAGE.opened, 2, {}))
  say(0, controlMessage(PUSH_MESSAGE.totals, 2, { bytes: 7, droppedFrames: 1 }))
  say(0, controlMessage(PUSH_MESSAGE.failed, 2, { message: 'Gone.' }))
  say(0, controlMessage(PUSH_MESSAGE.totals, 2, { bytes: 8, droppedFrames: 1 }))
  expect(second.told).toEqual({
    ...{ opened: 1, failed: [{ message: 'Gone.' }], totals: [{ bytes: 7, droppedFrames: 1 }] },
  })
  expect(first.told).toEqual({ opened: 0, failed: [], totals: [] })
})

test('a child that does not take frames is full', () => {
  const { children, open } = stage()
  const { output } = open()
  expect(output.isFull).toBe(false)
  children[0]!.waitingBytes = pushLimits.childQueueBytes + 1
  expect(output.isFull).toBe(true)
})

test('a way for media is opened by the child, or not at all', async () => {
  const { children, open, say } = stage()
  const { output } = open()
  const opened = output.relay({ address: '192.0.2.1', port: 8000 })
  expect(parseControl(children[0]!.got.at(-1)!)).toEqual({ address: '192.0.2.1', port: 8000 })
  say(0, controlMessage(PUSH_MESSAGE.relayed, 0, { port: 4000 }))
  expect(await opened).toBe(4000)
  const failed = output.relay({ address: '192.0.2.1', port: 8000 })
  say(0, controlMessage(PUSH_MESSAGE.relayed, 0, {}))
  await expect(failed).rejects.toThrow('cannot be reached by UDP')
})

test('a child that hangs is ended, and its pushes are told', () => {
  const { clock, children, open } = stage()
  const { told } = open()
  clock.advance(pushLimits.childSilentMicros + pushLimits.childPingMicros)
  expect(children[0]!.isKilled).toBe(true)
  children[0]!.handlers.exited('SIGKILL')
  expect(told.failed).toEqual([{ message: 'The push process ended (SIGKILL).', denied: false }])
  open()
  expect(children.length).toBe(2)
})

test('a child without pushes ends after some seconds, and one that has none of the libraries says so', () => {
  const { clock, children, open, say } = stage()
  const { output } = open()
  output.close()
  for (let passed = 0; passed < pushLimits.childLingerMicros; passed += SECOND) {
    expect(children[0]!.isKilled).toBe(false)
    say(0, controlMessage(PUSH_MESSAGE.pong, 0))
    clock.advance(SECOND)
  }
  expect(children[0]!.isKilled).toBe(true)
  children[0]!.handlers.exited('SIGKILL')
  const { told } = open()
  say(1, controlMessage(PUSH_MESSAGE.ready, 0, { why: 'no such module' }))
  children[1]!.handlers.exited('exit code 0')
  expect(told.failed).toMatchObject([{ denied: true, message: expect.stringContaining('node-av') as string }])
})
