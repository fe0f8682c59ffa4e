import { afterEach, expect, test, vi } from 'vitest'
import { Emitter } from './emitter.js'

interface Events {
  a: number
  b: string
}

afterEach(() => {
  vi.unstubAllGlobals()
})

test('listeners hear every event of theirs, those of once only the next', () => {
  const emitter = new Emitter<Events>()
  const always = vi.fn()
  const once = vi.fn()
  emitter.on('a', always).once('a', once)
  emitter.emit('a', 1)
  emitter.emit('a', 2)
  emitter.emit('b', 'x')
  expect(always.mock.calls).toEqual([[1], [2]])
  expect(once.mock.calls).toEqual([[1]])
})

test('a listener of once can be removed before', () => {
  const emitter = new Emitter<Events>()
  const listener = vi.fn()
  emitter.once('a', listener).off('a', listener)
  emitter.emit('a', 1)
  expect(listener).not.toHaveBeenCalled()
  expect(emitter.has('a')).toBe(false)
})

test('off without a listener removes every listener of that event', () => {
  const emitter = new Emitter<Events>()
  const listener = vi.fn()
  emitter.on('a', listener).on('b', listener).off('a')
  emitter.emit('a', 1)
  emitter.emit('b', 'x')
  expect(listener.mock.calls).toEqual([['x']])
})

test('a listener that throws is reported and harms nobody', () => {
  const reported = vi.fn()
  vi.stubGlobal('reportError', reported)
  const emitter = new Emitter<Events>()
  const after = vi.fn()
  const error = new Error('of the page')
  emitter.on('a', () => {
    throw error
  })
  emitter.on('a', after)
  emitter.emit('a', 1)
  expect(after).toHaveBeenCalledOnce()
  expect(reported).toHaveBeenCalledWith(error)
})
