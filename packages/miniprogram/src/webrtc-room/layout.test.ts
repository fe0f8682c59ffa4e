import { expect, test } from 'vitest'

import { layoutOf, maxMembersOf, templates, type LayoutInput } from './layout.js'

const smallView = { left: '1vw', top: '2vw', width: '30vw', height: '40vw' }

function panes(template: string, seats: LayoutInput['seats'], roomCreator = ''): string[] {
  const layout = layoutOf({ template, seats, selfId: 'me', roomCreator, smallView })
  return [layout.self, ...layout.seats].map(({ name }) => name)
}

test.each([
  ['1v1', ['a'], ['p1', 'p0']],
  ['1v1bigsmall', ['a'], ['p1', 'p0']],
  ['1v1horizontal', ['a'], ['p0', 'p1']],
  ['1v3', ['a', 'b', 'c'], ['p0', 'p1', 'p2', 'p3']],
  ['grid', ['a', undefined, 'c'], ['p0', 'p1', 'empty', 'p2']],
  ['float', ['a', 'b'], ['p0', 'p1', 'p2']],
  ['bigsmall', ['a', 'b'], ['p1', 'p0', 'p2']],
  ['1u3d', ['a', 'b'], ['p0', 'p1', 'p2']],
  ['1l3r', ['a', 'b'], ['p0', 'p1', 'p2']],
])('%s with %j', (template, seats, expected) => {
  expect(panes(template, seats)).toEqual(expected)
})

test.each(templates)('alone in %s one fills the room', (template) => {
  expect(panes(template, [undefined])).toEqual(['p0', 'empty'])
})

test.each(['1u3d', '1l3r'])('%s puts the creator into the main pane, wherever it sits', (template) => {
  expect(panes(template, ['a', 'b'], 'b')).toEqual(['p1', 'p2', 'p0'])
  expect(panes(template, ['a', 'b'], 'me')).toEqual(['p0', 'p1', 'p2'])
  expect(panes(template, ['a', 'b'], 'gone')).toEqual(['p0', 'p1', 'p2'])
})

test('a viewer has no pane, and the first other member fills the room', () => {
  const layout = layoutOf({ template: 'grid', seats: ['a'], selfId: undefined, roomCreator: '', smallView })
  expect([layout.self.name, layout.seats[0]?.name, layout.size]).toEqual(['empty', 'p0', 'one'])
})

test('the small views of bigsmall stand side by side from where the app says', () => {
  const layout = layoutOf({ template: 'bigsmall', seats: ['a', 'b'], selfId: 'me', roomCreator: '', smallView })
  expect(layout.self.style).toBe('left:1vw;top:2vw;width:30vw;height:40vw')
  expect(layout.seats.map(({ style }) => style)).toEqual([
    '',
    'left:calc(1vw + 1 * 30vw);top:2vw;width:30vw;height:40vw',
  ])
})

test.each([
  [1, 'one'],
  [2, 'four'],
  [4, 'four'],
  [5, 'nine'],
])('%d people make a grid of %s', (people, size) => {
  const seats = Array.from({ length: people - 1 }, (_, index) => `u${index}`)
  expect(layoutOf({ template: 'grid', seats, selfId: 'me', roomCreator: '', smallView }).size).toBe(size)
})

test('1v1 templates show one other, the rest three', () => {
  expect(templates.map((template) => [template, maxMembersOf(template)])).toEqual([
    ['1v1', 1],
    ['1v3', 3],
    ['1u3d', 3],
    ['1l3r', 3],
    ['float', 3],
    ['grid', 3],
    ['bigsmall', 3],
    ['1v1bigsmall', 1],
    ['1v1horizontal', 1],
  ])
})
