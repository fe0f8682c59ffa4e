import { UdpProxy } from '@crossroom/testkit'
import type { Browser } from 'playwright-core'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import {
  launchChromium,
  rest,
  startServer,
  timesAreSound,
  until,
  watchHttpFlv,
  type FlvViewer,
  type MediaTag,
  type TestServer,
} from '../../harness/index.js'
import { BrowserPeer, type PublishOptions } from './browser-peer.js'
import { decodeRecording } from './flv-recording.js'
import { openTcpRelay, type TcpRelay } from './tcp-relay.js'

const CLEAN = { delay: 0, jitter: 0, loss: 0, reorder: 0, duplicate: 0 }

let proxy: UdpProxy
/** On the same port number as the proxy. */
let tcpRelay: TcpRelay
let server: TestServer
let browser: Browser
const peers: BrowserPeer[] = []
const viewers: FlvViewer[] = []

beforeAll(async () => {
  proxy = await UdpProxy.open()
  server = await startServer({
    args: ['--rtc-address', `127.0.0.1:${String(proxy.port)}`],
    env: { CROSSROOM_SECRET: 'only for this test' },
  })
  proxy.setTarget(server.ports['rtc']!)
  tcpRelay = await openTcpRelay(proxy.port, server.ports['rtc']!)
  browser = await launchChromium()
})

afterEach(async () => {
  proxy.change(CLEAN)
  proxy.block(false)
  viewers.splice(0).forEach((viewer) => viewer.close())
  await Promise.all(peers.splice(0).map((peer) => peer.close()))
})

afterAll(async () => {
  await browser.close()
  await server.stop()
  tcpRelay.close()
  proxy.close()
})

async function publishTo(name: string, options?: PublishOptions): Promise<[FlvViewer, BrowserPeer]> {
  const peer = await BrowserPeer.open(browser, server.http)
  peers.push(peer)
  const viewer = watchHttpFlv(`${server.http}/live/${name}.flv`)
  viewers.push(viewer)
  await peer.publish(`live/${name}`, options)
  return [viewer, peer]
}

const videoOf = ({ media }: FlvViewer): MediaTag[] => media.filter(({ kind }) => kind === 'video')
const audioOf = ({ media }: FlvViewer): MediaTag[] => media.filter(({ kind }) => kind === 'audio')

function untilVideo(viewer: FlvViewer, more: number): Promise<boolean> {
  const wanted = videoOf(viewer).length + more
  const explain = (): string => `${String(videoOf(viewer).length)} of ${String(wanted)} came`
  return until(`${String(more)} pictures`, () => videoOf(viewer).length >= wanted, { timeoutMs: 20_000, explain })
}

/** Every frame that came can be shown, time never falls, and the sound has no hole. */
function expectWhole(viewer: FlvViewer): void {
  expect(viewer.ended).toBe(false)
  const { pictures } = decodeRecording(viewer)
  expect(pictures.length).toBe(videoOf(viewer).length)
  const readable = pictures.filter(({ clock }) => clock !== undefined)
  expect(readable.length / pictures.length).toBeGreaterThan(0.9)
  expect(timesAreSound(viewer.media)).toBe(true)
  const audio = audioOf(viewer)
  expect(Math.max(...audio.slice(1).map((tag, index) => tag.timestampMs - audio[index]!.timestampMs))).toBeLessThan(64)
}

test('nearly everything that is sent through 5 % loss at 50 ms reaches FLV', async () => {
  const [viewer, publisher] = await publishTo('loss')
  await untilVideo(viewer, 50)
  proxy.change({ delay: 25_000, loss: 0.05 })
  const before = [(await publisher.stats()).video!.framesSent!, videoOf(viewer).length] as const
  await untilVideo(viewer, 200)
  const after = [(await publisher.stats()).video!.framesSent!, videoOf(viewer).length] as const
  expect((after[1] - before[1]) / (after[0] - before[0])).toBeGreaterThan(0.95)
  expect(proxy.counters.up.lost).toBeGreaterThan(10)
  expectWhole(viewer)
})

describe('the network path of the publisher changes during publishing', () => {
  test('a NAT assigns another port: viewers stay and video continues', async () => {
    const [viewer] = await publishTo('rebound')
    await untilVideo(viewer, 50)
    proxy.rebind()
    await untilVideo(viewer, 100)
    expectWhole(viewer)
  })

  test('ICE is restarted: viewers notice nothing', async () => {
    const [viewer, publisher] = await publishTo('restarted')
    await untilVideo(viewer, 50)
    const port = await publisher.localPort()
    await publisher.restartIce()
    await until('another way', async () => (await publisher.localPort()) !== port, { timeoutMs: 15_000 })
    await untilVideo(viewer, 50)
    expectWhole(viewer)
  })

  test('UDP is blocked: publishing continues by TCP, after an ICE restart at the latest, and by UDP once it works again', async () => {
    const [viewer, publisher] = await publishTo('blocked')
    await untilVideo(viewer, 50)
    proxy.block(true)
    // Chromium moves by itself where its check over TCP was answered before UDP was chosen, which is a matter of milliseconds.
    const isByTcp = async (): Promise<boolean> => (await publisher.stats()).protocol === 'tcp'
    const isGone = async (): Promise<boolean> => (await publisher.connectionState()) === 'disconnected'
    await until('another way, or none', async () => (await isByTcp()) || (await isGone()), { timeoutMs: 15_000 })
    if (!(await isByTcp())) await publisher.restartIce()
    await until('TCP', isByTcp, { timeoutMs: 15_000 })
    await publisher.untilState('connected')
    await untilVideo(viewer, 50)
    proxy.block(false)
    await publisher.restartIce()
    await until('UDP again', async () => (await publisher.stats()).protocol === 'udp', { timeoutMs: 15_000 })
    await untilVideo(viewer, 50)
    expect(viewer.ended).toBe(false)
    expect(timesAreSound(viewer.media)).toBe(true)
  })
})

test('a second publisher with the same token takes over immediately, and viewers stay; any other is refused', async () => {
  const tokenFor = async (stream: string): Promise<string> =>
    (await rest<{ token: string }>(server, 'POST', 'tokens', { action: 'publish', stream }))!.token
  const token = await tokenFor('live/again')
  const [viewer, first] = await publishTo('again', { token })
  await untilVideo(viewer, 50)
  const second = await BrowserPeer.open(browser, server.http)
  peers.push(second)
  await expect(second.publish('live/again')).rejects.toThrow(/409.*live\/again already has a publisher/)
  const third = await BrowserPeer.open(browser, server.http)
  peers.push(third)
  await third.publish('live/again', { token })
  await untilVideo(viewer, 50)
  await first.untilState('closed')
  expect(viewer.ended).toBe(false)
  expect(timesAreSound(viewer.media)).toBe(true)
})
