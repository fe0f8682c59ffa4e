// CPU of the sending process per packet: N destinations of one stream of about 1 Mbit/s (178 packets per second each) in real
// time, receivers in another process. Loopback charges the sender with the receiving side of the kernel as well.
//
//   node packages/native/bench/egress.mjs [--destinations 400] [--seconds 5] [--profile gcm|sha1] [--no-gso] [--pacing BITS]
import { fork } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { monitorEventLoopDelay } from 'node:perf_hooks'
import { parseArgs } from 'node:util'
import { NativeEngine, srtpKeysForTest } from '../dist/index.js'

const { values } = parseArgs({
  options: {
    destinations: { type: 'string', default: '400' },
    seconds: { type: 'string', default: '5' },
    profile: { type: 'string', default: 'gcm' },
    'no-gso': { type: 'boolean', default: false },
    pacing: { type: 'string', default: '0' },
    sockets: { type: 'string' },
  },
})
const destinations = Number(values.destinations)
const seconds = Number(values.seconds)
const profile = values.profile === 'sha1' ? 'SRTP_AES128_CM_SHA1_80' : 'SRTP_AEAD_AES_128_GCM'

const FRAMES_PER_SECOND = 30
const KEYFRAME_EVERY = 60
const KEYFRAME_PACKETS = 40
const PACKET_BYTES = 1100
const AUDIO_EVERY_MS = 20

function frame(packets, rtpTimestamp, keyframe, bytes = PACKET_BYTES) {
  const ends = Uint32Array.from({ length: packets }, (_, i) => (i + 1) * bytes - (i === packets - 1 ? bytes >> 1 : 0))
  return { rtpTimestamp, payloads: new Uint8Array(packets * bytes), ends, packetCount: packets, marker: true, keyframe }
}

const receivers = fork(fileURLToPath(new URL('receivers.mjs', import.meta.url)), [
  String(values.sockets ?? destinations),
])
const { ports } = await new Promise((resolve) => receivers.once('message', resolve))

const engine = new NativeEngine()
const port = engine.udp.open({ host: '127.0.0.1', port: 0 })
const egress = engine.createEgress(port, { cname: 'bench', segmentationOffload: !values['no-gso'] })
const memoryBefore = process.memoryUsage().rss
const video = []
const audio = []
for (let i = 0; i < destinations; i++) {
  const remote = ports[i % ports.length]
  const master = (seed) => ({
    key: new Uint8Array(16).fill(seed),
    salt: new Uint8Array(profile.includes('GCM') ? 12 : 14),
  })
  const keys = srtpKeysForTest(profile, master(i), master(i + 1))
  const route = { kind: 'udp', address: port.addressOf('127.0.0.1', remote) }
  const destination = egress.addDestination({ keys, route, pacingRate: Number(values.pacing) })
  const extensions = { mid: 1, absSendTime: 2, transportCc: 3 }
  const rtx = { ssrc: 3, payloadType: 97 }
  video.push(egress.addTrack(destination, { kind: 'video', ssrc: 1, payloadType: 96, rtx, mid: '0', extensions }))
  audio.push(egress.addTrack(destination, { kind: 'audio', ssrc: 2, payloadType: 111, mid: '1', extensions }))
}
const targets = { video: Uint32Array.from(video), audio: Uint32Array.from(audio) }
const sources = { video: egress.addSource({ kind: 'video' }), audio: egress.addSource({ kind: 'audio' }) }

const rows = new Float64Array(5 * 65536)
const lag = monitorEventLoopDelay({ resolution: 1 })
// How long after the frame was handed over its last packet left.
const delays = { all: [], key: [] }
const handed = []
let sentTotal = 0
function drain() {
  for (let count; (count = egress.pollSent(rows)) > 0;) {
    for (let i = 0; i < count; i++) sentTotal += rows[i * 5 + 2]
    const last = rows[(count - 1) * 5 + 4]
    while (handed.length > 0 && sentTotal >= handed[0].packets) {
      const { at, key } = handed.shift()
      ;(key ? delays.key : delays.all).push(last - at)
    }
  }
}

await new Promise((resolve) => setTimeout(resolve, 200))
lag.enable()
const cpuBefore = process.cpuUsage()
const started = performance.now()
let expected = 0
for (let frames = 0, sounds = 0; performance.now() - started < seconds * 1000;) {
  const elapsed = performance.now() - started
  if (elapsed >= (frames * 1000) / FRAMES_PER_SECOND) {
    const key = frames % KEYFRAME_EVERY === 0
    const packets = key ? KEYFRAME_PACKETS : 3 + (frames % 3 > 0 ? 1 : 0)
    egress.frame(sources.video, frame(packets, frames * 3000, key), targets.video)
    expected += packets * destinations
    handed.push({ at: engine.udp.now(), packets: expected, key })
    frames++
  }
  if (elapsed >= sounds * AUDIO_EVERY_MS) {
    egress.frame(sources.audio, frame(1, sounds * 960, true, 240), targets.audio)
    expected += destinations
    sounds++
  }
  const next = Math.min((frames * 1000) / FRAMES_PER_SECOND, sounds * AUDIO_EVERY_MS) - (performance.now() - started)
  await new Promise((resolve) => setTimeout(resolve, Math.max(0, next)))
  drain()
}
await new Promise((resolve) => setTimeout(resolve, 100))
drain()
const cpu = process.cpuUsage(cpuBefore)
const counters = egress.counters()
const answer = new Promise((resolve) => receivers.once('message', resolve))
receivers.send('stop')
const { received, dropped } = await answer

const percentile = (list, share) => Math.round(list.sort((a, b) => a - b)[Math.floor(list.length * share)] ?? 0)
console.log(
  JSON.stringify({
    destinations,
    profile,
    segmentationOffload: counters.segmentationOffload,
    packets: counters.packets,
    packetsPerDestinationSecond: Math.round(counters.packets / destinations / seconds),
    cpuMicrosPerPacket: Number(((cpu.user + cpu.system) / counters.packets).toFixed(2)),
    userShare: Number((cpu.user / (cpu.user + cpu.system)).toFixed(2)),
    packetsPerCall: Math.round(counters.packets / counters.sendCalls),
    kernelDropped: counters.kernelDropped,
    received,
    receiversDropped: dropped,
    frameOutMicros: { p50: percentile(delays.all, 0.5), p99: percentile(delays.all, 0.99) },
    keyframeOutMicros: { p50: percentile(delays.key, 0.5), p99: percentile(delays.key, 0.99) },
    loopDelayP99Millis: Number((lag.percentile(99) / 1e6).toFixed(1)),
    rssPerDestinationKiB: Math.round((process.memoryUsage().rss - memoryBefore) / 1024 / destinations),
  }),
)
engine.close()
