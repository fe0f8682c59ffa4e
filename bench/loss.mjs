// What a bad network leaves of a stream, toward Chromium (WHEP) and from it (WHIP), from a page that lets sound be asked for
// again, as the server's own pages and the SDK do, and from one that does not: loss at 50 ms round trip, seeded.
import { spawn } from 'node:child_process'
import { setTimeout as sleep } from 'node:timers/promises'
import { UdpProxy } from '@crossroom/testkit'
import { startServer } from './lib/children.mjs'
import { launchChromium, openPeer } from './lib/chromium.mjs'
import { figure } from './lib/figure.mjs'
import { tallyFlv } from './lib/flv-tally.mjs'

export const title = 'Loss at 50 ms round trip, toward Chromium and from Chromium'
export const settings = { runs: 1, seconds: 15 }

/** Until the browser's jitter buffer and both estimates know the network. */
const SETTLE_MS = 6000
const TAIL_MS = 2000
const DELAY = 25_000
const MEAN_BURST = 3
/** Loss and the least share of frames that must arrive. */
const RATES = [
  [0.01, 0.999],
  [0.05, 0.995],
  [0.1, 0.98],
  [0.3, 0.85],
]
const AUDIO = 0.95
const SHAPES = {
  uniform: (loss) => ({ loss }),
  bursts: (loss) => ({ burstLoss: { enter: loss / (1 - loss) / MEAN_BURST, leave: 1 / MEAN_BURST } }),
}
/** `LOSS=0.1 SHAPE=uniform WAY=toward npm run bench -- loss` runs one case; the ways are toward, from and plain. */
const { LOSS, SHAPE, WAY } = process.env
const isWanted = (chosen, value) => chosen === undefined || chosen === String(value)

export async function run({ seconds = settings.seconds } = {}) {
  const browser = await launchChromium()
  const figures = []
  for (const [loss, least] of RATES.filter(([rate]) => isWanted(LOSS, rate))) {
    for (const [shape, impair] of Object.entries(SHAPES).filter(([name]) => isWanted(SHAPE, name))) {
      const name = `${loss * 100} %${shape === 'bursts' ? ' in bursts' : ''}`
      const audio = loss === 0.3 ? { least: AUDIO } : undefined
      for (const [way, [title, measure]] of Object.entries(WAYS).filter(([which]) => isWanted(WAY, which))) {
        const seen = await measure(browser, impair(loss), seconds)
        figures.push(
          figure(`${name} ${title}: frames`, '%', seen.frames * 100, { least: least * 100 }),
          figure(`${name} ${title}: sound`, '%', seen.audio * 100, audio && { least: audio.least * 100 }),
        )
        if (seen.freezes !== undefined) figures.push(figure(`${name} ${title}: freezes`, '', seen.freezes))
        console.log(name, way, JSON.stringify(seen))
      }
    }
  }
  await browser.close()
  return figures
}

const WAYS = {
  toward: ['toward Chromium', toward],
  from: ['from Chromium', (browser, impairment, seconds) => from(browser, impairment, seconds, true)],
  plain: ['from a plain page', (browser, impairment, seconds) => from(browser, impairment, seconds, false)],
}

/** Server and proxy for one case; `up` or `down` is impaired from the start. */
async function openNetwork(way, impairment) {
  const proxy = await UdpProxy.open({
    up: { seed: 1, delay: DELAY, ...(way === 'up' && impairment) },
    down: { seed: 2, delay: DELAY, ...(way === 'down' && impairment) },
  })
  const server = await startServer(['--rtc-address', `127.0.0.1:${proxy.port}`])
  proxy.setTarget(server.ports.rtc)
  const close = async () => {
    await server.stop()
    proxy.close()
  }
  return { server, proxy, close, origin: `http://127.0.0.1:${server.ports.http}` }
}

/** A player who comes at the same moment and loses nothing begins at the same keyframe: it says what was sent. */
async function toward(browser, impairment, seconds) {
  const { server, origin, close } = await openNetwork('down', impairment)
  const push = pushPicture(`rtmp://127.0.0.1:${server.ports.rtmp}/live/x`)
  const peer = await openPeer(browser, origin)
  await peer.play('live/x')
  await peer.page.waitForFunction(() => globalThis.peer.times.connectedAt !== undefined)
  const sent = tallyFlv(`${origin}/live/x.flv`)
  await sleep(SETTLE_MS)
  const before = await peer.stats()
  await sleep(seconds * 1000)
  const after = await peer.stats()
  push.kill('SIGKILL')
  await sleep(TAIL_MS)
  const { video } = await peer.stats()
  const grown = (kind, name) => after[kind][name] - before[kind][name]
  sent.close()
  await peer.close()
  await close()
  return {
    frames: video.framesDecoded / sent.videoFrames,
    audio: 1 - grown('audio', 'concealedSamples') / grown('audio', 'totalSamplesReceived'),
    sent: sent.videoFrames,
    dropped: video.framesDropped,
    freezes: grown('video', 'freezeCount'),
    freezeSeconds: grown('video', 'totalFreezesDuration'),
    lost: grown('video', 'packetsLost'),
    nacks: grown('video', 'nackCount'),
    resent: grown('video', 'retransmittedPacketsReceived'),
    plis: grown('video', 'pliCount'),
    delayMs: (grown('video', 'jitterBufferDelay') / grown('video', 'jitterBufferEmittedCount')) * 1000,
  }
}

async function from(browser, impairment, seconds, opusNack) {
  const { origin, close } = await openNetwork('up', impairment)
  const peer = await openPeer(browser, origin)
  const got = tallyFlv(`${origin}/live/x.flv`)
  await peer.publish('live/x', { maxBitrate: 800_000, opusNack })
  await sleep(SETTLE_MS)
  const from = got.seconds
  await sleep(seconds * 1000)
  // What is still in the browser's pacer or is being repaired comes later.
  await peer.page.evaluate(() => globalThis.peer.senders.video.track.stopDrawing())
  await sleep(TAIL_MS)
  const { video, audio, pair } = await peer.stats()
  got.close()
  await peer.close()
  await close()
  return {
    frames: got.videoFrames / video.framesSent,
    audio: got.audible(from),
    sent: video.framesSent,
    nacks: video.nackCount,
    plis: video.pliCount,
    pacerMs: (video.totalPacketSendDelay / video.packetsSent) * 1000,
    estimate: pair.availableOutgoingBitrate,
    audioCodec: audio.codec,
  }
}

function pushPicture(url) {
  const input = '-re -f lavfi -i testsrc2=size=640x360:rate=25 -f lavfi -i sine=frequency=440:sample_rate=48000'
  const video =
    '-c:v libx264 -preset ultrafast -tune zerolatency -pix_fmt yuv420p -g 50 -b:v 800k -maxrate 800k -bufsize 800k'
  const args = [
    '-v',
    'error',
    '-nostdin',
    ...input.split(' '),
    ...video.split(' '),
    ...'-c:a aac -f flv'.split(' '),
    url,
  ]
  return spawn('ffmpeg', args, { stdio: 'ignore' })
}
