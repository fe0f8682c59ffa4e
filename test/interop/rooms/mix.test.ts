import { readFile } from 'node:fs/promises'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { toneShareByWindows } from '../../../packages/server/src/transcode/tones.fake.js'
import {
  pushFfmpeg,
  run,
  startServer,
  temporaryPath,
  until,
  watchHttpFlv,
  type TestServer,
} from '../../harness/index.js'
import { RoomMember } from './room-member.js'

const PITCHES = { camera: 500, door: 1200, phone: 3000 } as const
const PLAY_SECONDS = '3'

let server: TestServer

beforeAll(async () => {
  server = await startServer()
})
afterAll(() => server.stop())

/** Pushes a tone until it is stopped. */
function hum(url: string, hz: number) {
  const tone = ['-re', '-f', 'lavfi', '-i', `sine=frequency=${String(hz)}:sample_rate=48000,volume=0.5`]
  return pushFfmpeg({ url, input: tone, output: ['-c:a', 'aac', '-b:a', '64k', '-ac', '1'] })
}

/** What ffmpeg hears at an address, without its first second. */
async function heardAt(url: string): Promise<Float32Array> {
  const path = temporaryPath('heard.f32')
  const { code, stderr } = await run('ffmpeg', [
    ...['-v', 'error', '-nostdin', '-analyzeduration', '500000', '-i', url, '-t', PLAY_SECONDS],
    ...['-ac', '1', '-ar', '48000', '-f', 'f32le', path],
  ])
  if (code !== 0) throw new Error(`ffmpeg heard nothing: ${stderr}`)
  const bytes = await readFile(path)
  return new Float32Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length)).subarray(48_000)
}

test('a phone hears all others but never itself in one stream, while members come and go', async () => {
  const device = (userId: string): string => `${server.rtmp}/push/mixed?userid=${userId}`
  const { member: phone, found } = await RoomMember.enter(server, {
    ...{ roomId: 'mixed', userId: 'phone', kind: 'miniprogram' },
  })
  const pushes = {
    phone: hum(found.push!.rtmp, PITCHES.phone),
    camera: hum(device('camera'), PITCHES.camera),
    door: hum(device('door'), PITCHES.door),
  }
  const isHeard = ({ streams }: { readonly streams: readonly { readonly hasAudio: boolean }[] }): boolean =>
    streams.some(({ hasAudio }) => hasAudio)
  await Promise.all([phone.user('camera', isHeard), phone.user('door', isHeard)])
  const { play } = await phone.ask('media.mix', { audio: true, video: false, audioOf: 'all' })
  const viewer = watchHttpFlv(play.flv)

  const all = await heardAt(play.rtmp)
  expect(toneShareByWindows(all, PITCHES.camera)).toBeGreaterThan(0.3)
  expect(toneShareByWindows(all, PITCHES.door)).toBeGreaterThan(0.3)
  expect(toneShareByWindows(all, PITCHES.phone)).toBeLessThan(0.01)

  await pushes.door.stop()
  await until('the door is silent', () => phone.users.every((user) => user.userId !== 'door' || !isHeard(user)))
  const one = await heardAt(play.flv)
  expect(toneShareByWindows(one, PITCHES.camera)).toBeGreaterThan(0.6)
  expect(toneShareByWindows(one, PITCHES.door)).toBeLessThan(0.01)

  const stamps = viewer.media.filter(({ kind }) => kind === 'audio').map(({ timestampMs }) => timestampMs)
  const steps = stamps.slice(1).map((stamp, index) => stamp - stamps[index]!)
  expect(stamps.length).toBeGreaterThan(200)
  expect(steps.filter((step) => step < 20 || step > 23)).toEqual([])
  await Promise.all([pushes.phone.stop(), pushes.camera.stop()])
  viewer.close()
  phone.close()
})
