import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { launchChromium, startServer, type TestServer } from '../../harness/index.js'
import { openTcpRelay, type TcpRelay } from '../webrtc/tcp-relay.js'
import { openUdpGate, type UdpGate } from './gates.js'
import { enter, sendColourAndTone, showEverybody, untilColour, untilTone, type RoomWindow } from './room-page.js'

/** Lets nobody through on UDP; the same number is open on TCP. */
let gate: UdpGate
let way: TcpRelay
let server: TestServer
let browser: Browser

beforeAll(async () => {
  gate = await openUdpGate(() => false)
  server = await startServer({ args: ['--rtc-address', `127.0.0.1:${String(gate.port)}`] })
  way = await openTcpRelay(gate.port, server.ports['rtc']!)
  browser = await launchChromium()
})

afterAll(async () => {
  await browser.close()
  way.close()
  await server.stop()
  gate.close()
})

async function join(userId: string, colour: string, hz: number): Promise<Page> {
  const page = await enter(browser, server.http, { roomId: 'no-udp', userId })
  await showEverybody(page)
  await sendColourAndTone(page, colour, hz)
  return page
}

test('with UDP blocked, people see and hear each other by TCP', async () => {
  const anna = await join('anna', 'rgb(200,40,40)', 440)
  const ben = await join('ben', 'rgb(40,40,200)', 880)
  await untilColour(anna, '#ben-main video', [40, 40, 200])
  await untilColour(ben, '#anna-main video', [200, 40, 40])
  await untilTone(ben, 'anna', 440)
  const { path } = await anna.evaluate(() => (window as unknown as RoomWindow).crossroom.getStatistics())
  expect(path).toBe('tcp')
})
