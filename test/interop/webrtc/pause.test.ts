import type { Browser } from 'playwright-core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { launchChromium, startServer, until, watchHttpFlv, type TestServer } from '../../harness/index.js'
import { BrowserPeer } from './browser-peer.js'
import { decodeRecording, lipSyncOf, medianOf } from './flv-recording.js'

let server: TestServer
let browser: Browser

beforeAll(async () => {
  server = await startServer()
  browser = await launchChromium()
})

afterAll(async () => {
  await browser.close()
  await server.stop()
})

/** Takes a track out of its sender for so long, and puts it back: the browser's RTP clock may stand still meanwhile. */
async function pause(publisher: BrowserPeer, kind: 'audio' | 'video', ms: number): Promise<void> {
  await publisher.page.evaluate(
    async ([of, length]) => {
      const sender = window.peer.senders[of]!
      const { track } = sender
      await sender.replaceTrack(null)
      await new Promise((resolve) => setTimeout(resolve, length))
      await sender.replaceTrack(track)
    },
    [kind, ms] as const,
  )
}

// Beeps come each second: pauses that are no whole seconds show an error of their own length.
test.each([
  ['audio', 1600],
  ['video', 1600],
] as const)('%s taken out of its sender for %d ms is in sync within 1 s of its return', async (kind, ms) => {
  const publisher = await BrowserPeer.open(browser, server.http)
  const viewer = watchHttpFlv(`${server.http}/live/paused-${kind}.flv`)
  await publisher.publish(`live/paused-${kind}`)
  const of = (wanted: string) => viewer.media.filter((tag) => tag.kind === wanted)
  await until('three seconds', () => of('video').length > 75, { timeoutMs: 20_000 })
  await pause(publisher, kind, ms)
  const back = of('video').length
  await until('five seconds more', () => of('video').length > back + 125, { timeoutMs: 20_000 })
  viewer.close()
  await publisher.close()
  const recording = decodeRecording(viewer)
  const since = of('video')[back]!.timestampMs + 1000
  const after = { ...recording, pictures: recording.pictures.filter(({ timestampMs }) => timestampMs >= since) }
  const apart = lipSyncOf(after)
  expect(apart.length).toBeGreaterThanOrEqual(3)
  expect(Math.abs(medianOf(apart))).toBeLessThan(60)
  expect(Math.max(...apart.map(Math.abs))).toBeLessThan(120)
})
