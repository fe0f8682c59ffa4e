import fc from 'fast-check'
import { expect, test } from 'vitest'
import { roomLimits, signalingLimits } from '../config/index.js'
import { Refused } from './refused.js'
import { RequestQueue, type QueuedRequest } from './request-queue.js'

const requestOf = (id: number): QueuedRequest => ({ id, method: 'room.info', params: {} })
const settled = () => new Promise((resolve) => setImmediate(resolve))

interface Work {
  readonly id: number
  answer(): void
  fail(): void
}

/** A queue on a clock that is turned by hand, with what it carried out and what it told. */
class QueueRig {
  now = 0
  readonly begun: Work[] = []
  readonly told: string[] = []
  readonly queue = new RequestQueue(
    { listened: () => this.now },
    {
      carryOut: ({ id }) =>
        new Promise<object>((resolve, reject) => {
          this.begun.push({ id: Number(id), answer: () => resolve({}), fail: () => reject(new Error('down')) })
        }),
      answered: ({ id }) => this.told.push(`answered ${String(id)}`),
      failed: ({ id }, error) => this.told.push(`${error instanceof Refused ? error.code : 'failed'} ${String(id)}`),
    },
  )

  wait(micros: number): void {
    this.now += micros
    this.queue.handleTimeout(this.now)
  }
}

const act = fc.oneof(
  { weight: 4, arbitrary: fc.constant('add' as const) },
  { weight: 3, arbitrary: fc.record({ work: fc.nat(30), fails: fc.boolean() }) },
  { weight: 2, arbitrary: fc.record({ wait: fc.integer({ min: 0, max: 2 * roomLimits.answerMicros }) }) },
)

test('each request is carried out once, in order, and answered once, whenever and however the room answers', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(act, { maxLength: 40 }), async (acts) => {
      const rig = new QueueRig()
      let added = 0
      for (const each of acts) {
        if (each === 'add') rig.queue.add(requestOf(added++))
        else if ('wait' in each) rig.wait(each.wait)
        else if (each.fails) rig.begun[each.work]?.fail()
        else rig.begun[each.work]?.answer()
        await settled()
      }
      for (let left = added; left > 0; left--) rig.wait(roomLimits.answerMicros)
      const ids = Array.from({ length: added }, (_, id) => id)
      expect(rig.begun.map(({ id }) => id)).toEqual(ids)
      expect(rig.told.map((line) => Number(line.split(' ')[1]))).toEqual(ids)
    }),
    { numRuns: 200 },
  )
})

test('a request without an answer fails in time, and the time of the next begins with its turn', async () => {
  const rig = new QueueRig()
  rig.queue.add(requestOf(0))
  rig.queue.add(requestOf(1))
  rig.wait(roomLimits.answerMicros - 1)
  expect(rig.told).toEqual([])
  rig.wait(1)
  rig.wait(roomLimits.answerMicros - 1)
  expect(rig.told).toEqual(['TIMEOUT 0'])
  rig.begun[0]!.answer()
  rig.begun[1]!.answer()
  await settled()
  expect(rig.told).toEqual(['TIMEOUT 0', 'answered 1'])
})

test('requests waiting when the socket ends are never carried out, and a running one gets no answer', async () => {
  const rig = new QueueRig()
  rig.queue.add(requestOf(0))
  rig.queue.add({ id: 1, method: 'room.leave', params: {} })
  expect(rig.queue.has('room.leave')).toBe(true)
  rig.queue.clear()
  rig.begun[0]!.answer()
  await settled()
  expect([rig.begun.length, rig.told, rig.queue.has('room.leave')]).toEqual([1, [], false])
})

test('a bounded number of requests waits', () => {
  const rig = new QueueRig()
  for (let id = 0; id < signalingLimits.waitingRequests + 3; id++) rig.queue.add(requestOf(id))
  expect(rig.told).toEqual([65, 66].map((id) => `TOO_MANY_REQUESTS ${String(id)}`))
})
