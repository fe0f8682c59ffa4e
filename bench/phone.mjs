// A simulated phone and a browser in one room: how old their pictures are where they are shown, how soon the first one comes,
// how soon the phone is told of others. The whole way, encoders and decoders included.
import { setTimeout as sleep } from 'node:timers/promises'
import { Phone } from '@crossroom/simulator'
import { startServer } from './lib/children.mjs'
import { launchChromium } from './lib/chromium.mjs'
import { openClockPage } from './lib/clock-page.mjs'
import { figure } from './lib/figure.mjs'
import { median, percentile } from './lib/report.mjs'
import { RoomMember } from './lib/room-member.mjs'

export const title = 'A phone and a browser'
export const settings = { gopSeconds: 5, joins: 6, changes: 12, runs: 1, seconds: 15 }

const ROOM = 'bench'
const SETTLE_MS = 4000
const LOOK_MS = 5
const TIMEOUT_MS = 20_000
const USER_LIST = 1020

export async function run({ seconds }) {
  const server = await startServer()
  const browser = await launchChromium()
  const origin = `http://127.0.0.1:${server.ports.http}`
  const page = await openClockPage(browser, origin)
  await page.send(ROOM, 'web')
  const lists = []
  const pusher = (code) => {
    if (code === USER_LIST) lists.push(performance.now())
  }
  const quirks = { gopSeconds: settings.gopSeconds }
  const phone = await Phone.open({ server: origin, roomId: ROOM, userId: 'phone', quirks, handlers: { pusher } })
  await untilPlays(phone, 'web')
  await sleep(SETTLE_MS)
  const [toBrowser, toPhone] = await Promise.all([page.ages('phone', seconds), agesOn(phone, 'web', seconds)])
  const browserJoins = []
  const phoneJoins = []
  for (let i = 0; i < settings.joins; i++) {
    // Somewhere else in the group of pictures each time.
    await sleep(300 * i)
    browserJoins.push(await page.join(ROOM, `viewer${i}`, 'phone'))
    phoneJoins.push(await joinAsPhone(origin, `other${i}`, 'phone'))
  }
  const told = await changes(server.ports.http, lists)
  await phone.close()
  await browser.close()
  await server.stop()
  return [
    figure("phone's picture in the browser, p50", 'ms', percentile(toBrowser, 50), { most: 100 }),
    figure("phone's picture in the browser, p99", 'ms', percentile(toBrowser, 99), { most: 250 }),
    figure("browser's picture on the phone, p50", 'ms', percentile(toPhone, 50), { most: 150 }),
    figure("browser's picture on the phone, p99", 'ms', percentile(toPhone, 99), { most: 400 }),
    figure('a browser joins: first picture of the phone, p50', 'ms', median(browserJoins), { most: 1000 }),
    figure('a browser joins: first picture of the phone, slowest', 'ms', Math.max(...browserJoins)),
    figure('a phone joins: first picture of the phone, p50', 'ms', median(phoneJoins), { most: 1000 }),
    figure('a phone joins: first picture of the phone, slowest', 'ms', Math.max(...phoneJoins)),
    figure('somebody enters or leaves: 1020 on the phone, slowest', 'ms', Math.max(...told), { most: 200 }),
  ]
}

/** How old each new picture of somebody is when the phone has decoded it; its player's cache is left out. */
async function agesOn(phone, userId, seconds) {
  const ages = []
  const until = performance.now() + seconds * 1000
  let last = 0
  while (performance.now() < until) {
    await sleep(LOOK_MS)
    const { frames, delayMs } = phone.stats().get(userId)
    if (frames !== last && delayMs !== undefined) ages.push(delayMs)
    last = frames
  }
  return ages
}

async function joinAsPhone(server, userId, whom) {
  const from = performance.now()
  const phone = await Phone.open({ server, roomId: ROOM, userId, role: 'audience' })
  await untilPlays(phone, whom)
  const passed = performance.now() - from
  await phone.close()
  return passed
}

async function untilPlays(phone, userId) {
  const deadline = performance.now() + TIMEOUT_MS
  while (!((phone.stats().get(userId)?.frames ?? 0) > 0)) {
    if (performance.now() > deadline) throw new Error(`The phone did not see ${userId}.`)
    await sleep(LOOK_MS)
  }
}

/** Somebody enters and leaves again and again: milliseconds from each request to the list on the phone. */
async function changes(port, lists) {
  const times = []
  const next = async (from) => {
    const known = lists.length
    const deadline = performance.now() + TIMEOUT_MS
    while (lists.length === known) {
      if (performance.now() > deadline) throw new Error('The phone was not told.')
      await sleep(1)
    }
    times.push(lists[known] - from)
  }
  for (let i = 0; i < settings.changes / 2; i++) {
    const member = new RoomMember(port)
    const entering = member.enter({ roomId: ROOM, userId: 'guest' })
    await next((await entering, member.askedAt))
    const from = performance.now()
    const leaving = member.leave()
    await next(from)
    await leaving
  }
  return times
}
