import { readFile, writeFile } from 'node:fs/promises'
import type { FlvTag } from '@crossroom/media'
import { afterAll, beforeAll, expect, test } from 'vitest'
import {
  AAC,
  LOW_DELAY,
  makeClip,
  publishRtmp,
  pushFfmpeg,
  run,
  startServer,
  tagsOf,
  temporaryPath,
  until,
  untilStream,
  WITH_KEY,
  type TestServer,
} from '../harness/index.js'
import { RoomMember } from './rooms/room-member.js'

let server: TestServer
let tags: readonly FlvTag[]

beforeAll(async () => {
  const [started, clip] = await Promise.all([startServer(), makeClip()])
  server = started
  tags = tagsOf(await readFile(clip.path))
})
afterAll(() => server.stop())

interface Answer {
  readonly status: number
  readonly type: string | null
  readonly cache: string | null
  readonly body: Buffer
}

async function get(path: string, headers: Record<string, string> = WITH_KEY): Promise<Answer> {
  const response = await fetch(`${server.http}/api/v1/${path}`, { headers })
  const { status } = response
  const [type, cache] = ['content-type', 'cache-control'].map((name) => response.headers.get(name))
  return { status, type: type!, cache: cache!, body: Buffer.from(await response.arrayBuffer()) }
}

const errorOf = ({ body }: Answer): { code: string; message: string } =>
  (JSON.parse(body.toString()) as { error: { code: string; message: string } }).error

/** Codec and size of a picture, as ffprobe sees them. */
async function probePicture({ body }: Answer): Promise<string> {
  const path = temporaryPath('snapshot')
  await writeFile(path, body)
  const entries = 'stream=codec_name,width,height'
  const { stdout } = await run('ffprobe', ['-v', 'error', '-show_entries', entries, '-of', 'csv=p=0', path])
  return stdout.trim()
}

test('a stream’s picture is had as JPEG and WebP of any width, by holders of the key', async () => {
  const publisher = await publishRtmp(`${server.rtmp}/live/seen`)
  publisher.send(tags)
  await untilStream(server, 'live/seen', 'live', 50)
  const path = 'streams/live/seen/snapshot'
  const jpeg = await get(`${path}.jpg?width=160`)
  expect(jpeg).toMatchObject({ status: 200, type: 'image/jpeg', cache: 'max-age=1' })
  expect(await probePicture(jpeg)).toBe('mjpeg,160,90')
  expect(await get(`${path}.webp?width=101`)).toMatchObject({ status: 200, type: 'image/webp' })
  expect(await probePicture(await get(`${path}.webp?width=101`))).toBe('webp,101,57')
  expect(await probePicture(await get(`${path}.jpg`))).toBe('mjpeg,320,180')
  expect(await get(`${path}.jpg`, {})).toMatchObject({ status: 401 })
  publisher.end()
})

test.each(['0', '-1', '15', '4097', '1e9', '1000000000', 'NaN', '', '1.5', '0x100', '320&width=640'])(
  'the width %s is refused with a sentence',
  async (width) => {
    const answer = await get(`streams/live/any/snapshot.jpg?width=${width}`)
    expect(answer.status).toBe(400)
    expect(errorOf(answer)).toMatchObject({
      code: 'BAD_REQUEST',
      message: expect.stringMatching(/width: .+/) as string,
    })
  },
)

test('an unknown stream, one of sound and one that ends before its keyframe are told apart', async () => {
  expect(errorOf(await get('streams/live/nobody/snapshot.jpg'))).toEqual({
    ...{ code: 'STREAM_NOT_FOUND', message: 'No stream has this name.' },
  })
  const [sound, late] = [await publishRtmp(`${server.rtmp}/live/sound`), await publishRtmp(`${server.rtmp}/live/late`)]
  sound.send(tags.filter(({ type }) => type === 8))
  await untilStream(server, 'live/sound', 'live', 30)
  const ofSound = await get('streams/live/sound/snapshot.webp')
  expect([ofSound.status, errorOf(ofSound).code]).toEqual([404, 'NO_VIDEO'])
  // Without its keyframes, but for the configuration that precedes them.
  const isLater = ({ body }: FlvTag): boolean => body[0]! >> 4 !== 1 || body[1] === 0
  late.send(tags.filter((tag) => tag.type !== 9 || isLater(tag)))
  await untilStream(server, 'live/late', 'live', 30)
  const waiting = get('streams/live/late/snapshot.jpg')
  await until('the request to wait', async () => {
    const { body } = await get('streams/live/late')
    return (JSON.parse(body.toString()) as { subscribers: number }).subscribers > 0
  })
  late.end()
  expect(errorOf(await waiting)).toEqual({
    ...{ code: 'NO_PUBLISHER', message: 'The publisher left before it sent a keyframe.' },
  })
  sound.end()
})

test('a member’s picture is had by room and user, and not while it is muted', async () => {
  const { member } = await RoomMember.enter(server, { roomId: 'seen', userId: 'host' })
  const picture = ['-re', '-f', 'lavfi', '-i', 'testsrc2=size=320x180:rate=25', '-f', 'lavfi', '-i', 'anullsrc']
  const url = `${server.rtmp}/push/seen?userid=camera`
  const push = pushFfmpeg({ url, input: picture, output: [...LOW_DELAY, '-pix_fmt', 'yuv420p', ...AAC] })
  await member.user('camera', ({ streams }) => streams.some(({ hasVideo }) => hasVideo))
  const path = 'rooms/seen/members/camera'
  const seen = await get(`${path}/snapshot.jpg?width=160`)
  expect(await probePicture(seen)).toBe('mjpeg,160,90')
  const mute = (muted: boolean) =>
    fetch(`${server.http}/api/v1/${path}/mute`, {
      method: 'POST',
      headers: { ...WITH_KEY, 'content-type': 'application/json' },
      body: JSON.stringify({ kind: 'video', muted }),
    })
  await mute(true)
  const hidden = await get(`${path}/snapshot.jpg?width=160`)
  expect([hidden.status, errorOf(hidden).code]).toEqual([409, 'VIDEO_WITHHELD'])
  await mute(false)
  expect((await get(`${path}/snapshot.jpg`)).status).toBe(200)
  expect(errorOf(await get('rooms/seen/members/host/snapshot.jpg')).code).toBe('STREAM_NOT_FOUND')
  expect(errorOf(await get('rooms/seen/members/nobody/snapshot.jpg')).code).toBe('USER_NOT_FOUND')
  expect(errorOf(await get('rooms/nowhere/members/camera/snapshot.jpg')).code).toBe('ROOM_NOT_FOUND')
  await push.stop()
})
