import { expect, test } from 'vitest'
import fc from 'fast-check'
import type { User } from '@crossroom/protocol'

import { member } from '../testing/room-server.js'
import { PusherCodes, type PusherEvent } from './pusher-codes.js'

function told(events: readonly PusherEvent[]): [number, unknown][] {
  return events.map(({ code, message }) => [code, code === 1018 || code === 1019 ? '' : JSON.parse(message)])
}

test('entering reports 1018, then all members: 1031 first, the list, then the states that are true', () => {
  const codes = new PusherCodes({ prefer: 'rtmp' })
  const playurl = 'rtmp://room.test:1935/r/a-main'
  expect(told(codes.entered([member('a', { hasAudio: true, hasVideo: true })]))).toEqual([
    [1018, ''],
    [1031, { userlist: [{ userid: 'a' }] }],
    [1020, { userlist: [{ userid: 'a', playurl }] }],
    [1033, { userlist: [{ userid: 'a', playurl, streamtype: 'main', hasvideo: true }] }],
    [1034, { userlist: [{ userid: 'a', playurl, hasaudio: true }] }],
  ])
})

test('an empty room is told as an empty list', () => {
  expect(told(new PusherCodes({ prefer: 'rtmp' }).entered([]))).toEqual([
    [1018, ''],
    [1020, { userlist: [] }],
  ])
})

test('leaves are reported before joins, with the false states first', () => {
  const codes = new PusherCodes({ prefer: 'flv' })
  codes.entered([member('a')])
  const url = (id: string): string => `http://room.test:8080/r/${id}-main.flv`
  expect(told(codes.changed([member('b', { hasAudio: false, hasVideo: false })]))).toEqual([
    [1033, { userlist: [{ userid: 'a', playurl: url('a'), streamtype: 'main', hasvideo: false }] }],
    [1034, { userlist: [{ userid: 'a', playurl: url('a'), hasaudio: false }] }],
    [1032, { userlist: [{ userid: 'a' }] }],
    [1031, { userlist: [{ userid: 'b' }] }],
    [1020, { userlist: [{ userid: 'b', playurl: url('b') }] }],
  ])
})

test('the screen is in 1033 as aux and never in 1020; the lower layer is nowhere', () => {
  const codes = new PusherCodes({ prefer: 'rtmp' })
  codes.entered([member('a')])
  const small = { streamType: 'small' as const }
  expect(told(codes.changed([member('a', {}, { streamType: 'aux', hasAudio: true }, small)]))).toEqual([
    [
      1033,
      { userlist: [{ userid: 'a', playurl: 'rtmp://room.test:1935/r/a-aux', streamtype: 'aux', hasvideo: true }] },
    ],
  ])
  expect(told(codes.changed([member('a')]))).toEqual([
    [
      1033,
      { userlist: [{ userid: 'a', playurl: 'rtmp://room.test:1935/r/a-aux', streamtype: 'aux', hasvideo: false }] },
    ],
  ])
})

test('an anchor that has not pushed yet is told as entered and not listed', () => {
  const codes = new PusherCodes({ prefer: 'rtmp' })
  const silent: User = { ...member('a'), streams: [] }
  expect(told(codes.entered([silent])).map(([code]) => code)).toEqual([1018, 1031, 1020])
  expect(codes.changed([silent])).toEqual([])
})

test('leaving reports 1019, and the next entry reports everything again', () => {
  const codes = new PusherCodes({ prefer: 'rtmp' })
  codes.entered([member('a')])
  expect(codes.left('Kicked')).toEqual([{ code: 1019, message: 'Kicked' }])
  expect(codes.entered([member('a')]).map(({ code }) => code)).toEqual([1018, 1031, 1020, 1033, 1034])
})

const stream = fc.record({
  streamType: fc.constantFrom('main', 'aux', 'small'),
  hasAudio: fc.boolean(),
  hasVideo: fc.boolean(),
})
const room = fc.uniqueArray(
  fc.record({
    id: fc.constantFrom('a', 'b', 'c', 'd'),
    streams: fc.uniqueArray(stream, { selector: (s) => s.streamType, maxLength: 3 }),
  }),
  { selector: (user) => user.id, maxLength: 4 },
)

test('an app that believes every code ends with the state of the server, and no state comes outside 1031 and 1032', () => {
  fc.assert(
    fc.property(fc.array(room, { maxLength: 12 }), (lists) => {
      const codes = new PusherCodes({ prefer: 'rtmp' })
      const app = new AppModel()
      app.take(codes.entered([]))
      let users: User[] = []
      for (const list of lists) {
        users = list.map(({ id, streams }) => ({
          ...member(id, ...streams),
          streams: streams.length ? member(id, ...streams).streams : [],
        }))
        app.take(codes.changed(users))
        app.take(codes.changed(users))
      }
      expect(app.state()).toEqual(AppModel.of(users))
    }),
  )
})

/** What an app knows when it only listens to the pusher. */
class AppModel {
  readonly present = new Set<string>()
  readonly on = new Set<string>()
  listed: string[] = []

  static of(users: readonly User[]): unknown {
    const app = new AppModel()
    for (const { userId, streams } of users) {
      app.present.add(userId)
      for (const { streamType, hasAudio, hasVideo } of streams) {
        if (streamType === 'main') app.listed.push(userId)
        if (streamType !== 'small' && hasVideo) app.on.add(`${userId} ${streamType}`)
        if (streamType === 'main' && hasAudio) app.on.add(`${userId} audio`)
      }
    }
    return app.state()
  }

  take(events: readonly PusherEvent[]): void {
    for (const { code, message } of events) {
      if (code === 1018) continue
      const { userlist } = JSON.parse(message) as { userlist: Record<string, unknown>[] }
      if (code === 1020) this.listed = userlist.map((user) => String(user['userid']))
      else for (const user of userlist) this.#takeUser(code, user)
    }
  }

  state(): unknown {
    return [[...this.present].sort(), [...this.on].sort(), [...this.listed].sort()]
  }

  #takeUser(code: number, user: Record<string, unknown>): void {
    const id = String(user['userid'])
    if (code === 1031) {
      expect(this.present.has(id)).toBe(false)
      this.present.add(id)
      return
    }
    expect(this.present.has(id)).toBe(true)
    if (code === 1032) this.present.delete(id)
    const key = code === 1033 ? `${id} ${String(user['streamtype'])}` : `${id} audio`
    const isOn = user[code === 1033 ? 'hasvideo' : 'hasaudio'] === true
    if (code === 1033 || code === 1034) {
      expect(this.on.has(key)).toBe(!isOn)
      if (isOn) this.on.add(key)
      else this.on.delete(key)
    }
  }
}
