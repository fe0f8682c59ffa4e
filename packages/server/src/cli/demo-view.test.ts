import { expect, test } from 'vitest'
import { DemoView } from './demo-view.js'
import { StatusLine } from './status-line.js'

const stats = (userId: string, more: object = {}): string =>
  JSON.stringify({ event: 'stats', userId, frames: 0, width: 640, height: 360, audioLevel: 62, lateMs: 12, ...more })

test('a line lists size, frames, audio and delay of every member, and none that left', () => {
  const view = new DemoView()
  expect(view.line(0)).toBeUndefined()
  view.handleLine(stats('alice', { frames: 100 }), 1000)
  view.handleLine(stats('alice', { frames: 125 }), 2000)
  view.handleLine(stats('bob', { width: 0, height: 0, audioLevel: 0 }), 2000)
  view.handleLine('{"event":"pusher","code":1002,"message":""}', 2000)
  view.handleLine('npm warn {', 2000)
  view.handleLine('{ not JSON', 2000)
  expect(view.line(2000)).toBe(
    'The phone receives alice: 640×360, 125 pictures (25/s), sound 62, 12 ms late | ' +
      'bob: no picture yet, 0 pictures (0/s), sound 0, 12 ms late',
  )
  view.handleLine(stats('alice', { frames: 3, delayMs: 84 }), 3000)
  expect(view.line(5000)).toBe('The phone receives alice: 640×360, 3 pictures (0/s), sound 62, 84 ms old')
  expect(view.line(6000)).toBeUndefined()
})

test('a full room is told of in one line', () => {
  const view = new DemoView()
  for (const user of ['a', 'b', 'c', 'd', 'e']) view.handleLine(stats(user), 0)
  expect(view.line(0)).toMatch(/ \| and 2 more$/)
})

test('on a terminal the line is written over, is never wider, and makes room for other lines', () => {
  let written = ''
  const status = new StatusLine({ isTTY: true, columns: 11, write: (text) => (written += text) })
  status.show(undefined, 0)
  expect(written).toBe('')
  expect(status.interrupt()).toBe('')
  status.show('0123456789 and more', 0)
  expect(written).toBe('\r\x1b[K0123456789')
  expect(status.interrupt()).toBe('\r\x1b[K')
  written = ''
  status.show('again', 1)
  status.show(undefined, 2)
  expect(written).toBe('\r\x1b[Kagain\r\x1b[K')
})

test('elsewhere a line is written every five seconds', () => {
  const written: string[] = []
  const status = new StatusLine({ write: (text) => written.push(text) })
  for (let ms = 0; ms <= 10_000; ms += 1000) status.show(`at ${String(ms)}`, ms)
  status.show(undefined, 10_500)
  status.show('again', 11_000)
  expect(written).toEqual(['at 0\n', 'at 5000\n', 'at 10000\n', 'again\n'])
})
