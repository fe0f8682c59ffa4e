// Participants of rooms by their signaling, any number of them in one process.
import { setTimeout as sleep } from 'node:timers/promises'
import { RoomMember } from '../lib/room-member.mjs'
import { options, serve } from '../lib/worker.mjs'

const AT_A_TIME = 50
const members = []
let serial = 0

serve({}, { fill, changes, crowd, rate })

/** `count` members more in one room, who stay. */
async function fill({ roomId, count, role }) {
  for (let i = 0; i < count; i += AT_A_TIME) {
    const newcomers = Array.from({ length: Math.min(AT_A_TIME, count - i) }, () => new RoomMember(options.port))
    await Promise.all(newcomers.map((member) => member.enter({ roomId, userId: nextId(), role })))
    for (const member of newcomers) members.push({ member, role })
  }
}

/** One more enters and leaves, again and again: milliseconds until each of the others is told. */
async function changes({ roomId, rounds, pauseMs }) {
  const enter = []
  const exit = []
  for (let i = 0; i < rounds; i++) {
    const guest = new RoomMember(options.port)
    const userId = nextId()
    const told = { 'room.userEnter': [], 'room.userExit': [] }
    for (const { member } of members)
      member.onNotification = ({ method, params }, at) => {
        if ((params.user?.userId ?? params.userId) === userId) told[method]?.push(at)
      }
    await guest.enter({ roomId, userId })
    await sleep(pauseMs)
    const leftAt = performance.now()
    await guest.leave()
    await sleep(pauseMs)
    enter.push(...told['room.userEnter'].map((at) => at - guest.askedAt))
    exit.push(...told['room.userExit'].map((at) => at - leftAt))
  }
  return { enter, exit, expected: rounds * members.length }
}

/** `count` viewers come and go: what the members who were there are sent meanwhile, by their role. */
async function crowd({ roomId, count, settleMs }) {
  await sleep(settleMs)
  for (const { member } of members) member.notifications = 0
  const viewers = Array.from({ length: count }, () => new RoomMember(options.port))
  for (const viewer of viewers) await viewer.enter({ roomId, userId: nextId(), role: 'audience' })
  await Promise.all(viewers.map((viewer) => viewer.leave()))
  await sleep(settleMs)
  const sentTo = (role) =>
    members.reduce((sum, entry) => sum + (entry.role === role ? entry.member.notifications : 0), 0)
  return { audience: sentTo('audience'), anchor: sentTo('anchor') }
}

/** `perSecond` entries, evenly, into rooms of ten: milliseconds from the request to its answer. */
async function rate({ perSecond, seconds }) {
  const times = []
  const guests = []
  const total = perSecond * seconds
  const startedAt = performance.now()
  const entries = []
  for (let i = 0; i < total; i++) {
    const wait = startedAt + (i * 1000) / perSecond - performance.now()
    if (wait > 1) await sleep(wait)
    const guest = new RoomMember(options.port)
    guests.push(guest)
    const entered = guest.enter({ roomId: `rate-${Math.floor(i / 10)}`, userId: nextId() })
    entries.push(entered.then(() => times.push(performance.now() - guest.askedAt)).catch(() => undefined))
  }
  await Promise.all(entries)
  const tookSeconds = (performance.now() - startedAt) / 1000
  await Promise.all(guests.map((guest) => guest.leave()))
  return { times, total, perSecond: times.length / tookSeconds }
}

function nextId() {
  return `member-${options.name}-${serial++}`
}
