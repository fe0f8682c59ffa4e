import { expect, test } from 'vitest'
import { pathOf, problemOfTemplate } from './path-template.js'

const at = new Date(2026, 0, 2, 3, 4, 5, 678)

test('variables are those of MediaMTX', () => {
  const facts = { stream: 'live/cam', atMs: at.getTime() }
  expect(pathOf('%path/%Y-%m-%d_%H-%M-%S-%f', facts)).toBe('live/cam/2026-01-02_03-04-05-678000')
  expect(pathOf('a/%path@%s', facts)).toBe(`a/live/cam@${String(Math.floor(at.getTime() / 1000))}`)
  expect(pathOf('%path%s%z', facts)).toMatch(/[+-]\d{4}$/)
})

test.each([
  '../%path-%s',
  'a/../%path-%s',
  '/%path-%s',
  'x/%path',
  '%s',
  '%path-%s-%q',
  '.journal/%path-%s',
  '%path-%s;rm -r',
  'a//%path%s',
])('a template that leaves the folder, hides, or lets files meet is refused: %s', (template) =>
  expect(problemOfTemplate(template)).toMatch(/^A path template .*\.$/),
)

test('a name of a stream never leads out of the folder', () => {
  for (const stream of ['../etc/passwd', 'live/..', '/etc', 'live//cam', 'live/.hidden', 'a/\0'])
    expect(pathOf('%path/%s', { stream, atMs: 0 })).toBeUndefined()
})
