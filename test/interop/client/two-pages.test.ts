import type { Page } from 'playwright-core'
import { expect, test } from 'vitest'
import {
  eventsOf,
  RoomPages,
  sendColourAndTone,
  showEverybody,
  untilColour,
  untilEvent,
  untilTone,
  type RoomWindow,
} from './room-page.js'

const pages = new RoomPages({ screen: true })

const join = (roomId: string, userId: string): Promise<Page> => pages.join({ roomId, userId })

test('two pages see and hear each other, until one leaves', async () => {
  const anna = await join('pair', 'anna')
  await showEverybody(anna)
  await sendColourAndTone(anna, 'rgb(200,40,40)', 440)
  const ben = await join('pair', 'ben')
  await showEverybody(ben)
  await sendColourAndTone(ben, 'rgb(40,40,200)', 880)

  await untilColour(ben, '#anna-main video', [200, 40, 40])
  await untilColour(anna, '#ben-main video', [40, 40, 200])
  await untilTone(ben, 'anna', 440)
  await untilTone(anna, 'ben', 880)
  expect(await eventsOf(anna, 'error')).toEqual([])
  expect(await eventsOf(ben, 'error')).toEqual([])

  await ben.evaluate(() => (window as unknown as RoomWindow).crossroom.exitRoom())
  expect(await untilEvent(anna, 'remote-user-exit', { userId: 'ben' })).toMatchObject({ reason: 'left' })
  expect(await anna.locator('#ben-main video').count()).toBe(0)
})

test('messages go both ways, to all and to one member', async () => {
  const anna = await join('chat', 'anna')
  const ben = await join('chat', 'ben')
  await untilEvent(anna, 'remote-user-enter', { userId: 'ben' })
  await anna.evaluate(() => (window as unknown as RoomWindow).crossroom.sendMessage('hello <b>you</b>'))
  await ben.evaluate(() => (window as unknown as RoomWindow).crossroom.sendMessage({ custom: { hand: true } }, 'anna'))
  expect(await untilEvent(ben, 'message', { from: 'anna' })).toMatchObject({
    to: null,
    kind: 'text',
    data: 'hello <b>you</b>',
  })
  expect(await untilEvent(anna, 'message', { from: 'ben' })).toMatchObject({
    to: 'anna',
    kind: 'custom',
    data: { hand: true },
  })
})

test('a member that closes its page leaves immediately', async () => {
  const anna = await join('closing', 'anna')
  const ben = await join('closing', 'ben')
  await untilEvent(anna, 'remote-user-enter', { userId: 'ben' })
  await ben.close({ runBeforeUnload: true })
  expect(await untilEvent(anna, 'remote-user-exit', { userId: 'ben' }, 3_000)).toMatchObject({ reason: 'left' })
})
