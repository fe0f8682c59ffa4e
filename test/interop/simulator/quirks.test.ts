import { expect, test } from 'vitest'

import { until } from '../../harness/index.js'
import { useSimulatedRoom } from './simulated-room.js'

const room = useSimulatedRoom()

test('sound between the chunks of a picture, a GOP of 5 s and no 1002: others see and hear within a second', async () => {
  const odd = await room.open('odd', {
    roomId: 'odd',
    quirks: { interleavedAudio: true, gopSeconds: 5, without1002: true },
    properties: { maxBitrate: 1000 },
  })
  await until('frames at the server', () => odd.told.room.some(({ code }) => code === 'PUBLISH_LIVE'))
  expect(odd.codes()).not.toContain(1002)
  const viewer = await room.open('viewer', { roomId: 'odd', role: 'audience' })
  const enteredAt = performance.now()
  await viewer.untilPlays('odd', 1)
  expect(performance.now() - enteredAt).toBeLessThan(1500)
  expect((await viewer.untilPlays('odd', 30)).delayMs).toBeLessThan(400)
})

test('a picture that changes its size in mid-stream is followed', async () => {
  const sender = await room.open('sender', { roomId: 'sizes', quirks: { resizeSeconds: 1 } })
  const viewer = await room.open('viewer', { roomId: 'sizes', role: 'audience' })
  await viewer.untilPlays('sender')
  await until('another size', () => viewer.phone.stats().get('sender')?.width === 270)
  expect(sender.codes()).toContain(1005)
  expect(viewer.told.player.filter(([, code]) => code === 2009).length).toBeGreaterThan(1)
})

test('a microphone that sends nothing leaves the picture as it is', async () => {
  const properties = { muted: true }
  const mute = await room.open('mute', { roomId: 'mute', quirks: { silentMicrophone: 'nothing' }, properties })
  const viewer = await room.open('viewer', { roomId: 'mute', role: 'audience' })
  await until('pictures', () => (viewer.phone.stats().get('mute')?.frames ?? 0) > 20)
  expect(viewer.phone.stats().get('mute')?.audioLevel).toBe(0)
  expect(mute.told.room.filter(({ tag }) => tag === 'error')).toEqual([])
})

test('addresses are short and plain enough for iOS', async () => {
  const quirks = { urlLimit: 120 }
  await room.open('phone', { roomId: 'ios', quirks })
  const viewer = await room.open('viewer', { roomId: 'ios', prefer: 'rtmp', quirks })
  await viewer.untilPlays('phone')
  expect(viewer.codes()).not.toContain(-1313)
})

test('a phone that pauses stays a member, and goes on where it is resumed', async () => {
  const sender = await room.open('sender', { roomId: 'pause' })
  const viewer = await room.open('viewer', { roomId: 'pause', role: 'audience' })
  await viewer.untilPlays('sender')
  sender.phone.call('pause')
  await until('no pictures at the server', () => viewer.codes().filter((code) => code === 1033).length === 2)
  sender.phone.call('resume')
  await viewer.untilPlays('sender', 20)
  expect(viewer.codes()).not.toContain(1032)
})
