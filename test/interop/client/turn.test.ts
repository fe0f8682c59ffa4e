import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { mkdtempSync } from 'node:fs'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { launchChromium, start, startServer, until, type RunningProcess, type TestServer } from '../../harness/index.js'
import { openUdpGate, type UdpGate } from './gates.js'
import { enter, sendColourAndTone, showEverybody, untilColour, untilTone, type RoomWindow } from './room-page.js'

const SECRET = 'known to coturn and to the server'
/** coturn relays from these ports alone, and the gate to the server's UDP port lets only them through. */
const RELAYS = { min: 49_600, max: 49_650 }

let gate: UdpGate
let turn: RunningProcess
let server: TestServer
let browser: Browser

beforeAll(async () => {
  gate = await openUdpGate((port) => port >= RELAYS.min && port <= RELAYS.max)
  const turnPort = await freePort()
  turn = start('turnserver', [
    ...['--no-cli', '--no-tls', '--no-dtls', '--log-file=stdout', '--simple-log', '--allow-loopback-peers'],
    ...['--listening-ip=127.0.0.1', '--relay-ip=127.0.0.1', `--listening-port=${String(turnPort)}`],
    ...[`--min-port=${String(RELAYS.min)}`, `--max-port=${String(RELAYS.max)}`, '--realm=crossroom'],
    ...['--use-auth-secret', `--static-auth-secret=${SECRET}`, '--no-udp'],
    ...[`--pidfile=${join(mkdtempSync(join(tmpdir(), 'turn-')), 'pid')}`],
  ])
  await until('coturn listens', () => accepts(turnPort), { explain: turn.output })
  // Nothing listens on TCP at the gate: TURN over TCP is the only way.
  server = await startServer({
    args: [
      ...['--rtc-address', `127.0.0.1:${String(gate.port)}`],
      ...['--turn-url', `turn:127.0.0.1:${String(turnPort)}?transport=tcp`, '--turn-secret', SECRET],
    ],
  })
  gate.lead(server.ports['rtc']!)
  browser = await launchChromium()
})

afterAll(async () => {
  await browser.close()
  await server.stop()
  await turn.stop()
  gate.close()
})

async function freePort(): Promise<number> {
  const socket = createSocket('udp4')
  socket.bind(0, '127.0.0.1')
  await once(socket, 'listening')
  const { port } = socket.address()
  socket.close()
  return port
}

function accepts(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1')
    socket.once('connect', () => resolve(true)).once('error', () => resolve(false))
    socket.once('connect', () => socket.destroy())
  })
}

async function joinAnd(userId: string, colour: string, hz: number): Promise<Page> {
  const page = await enter(browser, server.http, { roomId: 'behind-a-wall', userId })
  await showEverybody(page)
  await sendColourAndTone(page, colour, hz)
  return page
}

test('with UDP and TCP to the server blocked, people see and hear each other through coturn', async () => {
  const anna = await joinAnd('anna', 'rgb(200,40,40)', 440)
  const ben = await joinAnd('ben', 'rgb(40,40,200)', 880)
  await untilColour(anna, '#ben-main video', [40, 40, 200])
  await untilColour(ben, '#anna-main video', [200, 40, 40])
  await untilTone(ben, 'anna', 440)
  const { path } = await anna.evaluate(() => (window as unknown as RoomWindow).crossroom.getStatistics())
  expect(path).toBe('relay')
})
