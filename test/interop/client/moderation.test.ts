import type { Page } from 'playwright-core'
import { expect, test } from 'vitest'
import type { EnterRoomOptions } from '../../../packages/client/src/index.js'
import {
  eventsOf,
  framesIn,
  RoomPages,
  sendColourAndTone,
  showEverybody,
  untilColour,
  untilEvent,
  untilFrames,
  type RoomWindow,
} from './room-page.js'

const pages = new RoomPages({ screen: true })

async function join(options: EnterRoomOptions): Promise<Page> {
  const page = await pages.join(options)
  await showEverybody(page)
  return page
}

test('a muted camera or microphone is unavailable to others until it is unmuted', async () => {
  const anna = await join({ roomId: 'mute', userId: 'anna' })
  const ben = await join({ roomId: 'mute', userId: 'ben' })
  await sendColourAndTone(anna, 'rgb(200,40,40)', 440)
  await untilColour(ben, '#anna-main video', [200, 40, 40])
  await untilEvent(ben, 'remote-audio-available', { userId: 'anna' })
  await anna.evaluate(async () => {
    const { crossroom } = window as unknown as RoomWindow
    await Promise.all([crossroom.muteLocalVideo(true), crossroom.muteLocalAudio(true)])
  })
  await untilEvent(ben, 'remote-video-unavailable', { userId: 'anna', streamType: 'main' })
  await untilEvent(ben, 'remote-audio-unavailable', { userId: 'anna', streamType: 'main' })
  await anna.evaluate(() => (window as unknown as RoomWindow).crossroom.muteLocalVideo(false))
  await untilColour(ben, '#anna-main video', [200, 40, 40])
  expect(await eventsOf(ben, 'remote-video-available')).toHaveLength(2)
})

test('a screen is shared beside the camera and then ended', async () => {
  const anna = await join({ roomId: 'screen', userId: 'anna' })
  const ben = await join({ roomId: 'screen', userId: 'ben' })
  await sendColourAndTone(anna, 'rgb(200,40,40)', 440)
  await untilColour(ben, '#anna-main video', [200, 40, 40])
  await anna.evaluate(() => (window as unknown as RoomWindow).crossroom.startScreenShare({ systemAudio: false }))
  await untilEvent(ben, 'remote-video-available', { userId: 'anna', streamType: 'aux' })
  await untilFrames(ben, '#anna-aux video', 5)
  const before = await framesIn(ben, '#anna-main video')
  await untilFrames(ben, '#anna-main video', before + 10)
  await anna.evaluate(() => (window as unknown as RoomWindow).crossroom.stopScreenShare())
  await untilEvent(ben, 'remote-video-unavailable', { userId: 'anna', streamType: 'aux' })
  await anna.evaluate(() => (window as unknown as RoomWindow).crossroom.startScreenShare({ systemAudio: false }))
  await untilFrames(ben, '#anna-aux video', 5)
})

test('the owner mutes and kicks with a ban, and the kicked member is told why', async () => {
  const anna = await join({ roomId: 'kick', userId: 'anna' })
  const ben = await join({ roomId: 'kick', userId: 'ben' })
  await sendColourAndTone(ben, 'rgb(40,40,200)', 880)
  await untilColour(anna, '#ben-main video', [40, 40, 200])
  await anna.evaluate(() => (window as unknown as RoomWindow).crossroom.mute('ben', 'audio', true))
  await untilEvent(ben, 'muted', { userId: 'ben', kind: 'audio', muted: true, by: 'anna' })
  await untilEvent(anna, 'remote-audio-unavailable', { userId: 'ben' })

  await anna.evaluate(() => (window as unknown as RoomWindow).crossroom.kick('ben'))
  const { message } = await untilEvent(ben, 'kicked-out', { reason: 'kicked' })
  expect(message).toMatch(/\w+ \w+/)
  expect(await untilEvent(anna, 'remote-user-exit', { userId: 'ben' })).toMatchObject({ reason: 'kicked' })
  const again = await ben.evaluate(() =>
    (window as unknown as RoomWindow).crossroom.enterRoom({ roomId: 'kick', userId: 'ben' }).then(
      () => 'entered',
      (error: { code: string }) => error.code,
    ),
  )
  expect(again).toBe('BANNED')
  const notOwner = await join({ roomId: 'kick', userId: 'cleo' })
  const refused = await notOwner.evaluate(() =>
    (window as unknown as RoomWindow).crossroom.kick('anna').catch((error: { code: string }) => error.code),
  )
  expect(refused).toBe('ROLE_FORBIDDEN')
})

test('an audience member asks for the microphone, is accepted, and becomes an anchor', async () => {
  const anna = await join({ roomId: 'link', userId: 'anna' })
  const ben = await join({ roomId: 'link', userId: 'ben', role: 'audience' })
  await sendColourAndTone(ben, 'rgb(40,40,200)', 880)
  await untilEvent(anna, 'audience-count', { count: 1 })
  expect(await eventsOf(anna, 'remote-user-enter')).toEqual([])
  await ben.evaluate(() => (window as unknown as RoomWindow).crossroom.requestMic())
  await untilEvent(anna, 'mic-requested', { userId: 'ben' })
  await anna.evaluate(() => (window as unknown as RoomWindow).crossroom.answerMic('ben', true))
  await untilEvent(ben, 'mic-answered', { accepted: true })
  await untilColour(anna, '#ben-main video', [40, 40, 200])
  await anna.evaluate(() => (window as unknown as RoomWindow).crossroom.removeMic('ben'))
  await untilEvent(anna, 'remote-user-exit', { userId: 'ben' })
  await untilEvent(ben, 'role-changed', { userId: 'ben', role: 'audience' })
  expect(await ben.evaluate(() => (window as unknown as RoomWindow).crossroom.role)).toBe('audience')
})

test('a second entry with the same name replaces the first, which is told', async () => {
  const first = await join({ roomId: 'twice', userId: 'anna' })
  const watcher = await join({ roomId: 'twice', userId: 'ben' })
  const second = await join({ roomId: 'twice', userId: 'anna' })
  await untilEvent(first, 'kicked-out', { reason: 'replaced' })
  await sendColourAndTone(second, 'rgb(40,200,40)', 440)
  await untilColour(watcher, '#anna-main video', [40, 200, 40])
})
