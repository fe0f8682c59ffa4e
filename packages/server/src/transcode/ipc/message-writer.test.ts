import { expect, test } from 'vitest'
import { MessageWriter } from './message-writer.js'

function rig() {
  const written: number[][] = []
  return { written, writer: new MessageWriter((bytes) => written.push([...bytes])) }
}

test('a message goes out at once, several of one piece of work in one piece and in their order', () => {
  const { written, writer } = rig()
  writer.write(Uint8Array.of(1))
  writer.together(() => {
    writer.write(Uint8Array.of(2, 3))
    writer.together(() => writer.write(Uint8Array.of(4)))
    expect(written).toEqual([[1]])
  })
  writer.together(() => undefined)
  writer.write(Uint8Array.of(5))
  expect(written).toEqual([[1], [2, 3, 4], [5]])
})

test('a long row does not wait for its end', () => {
  const { written, writer } = rig()
  writer.together(() => {
    for (let index = 0; index < 10; index++) writer.write(new Uint8Array(1000))
    expect(written.map(({ length }) => length)).toEqual([5000, 5000])
  })
})

test('data written before a failure is sent', () => {
  const { written, writer } = rig()
  const fails = () =>
    writer.together(() => {
      writer.write(Uint8Array.of(1))
      throw new Error('told to fail')
    })
  expect(fails).toThrow('told to fail')
  writer.write(Uint8Array.of(2))
  expect(written).toEqual([[1], [2]])
})
