import type { Page } from 'playwright-core'
import { expect, test } from 'vitest'
import type { Calls, OnlineOptions } from '../../../packages/client/src/index.js'
import { openRoomPage, RoomPages, untilEvent, type RoomWindow } from './room-page.js'

const pages = new RoomPages()

/** A page of a user who can be called, which shows everybody it sees in its call. */
async function online(options: OnlineOptions): Promise<Page> {
  const page = await openRoomPage(pages.browser, pages.server.http)
  pages.closeLater(page)
  await page.evaluate(async (user) => {
    const room = window as unknown as RoomWindow
    room.events = []
    const crossroom = (room.crossroom = room.Crossroom.create())
    const names = [
      ...['onCallReceived', 'onCallBegin', 'onCallEnd', 'onUserJoin', 'onUserLeave', 'onUserReject', 'onError'],
      ...['onUserNoResponse', 'onUserLineBusy', 'onCallMediaTypeChanged'],
    ] as Parameters<Calls['on']>[0][]
    for (const name of names)
      crossroom.calls.on(name, (event) =>
        room.events.push({ name, event: JSON.parse(JSON.stringify(event)) as Record<string, unknown> }),
      )
    crossroom.on('first-video-frame', (event) => room.events.push({ name: 'first-video-frame', event: { ...event } }))
    crossroom.on('remote-video-available', ({ userId, streamType }) => {
      void crossroom.startRemoteVideo({ userId, streamType, view: 'others' })
    })
    await crossroom.calls.online(user)
  }, options)
  return page
}

type Act = 'accept' | 'reject' | 'hangup'

const act = (page: Page, what: Act): Promise<void> =>
  page.evaluate(async (name) => {
    await (window as unknown as RoomWindow).crossroom.calls[name]()
  }, what)

const call = (page: Page, userIds: readonly string[], media: 'audio' | 'video' = 'video'): Promise<string> =>
  page.evaluate(
    async ([users, kind]) => {
      const { calls } = (window as unknown as RoomWindow).crossroom
      return (await calls.groupCall({ userIds: users, media: kind })).callId
    },
    [userIds, media] as const,
  )

const stateOf = (page: Page): Promise<string> =>
  page.evaluate(() => (window as unknown as RoomWindow).crossroom.connectionState)

test('a call rings on both devices of a user, both sides see each other, and it ends everywhere', async () => {
  const [anna, phone, desktop] = await Promise.all([
    online({ userId: 'anna', userName: 'Anna' }),
    online({ userId: 'ben' }),
    online({ userId: 'ben' }),
  ])
  const callId = await call(anna, ['ben'])
  await Promise.all([phone, desktop].map((page) => untilEvent(page, 'onCallReceived')))
  await act(desktop, 'accept')
  expect(await untilEvent(phone, 'onCallEnd')).toMatchObject({ reason: 'otherDeviceAccepted', totalMs: 0 })
  expect(await untilEvent(anna, 'onCallBegin')).toMatchObject({ role: 'caller', call: { callId, inviter: 'anna' } })
  expect(await untilEvent(desktop, 'onCallBegin')).toMatchObject({ role: 'callee' })
  await untilEvent(anna, 'first-video-frame', { userId: 'ben' })
  await untilEvent(desktop, 'first-video-frame', { userId: 'anna' })
  expect(await stateOf(phone)).toBe('disconnected')

  await act(desktop, 'hangup')
  expect(await untilEvent(anna, 'onCallEnd')).toMatchObject({ reason: 'hangup', by: 'ben' })
  await expect.poll(() => stateOf(anna)).toBe('disconnected')
  await expect.poll(() => stateOf(desktop)).toBe('disconnected')
  expect(await anna.locator('#others video').count()).toBe(0)
})

test('a rejected call opens nothing for the one who rejected it, and a busy line is told at once', async () => {
  const [anna, ben, carl] = await Promise.all(['anna2', 'ben2', 'carl2'].map((userId) => online({ userId })))
  await call(anna!, ['ben2'], 'audio')
  await untilEvent(ben!, 'onCallReceived')
  await call(carl!, ['ben2'], 'audio')
  expect(await untilEvent(carl!, 'onCallEnd')).toMatchObject({ reason: 'lineBusy' })
  await act(ben!, 'reject')
  expect(await untilEvent(anna!, 'onUserReject')).toMatchObject({ userId: 'ben2' })
  expect(await untilEvent(anna!, 'onCallEnd')).toMatchObject({ reason: 'reject' })
  await expect.poll(() => stateOf(anna!)).toBe('disconnected')
  expect(await stateOf(ben!)).toBe('disconnected')
})

test('a call goes on through a lost socket, and a device that comes online rings', async () => {
  const anna = await online({ userId: 'anna3' })
  const callId = await call(anna, ['ben3'])
  const ben = await online({ userId: 'ben3' })
  expect(await untilEvent(ben, 'onCallReceived')).toMatchObject({ call: { callId } })
  await act(ben, 'accept')
  await untilEvent(anna, 'onCallBegin')
  await ben.context().setOffline(true)
  await ben.evaluate(() => window.dispatchEvent(new Event('offline')))
  await ben.context().setOffline(false)
  await untilEvent(anna, 'first-video-frame', { userId: 'ben3' })
  await act(ben, 'hangup')
  expect(await untilEvent(anna, 'onCallEnd')).toMatchObject({ reason: 'hangup' })
})
