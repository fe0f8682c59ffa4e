import { expect, test } from 'vitest'
import { PendingConnections } from './pending-connections.js'

function makeTable(limits: Partial<ConstructorParameters<typeof PendingConnections>[0]> = {}) {
  const evicted: string[] = []
  const table = new PendingConnections({ total: 3, perAddress: 2, totalBytes: 1000, ...limits })
  return { table, evicted, add: (address: string, name = address) => table.add(address, () => evicted.push(name)) }
}

test('above the total the oldest goes, and admitted connections are never closed', () => {
  const { table, evicted, add } = makeTable()
  add('10.0.0.1').settle()
  add('10.0.0.2')
  add('10.0.0.3')
  add('10.0.0.4')
  expect(evicted).toEqual([])
  add('10.0.0.5')
  expect(evicted).toEqual(['10.0.0.2'])
  expect([table.size, table.evicted]).toEqual([3, 1])
})

test('past its share the oldest of an address goes and the new one is let in; loopback has no share', () => {
  const { table, evicted, add } = makeTable({ total: 100 })
  const first = add('10.0.0.1', 'first')
  add('10.0.0.1', 'second')
  add('10.0.0.2', 'other')
  add('10.0.0.1', 'third')
  expect(evicted).toEqual(['first'])
  first.settle()
  add('10.0.0.1', 'fourth')
  expect(evicted).toEqual(['first', 'second'])
  for (let i = 0; i < 10; i++) add('127.0.0.1')
  expect([evicted.length, table.size]).toEqual([2, 13])
})

test.each([
  ['2001:db8:1:2::1', '2001:db8:1:2:ffff::9', true],
  ['2001:db8:1:2::1', '2001:db8:1:3::1', false],
  ['::ffff:10.0.0.1', '10.0.0.1', true],
  ['::2', '::3', true],
])('%s and %s share one place: %s', (one, other, shared) => {
  const { add, evicted } = makeTable({ perAddress: 1 })
  add(one)
  add(other)
  expect(evicted.length === 1).toBe(shared)
})

test('past the bytes of all together the oldest goes, until it fits; a settled one gives its bytes back', () => {
  const { table, evicted, add } = makeTable()
  const first = add('10.0.0.1')
  const second = add('10.0.0.2')
  first.received(600)
  second.received(400)
  expect(evicted).toEqual([])
  second.received(1)
  expect(evicted).toEqual(['10.0.0.1'])
  second.settle()
  second.received(5000)
  const third = add('10.0.0.3')
  third.received(1000)
  expect(evicted).toHaveLength(1)
  expect(table.size).toBe(1)
})
