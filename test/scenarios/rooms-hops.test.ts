import { expect, test } from 'vitest'
import { LocalDirectory } from '../../packages/server/src/rooms/index.js'
import { ADDRESSES, FakeConnection, RoomStage } from './room-stage.js'

/** The files of the server that the present call came through, the outermost first; what only runs a function is none. */
function filesOfCall(): string[] {
  const before = Error.stackTraceLimit
  Error.stackTraceLimit = 100
  const stack = new Error().stack!.split('\n').reverse()
  Error.stackTraceLimit = before
  const files = stack.flatMap((line) => /server\/src\/rooms\/([\w/-]+)\.ts/.exec(line)?.[1] ?? [])
  return files
    .filter((file) => file !== 'promised' && file !== 'view/fold')
    .filter((file, index, all) => file !== all[index - 1])
}

test('an entry reaches the list of another member in five hops', async () => {
  const stage = new RoomStage()
  const { connection } = stage.settled('alice')
  const changed: string[][] = []
  const told: string[][] = []
  const { clock } = stage
  const after = clock.after.bind(clock)
  clock.after = (delay, callback) => {
    changed.push(filesOfCall())
    return after(delay, callback)
  }
  const notify = connection.notify.bind(connection)
  connection.notify = (method, params) => {
    if (method === 'room.userEnter') told.push(filesOfCall())
    notify(method, params)
  }
  await new LocalDirectory(stage.rooms).enter({
    ...{ roomId: 'room', identity: stage.identity('bob'), client: { kind: 'browser', version: '1' } },
    ...{ remoteAddress: '127.0.0.1', connection: new FakeConnection(), addresses: ADDRESSES },
  })
  stage.settle()
  // Between the two the list waits for further changes, 50 ms at most; behind the second is the connection.
  expect([changed[0], told[0]]).toEqual([
    ['local-directory', 'room', 'view/room-lists'],
    ['view/room-lists', 'participant'],
  ])
})
