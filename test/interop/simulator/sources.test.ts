import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'

import { run, temporaryPath, until } from '../../harness/index.js'
import { useSimulatedRoom } from './simulated-room.js'

const COMMAND = fileURLToPath(new URL('../../../packages/server/bin/crossroom.js', import.meta.url))
const room = useSimulatedRoom()

/** A film in codecs that no phone sends, broader than high. */
async function makeFilm(name: string): Promise<string> {
  const path = temporaryPath(name)
  const picture = ['-f', 'lavfi', '-i', 'testsrc2=size=320x180:rate=25:duration=2']
  const sound = ['-f', 'lavfi', '-i', 'sine=frequency=880:sample_rate=44100:duration=2']
  const { code, stderr } = await run('ffmpeg', ['-v', 'error', '-nostdin', ...picture, ...sound, '-c:v', 'mpeg4', path])
  if (code !== 0) throw new Error(stderr)
  return path
}

test.each(['film.mkv', 'film.mp4'])(
  '%s is pushed as a phone would push it, again and again',
  async (name) => {
    const roomId = name.replace('.', '-')
    const push = await makeFilm(name)
    const properties = { pusherAttributes: { 'video-width': 180, 'video-height': 320 } }
    const cinema = await room.open('cinema', { roomId, push, decode: false, properties })
    const viewer = await room.open('viewer', { roomId, role: 'audience' })
    // More than the film has: it began anew.
    const seen = await viewer.untilPlays('cinema', 45, 25_000)
    expect(seen).toMatchObject({ width: 180, height: 320 })
    const pitch = (): number => viewer.phone.stats().get('cinema')?.pitch ?? 0
    await until('the tone of the film', () => Math.abs(pitch() - 880) < 15, { everyMs: 400 })
    expect(cinema.told.room.filter(({ tag }) => tag === 'error')).toEqual([])
  },
  60_000,
)

test.each(['/nowhere/film.mp4', '/nowhere/film.flv', '/dev/video4093'])(
  'crossroom simulate says in one sentence that %s cannot be opened',
  async (source) => {
    const server = ['--server', room.server.http, '--room', 'nobody', '--user', 'phone']
    const { code, stderr } = await run(process.execPath, [COMMAND, 'simulate', ...server, '--push', source])
    expect(code).toBe(1)
    expect(stderr.trim()).toMatch(new RegExp(`^[^\\n]*${source} cannot be (opened|read)[^\\n]*$`))
  },
  40_000,
)

test('a file that ffmpeg cannot read is named, and the camera is off', async () => {
  const push = fileURLToPath(import.meta.url)
  const phone = await room.open('phone', { roomId: 'no-film', push, decode: false })
  await until('the error', () => phone.told.room.some(({ code }) => code === -4))
  expect(phone.told.room.find(({ code }) => code === -4)?.detail).toContain(push)
  // It has left the room: nothing goes on without a camera.
  await expect(phone.phone.call('request', 'room.info', {})).rejects.toMatchObject({ code: 'NOT_ENTERED' })
})
