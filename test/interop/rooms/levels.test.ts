import { readFile } from 'node:fs/promises'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { AAC, makeClip, pushTags, startServer, tagsOf, until, type TestServer } from '../../harness/index.js'
import { RoomMember } from './room-member.js'

let server: TestServer

beforeAll(async () => {
  server = await startServer()
})
afterAll(() => server.stop())

/** Sound alone, as a device sends it that has no camera. */
async function soundOf(source: string) {
  const clip = await makeClip({ picture: [], sound: ['-f', 'lavfi', '-i', `${source}:duration=4`], output: AAC })
  return tagsOf(await readFile(clip.path))
}

test('levels list a device that pushes a tone by RTMP, and none that pushes silence', async () => {
  const { member } = await RoomMember.enter(server, { roomId: 'loud', userId: 'viewer' })
  const levelsOf = (userId: string) =>
    member
      .all('media.levels')
      .flatMap(({ levels }) => levels)
      .filter((entry) => entry.userId === userId)
      .map(({ level }) => level)
  const push = async (userId: string, source: string) =>
    pushTags(`${server.rtmp}/push/loud?userid=${userId}`, await soundOf(source))
  const quiet = await push('quiet', 'anullsrc=r=44100:cl=mono')
  await until('the silent device to be listed', async () => (await member.user('quiet')).streams[0]?.hasAudio === true)
  const loud = await push('loud', 'sine=frequency=440:sample_rate=44100')
  await until('the tone to be told of', () => levelsOf('loud').length >= 4)
  expect(Math.min(...levelsOf('loud').slice(1))).toBeGreaterThan(40)
  expect(levelsOf('quiet')).toEqual([])
  await loud.stop()
  await until('the end of the tone to be told', () => levelsOf('loud').at(-1) === 0)
  await quiet.stop()
})
