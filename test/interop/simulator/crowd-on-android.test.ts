import { readFile } from 'node:fs/promises'
import { afterAll, expect, test } from 'vitest'

import { AAC, LOW_DELAY, makeClip, pushTags, tagsOf, until, WITH_KEY, type TagPush } from '../../harness/index.js'
import { useSimulatedRoom, type OpenPhone } from './simulated-room.js'

/** Hz of the tone of each device: far enough from each other, and no multiples. */
const PITCHES = { a: 330, b: 450, c: 570, d: 690, e: 830, f: 970, g: 1130 } as const
type Device = keyof typeof PITCHES
const TOLERANCE_HZ = 20
const SLOW = { timeoutMs: 25_000 }

const room = useSimulatedRoom()
const pushes: TagPush[] = []
afterAll(() => Promise.all(pushes.map((push) => push.stop())))

/** A device comes into the room with a small picture and its tone. */
async function enter(device: Device): Promise<void> {
  const picture = ['-f', 'lavfi', '-i', 'testsrc2=size=64x64:rate=5:duration=2']
  const sound = ['-f', 'lavfi', '-i', `sine=frequency=${String(PITCHES[device])}:sample_rate=48000:duration=2`]
  const output = [...LOW_DELAY, '-g', '5', '-pix_fmt', 'yuv420p', ...AAC, '-ar', '48000']
  const { path } = await makeClip({ picture, sound, output })
  pushes.push(await pushTags(`${room.server.rtmp}/push/crowd?userid=${device}`, tagsOf(await readFile(path))))
}

async function kick(device: Device): Promise<void> {
  const answer = await fetch(`${room.server.http}/api/v1/rooms/crowd/members/${device}`, {
    headers: WITH_KEY,
    method: 'DELETE',
  })
  expect(answer.status).toBe(200)
}

const playersOf = ({ phone }: OpenPhone): string[] => [...phone.stats().keys()].sort()

/** Waits until a player sounds like one device and like nobody else: two tones together have neither pitch. */
function untilSounds(phone: OpenPhone, player: string, device: Device): Promise<unknown> {
  const look = (): boolean => {
    const { pitch = 0, audioLevel = 0 } = phone.phone.stats().get(player) ?? {}
    return audioLevel > 40 && Math.abs(pitch - PITCHES[device]) <= TOLERANCE_HZ
  }
  const explain = (): string => JSON.stringify([...phone.phone.stats(), phone.told])
  return until(`${device} in the player ${player}`, look, { ...SLOW, everyMs: 400, explain })
}

test('Android plays five members, hears the rest in one mix, none twice, and follows joins and leaves', async () => {
  const five = ['a', 'b', 'c', 'd', 'e'] as const
  for (const device of five) await enter(device)
  const phone = await room.open('phone', { roomId: 'crowd', role: 'audience', platform: 'android' })
  await until('five players', () => playersOf(phone).length === 5, SLOW)
  for (const device of five) await untilSounds(phone, device, device)
  expect(playersOf(phone)).toEqual([...five])

  await enter('f')
  await until('a sixth player', () => playersOf(phone).length === 6, SLOW)
  await untilSounds(phone, 'room-mix', 'f')
  expect(playersOf(phone)).toEqual([...five, 'room-mix'])
  expect(phone.told.room).toContainEqual({ tag: 'ok', code: 'PLAYER_AUDIO_ONLY', detail: 'f' })
  for (const device of five) await untilSounds(phone, device, device)

  await enter('g')
  const mixed = (): unknown =>
    phone.told.room.find(({ code, detail }) => code === 'PLAYER_AUDIO_ONLY' && detail === 'g')
  await until('the seventh is heard only', () => mixed() !== undefined, SLOW)
  expect(playersOf(phone)).toEqual([...five, 'room-mix'])
  await kick('f')
  await untilSounds(phone, 'room-mix', 'g')

  await kick('a')
  await until('the mix is over', () => playersOf(phone).join() === 'b,c,d,e,g', SLOW)
  await untilSounds(phone, 'g', 'g')
}, 120_000)
