import { expect, test } from 'vitest'

import { until } from '../../harness/index.js'
import { useSimulatedRoom } from './simulated-room.js'

const room = useSimulatedRoom()

test('two phones see and hear each other by RTMP and FLV, with LiteAV’s codes in LiteAV’s order', async () => {
  const alice = await room.open('alice', { prefer: 'flv' })
  const bob = await room.open('bob', { prefer: 'rtmp', pitch: 1000 })
  for (const [phone, other] of [
    [alice, 'bob'],
    [bob, 'alice'],
  ] as const) {
    const seen = await phone.untilPlays(other)
    expect(seen).toMatchObject({ width: 360, height: 640 })
    await phone.untilYoung(other)
    const pushed = phone.codes().filter((code) => code < 1010 || code > 1034)
    expect(pushed).toEqual([1003, 1008, 1001, 1002, 1007])
    const played = phone.told.player.filter(([user]) => user === other).map(([, code]) => code)
    expect(played).toEqual([2001, 2002, 2007, 2003, 2009, 2004])
    expect(phone.told.room).toContainEqual({ tag: 'ok', code: 'PUBLISH_LIVE', detail: '' })
  }
  await alice.phone.close()
  await until('the exit of alice', () => bob.codes().includes(1032) && bob.phone.stats().size === 0)
  expect(bob.told.pusher.findLast(([code]) => code === 1020)?.[1]).toBe('{"userlist":[]}')
})

test('after a change from Wi-Fi to 4G the push resumes, the picture continues, and no member is seen leaving', async () => {
  const carol = await room.open('carol', { roomId: 'roaming' })
  const dave = await room.open('dave', { roomId: 'roaming' })
  await dave.untilPlays('carol')
  await carol.untilPlays('dave')
  carol.phone.changeNetwork()
  await dave.untilPlays('carol', 30)
  expect(carol.codes()).toContain(1102)
  expect(dave.codes().filter((code) => code === 1031 || code === 1032)).toEqual([1031])
  expect(carol.codes()).not.toContain(1021)
})

test('muted microphones and cameras are reported and withheld, and return', async () => {
  const erin = await room.open('erin', { roomId: 'mute' })
  const frank = await room.open('frank', { roomId: 'mute' })
  await frank.untilPlays('erin')
  const stateOf = (code: number, field: string): unknown => {
    const message = frank.told.pusher.findLast(([each]) => each === code)?.[1]
    return message && (JSON.parse(message) as { userlist: Record<string, unknown>[] }).userlist[0]![field]
  }
  erin.phone.call('enableMicrophone', false)
  await until('erin is silent', () => stateOf(1034, 'hasaudio') === false)
  erin.phone.call('enableCamera', false)
  await until('erin is dark', () => stateOf(1033, 'hasvideo') === false)
  erin.phone.call('enableMicrophone', true)
  erin.phone.call('enableCamera', true)
  await until('erin is back', () => stateOf(1034, 'hasaudio') === true && stateOf(1033, 'hasvideo') === true)
  await frank.untilPlays('erin')
  expect(frank.codes()).not.toContain(1032)
})

test('messages to all and to one arrive', async () => {
  const gina = await room.open('gina', { roomId: 'chat', properties: { enableIM: true } })
  const henry = await room.open('henry', { roomId: 'chat', properties: { enableIM: true } })
  await gina.untilPlays('henry', 1)
  henry.phone.call('sendGroupTextMsg', 'hello all')
  henry.phone.call('sendC2CTextMsg', 'gina', 'hello gina')
  await until('both messages', () => gina.told.messages.length === 2)
  expect(gina.told.messages).toEqual(['hello all', 'hello gina'])
})
