import fc from 'fast-check'
import { expect, test } from 'vitest'
import { isSegment } from '../auth/names.js'
import { StreamKey } from './stream-key.js'

const names = fc.oneof(
  fc.string({ unit: 'binary' }),
  // Names that look like keys.
  fc
    .array(fc.constantFrom('plain', 'room', 'best', 'small', ':', '/', '#', 'r', 'live', '\n', '.'), { maxLength: 8 })
    .map((parts) => parts.join('')),
)
const keys = fc.tuple(fc.constantFrom('plain', 'room'), fc.boolean(), names).map(([space, isSmall, name]) => {
  const best = space === 'plain' ? StreamKey.plain(name) : StreamKey.room(name)
  return isSmall ? best.small : best
})

const partsOf = ({ space, name, layer }: StreamKey) => ({ space, name, layer })

test('the text of a key is read back as that key, whatever its name', () => {
  fc.assert(
    fc.property(keys, (key) => {
      expect(partsOf(StreamKey.read(key.text)!)).toEqual(partsOf(key))
    }),
  )
})

test('two keys have the same text only where space, name and layer are the same', () => {
  fc.assert(
    fc.property(keys, keys, (one, other) => {
      const isSame = one.space === other.space && one.name === other.name && one.layer === other.layer
      expect(one.equals(other)).toBe(isSame)
    }),
  )
})

test('no plain name makes the key of a room or of a layer', () => {
  fc.assert(
    fc.property(names, names, (plain, other) => {
      const { text } = StreamKey.plain(plain)
      expect([StreamKey.room(other), StreamKey.room(other).small, StreamKey.plain(other).small]).not.toContainEqual(
        expect.objectContaining({ text }),
      )
      expect(partsOf(StreamKey.read(text)!)).toMatchObject({ space: 'plain', layer: 'best' })
    }),
  )
})

test('a name inside the text of another key is no way into its space', () => {
  const secret = StreamKey.room('abcdefgh')
  for (const forged of [secret.text, secret.small.text, `${secret.text}/small`])
    expect(StreamKey.read(StreamKey.plain(forged).text)!.space).toBe('plain')
})

test('an invalid key is not read as one', () => {
  for (const text of ['', 'live/x', 'r/abc', 'room:abc', 'plain:large:x', 'Plain:best:x', ' plain:best:x'])
    expect(StreamKey.read(text)).toBeUndefined()
})

test('the label of a room stream tells room, user and type, and never its name', () => {
  fc.assert(
    fc.property(fc.uuid(), fc.constantFrom('main', 'aux'), (name, streamType) => {
      const key = StreamKey.room(name, { roomId: 'lesson', userId: 'ann', streamType } as const)
      expect(key.label).toBe(`lesson/ann/${streamType}`)
      expect(key.small.label).toBe('lesson/ann/small')
      for (const one of [key, key.small, StreamKey.read(key.text)!]) {
        expect(one.label).not.toContain(name)
        expect(JSON.stringify({ stream: one })).not.toContain(name)
        expect(String(one)).toBe(one.label)
      }
    }),
  )
})

test('the label of a plain stream is its name, which no layer shares', () => {
  expect(StreamKey.plain('live/cam').label).toBe('live/cam')
  const layer = StreamKey.plain('live/cam').small.label
  expect(layer).toBe('live/cam/small')
  expect(layer.split('/').slice(1).join('/')).not.toSatisfy(isSegment)
})
