import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'

import { until } from '../../harness/index.js'
import { openTcpGate, type TcpGate } from '../client/gates.js'
import { useSimulatedRoom, type OpenPhone } from './simulated-room.js'

/** Phones push through it, and play past it: they play by HTTP-FLV. */
let gate: TcpGate
const room = useSimulatedRoom(async () => {
  gate = await openTcpGate(0)
  return ['--public-rtmp-url', `rtmp://127.0.0.1:${String(gate.port)}`]
})
beforeAll(() => {
  gate.lead(room.server.ports['rtmp']!)
})
afterEach(() => gate.shut(false))
afterAll(() => gate.close())

/** Who was seen coming and leaving: 1031 and 1032, oldest first. */
const comings = (phone: OpenPhone): number[] => phone.codes().filter((code) => code === 1031 || code === 1032)
/** What others were told last of somebody's picture. */
const hasVideo = (phone: OpenPhone): unknown => {
  const message = phone.told.pusher.findLast(([code]) => code === 1033)?.[1]
  return message && (JSON.parse(message) as { userlist: { hasvideo: boolean }[] }).userlist[0]!.hasvideo
}
const errorsOf = (phone: OpenPhone): unknown[] => phone.told.room.filter(({ tag }) => tag === 'error')

test('with audio between the chunks of a picture, a GOP of 9 s and no 1002, others see and hear before the next keyframe', async () => {
  const odd = await room.open('odd', {
    roomId: 'odd',
    quirks: { interleavedAudio: true, gopSeconds: 9, without1002: true },
    properties: { maxBitrate: 1000 },
  })
  await until('frames at the server', () => odd.told.room.some(({ code }) => code === 'PUBLISH_LIVE'))
  expect(odd.codes()).not.toContain(1002)
  const viewer = await room.open('viewer', { roomId: 'odd', role: 'audience' })
  const enteredAt = performance.now()
  await viewer.untilPlays('odd', 1)
  expect(performance.now() - enteredAt).toBeLessThan(6000)
  await viewer.untilPlays('odd', 30)
  await viewer.untilYoung('odd')
})

test('a picture size that changes in mid-stream is followed', async () => {
  const sender = await room.open('sender', { roomId: 'sizes', quirks: { resizeSeconds: 1 } })
  const viewer = await room.open('viewer', { roomId: 'sizes', role: 'audience' })
  await viewer.untilPlays('sender')
  await until('another size', () => viewer.phone.stats().get('sender')?.width === 270)
  expect(sender.codes()).toContain(1005)
  expect(viewer.told.player.filter(([, code]) => code === 2009).length).toBeGreaterThan(1)
})

test('a silent microphone does not affect the picture', async () => {
  const properties = { muted: true }
  const mute = await room.open('mute', { roomId: 'mute', quirks: { silentMicrophone: 'nothing' }, properties })
  const viewer = await room.open('viewer', { roomId: 'mute', role: 'audience' })
  await until('pictures', () => (viewer.phone.stats().get('mute')?.frames ?? 0) > 20)
  expect(viewer.phone.stats().get('mute')?.audioLevel).toBe(0)
  expect(mute.told.room.filter(({ tag }) => tag === 'error')).toEqual([])
})

test('addresses are short and simple enough for iOS', async () => {
  const quirks = { urlLimit: 120 }
  await room.open('phone', { roomId: 'ios', quirks })
  const viewer = await room.open('viewer', { roomId: 'ios', prefer: 'rtmp', quirks })
  await viewer.untilPlays('phone')
  expect(viewer.codes()).not.toContain(-1313)
})

test('a paused phone stays a member, and continues when it resumes', async () => {
  const sender = await room.open('sender', { roomId: 'pause' })
  const viewer = await room.open('viewer', { roomId: 'pause', role: 'audience' })
  await viewer.untilPlays('sender')
  sender.phone.call('pause')
  await until('no pictures at the server', () => viewer.codes().filter((code) => code === 1033).length === 2)
  sender.phone.call('resume')
  await viewer.untilPlays('sender', 20)
  expect(viewer.codes()).not.toContain(1032)
})

test('after a lost push the phone tries three times, reports -1307 and pushes again, and no member sees it leave', async () => {
  const sender = await room.open('sender', { roomId: 'lost', quirks: { reconnectMs: 50 } })
  const viewer = await room.open('viewer', { roomId: 'lost', role: 'audience' })
  await viewer.untilPlays('sender')
  gate.shut(true)
  await until('-1307', () => sender.codes().includes(-1307), { timeoutMs: 25_000 })
  const lost = sender.codes().slice(sender.codes().indexOf(1102))
  // More when the server's word that the push ended came first, and the component began it again.
  expect(lost.slice(0, lost.indexOf(-1307)).filter((code) => code === 1102).length).toBeGreaterThanOrEqual(3)
  gate.shut(false)
  await viewer.untilPlays('sender', 30)
  expect(comings(viewer)).toEqual([1031])
  expect(viewer.told.player.map(([, code]) => code)).not.toContain(2103)
  expect(errorsOf(sender)).toEqual([])
})

test.each(['black', 'nothing'] as const)(
  'a camera that is off and sends %s: its picture is withheld, its sound goes on, and it comes back',
  async (darkCamera) => {
    const roomId = `dark-${darkCamera}`
    const sender = await room.open('sender', { roomId, quirks: { darkCamera } })
    const viewer = await room.open('viewer', { roomId, role: 'audience' })
    await viewer.untilPlays('sender')
    sender.phone.call('enableCamera', false)
    await until('the picture is off', () => hasVideo(viewer) === false)
    const heard = (): number => viewer.phone.stats().get('sender')?.audioFrames ?? 0
    const before = heard()
    await until('sound', () => heard() > before + 40, { timeoutMs: 25_000 })
    sender.phone.call('enableCamera', true)
    await until('the picture is on', () => hasVideo(viewer) === true)
    await viewer.untilPlays('sender')
    expect([comings(viewer), errorsOf(sender)]).toEqual([[1031], []])
  },
)

test('a phone that is silent for longer than a push may be stays in the room, and comes back', async () => {
  const quirks = { darkCamera: 'nothing', silentMicrophone: 'nothing', reconnectMs: 200 } as const
  const sender = await room.open('sender', { roomId: 'silent', quirks })
  const viewer = await room.open('viewer', { roomId: 'silent', role: 'audience' })
  await viewer.untilPlays('sender')
  sender.phone.call('enableCamera', false)
  sender.phone.call('enableMicrophone', false)
  const ended = (): boolean => sender.codes().some((code) => code === 1102 || code === 3004)
  await until('the server has given the push up', ended, { timeoutMs: 25_000 })
  sender.phone.call('enableCamera', true)
  sender.phone.call('enableMicrophone', true)
  await viewer.untilPlays('sender', 20, 25_000)
  expect([comings(viewer), errorsOf(sender)]).toEqual([[1031], []])
}, 60_000)
