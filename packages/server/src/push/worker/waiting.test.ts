import { expect, test } from 'vitest'
import { audioConfig, videoConfig } from '../../../../../test/scenarios/stage.js'
import { Waiting } from './waiting.js'

const [video, audio] = [videoConfig(), audioConfig()]
const frame = (what: 'audio' | 'key' | 'video', dts: number) => ({
  ...{ config: what === 'audio' ? audio : video, keyframe: what !== 'video', units: [new Uint8Array(100)] },
  ...{ pts: dts, dts, droppable: false, receivedAt: 0 },
})

async function taken(waiting: Waiting): Promise<number[]> {
  waiting.close()
  const got: number[] = []
  for (let one = await waiting.next(); one !== undefined; one = await waiting.next()) got.push(one.dts)
  return got
}

test('what waits comes in order, and who waits gets the next one', async () => {
  const waiting = new Waiting(1000)
  const next = waiting.next()
  for (const [index, what] of (['key', 'audio', 'video'] as const).entries()) waiting.push(frame(what, index))
  expect((await next)?.dts).toBe(0)
  expect(await taken(waiting)).toEqual([1, 2])
})

test('beyond the limit frames are left out and counted, up to a keyframe for which there is room', async () => {
  const waiting = new Waiting(300)
  for (const [index, what] of (['key', 'video', 'audio', 'video', 'key', 'audio'] as const).entries())
    waiting.push(frame(what, index))
  expect(waiting.droppedFrames).toBe(3)
  expect((await waiting.next())?.dts).toBe(0)
  for (const [index, what] of (['video', 'audio', 'key', 'audio'] as const).entries())
    waiting.push(frame(what, 6 + index))
  expect(waiting.droppedFrames).toBe(6)
  expect(await taken(waiting)).toEqual([1, 2, 8])
})

test('sound alone goes on as soon as there is room', async () => {
  const waiting = new Waiting(100)
  waiting.push(frame('audio', 0))
  waiting.push(frame('audio', 1))
  await waiting.next()
  waiting.push(frame('audio', 2))
  expect(waiting.droppedFrames).toBe(1)
  expect(await taken(waiting)).toEqual([2])
})
