import { pollAll } from '@crossroom/testkit'
import { buildCompound } from '../rtcp/compound.js'
import { buildRtpPacket } from '../rtp/rtp.fake.js'
import { MAX_FRAME_BYTES } from '../depacketizer/depacketizer.js'
import { depacketizers, payloadCases } from '../depacketizer/payloads.cases.js'
import { bytesFromHex } from '../rtp/rtp.fake.js'
import { FrameBuffer } from './frame-buffer.js'
import { ABSENT, type PacketFacts } from './packet-ring.js'
import { audioMedia, ids, videoMedia } from './publisher.fake.js'
import { RtpReceiver } from './rtp-receiver.js'

/** One receiver lives through all inputs, in which packets stand one after the other behind their 16-bit lengths. */
let receiver = newReceiver()
let now = 0
let lastPts = new Map<string, number>()

function newReceiver(): RtpReceiver {
  return new RtpReceiver({ now: 0, media: [audioMedia, videoMedia], ssrc: 7, cname: 'server' })
}

function runReceiver(input: Uint8Array): void {
  for (let offset = 0; offset + 2 <= input.length;) {
    const length = (input[offset]! << 8) | input[offset + 1]!
    const packet = input.slice(offset + 2, offset + 2 + length)
    offset += 2 + length
    now += 300
    receiver.handleInput(now, packet)
  }
  const { outputs, events } = pollAll(receiver, now)
  for (const out of outputs) if (out.length > 1200) throw new Error(`RTCP of ${out.length} bytes`)
  for (const event of events) {
    const key = `${event.mid}/${event.rid ?? ''}`
    if (event.kind === 'ended') lastPts.delete(key)
    else checkTime(key, event.frame.pts)
  }
  if (now > 3_600_000_000) restart()
}

function checkTime(key: string, pts: number): void {
  if (!Number.isSafeInteger(pts) || pts <= (lastPts.get(key) ?? -Infinity)) throw new Error(`time ${pts} does not rise`)
  lastPts.set(key, pts)
}

function restart(): void {
  receiver = newReceiver()
  now = 0
  lastPts = new Map()
}

function lengthPrefixed(packets: readonly Uint8Array[]): Uint8Array {
  return Uint8Array.from(packets.flatMap((packet) => [packet.length >> 8, packet.length & 0xff, ...packet]))
}

function video(sequenceNumber: number, payload: string, marker: boolean): Uint8Array {
  const header = { marker, payloadType: 102, sequenceNumber, timestamp: sequenceNumber * 3000, ssrc: 1000 }
  return buildRtpPacket(header, bytesFromHex(payload), { mid: '1', transportSequence: sequenceNumber }, ids)
}

function audio(sequenceNumber: number, payloadType: number, payload: string): Uint8Array {
  const header = { marker: false, payloadType, sequenceNumber, timestamp: sequenceNumber * 960, ssrc: 2000 }
  return buildRtpPacket(
    header,
    bytesFromHex(payload),
    { mid: '0', transportSequence: sequenceNumber, audioLevel: 9 },
    ids,
  )
}

const keyframe = '78 0019 6742c00cd901419f9f011000000300100000030320f142a480 0005 68cb83cb20 0004 658804aa'

const receiverSeeds = (): Uint8Array[] => [
  lengthPrefixed([video(1, keyframe, true), video(2, '41 9a 01', true), video(4, '41 9a 02', true)]),
  lengthPrefixed([audio(1, 111, 'fc01'), audio(3, 63, 'ef 0f0002 6f fc01 fc02'), audio(0xfff0, 111, 'fc03')]),
  lengthPrefixed([
    buildRtpPacket(
      { marker: true, payloadType: 103, sequenceNumber: 9, timestamp: 9000, ssrc: 1001 },
      bytesFromHex('0003 41 9a 05'),
    ),
    buildCompound([
      {
        type: 'sender-report',
        ssrc: 1000,
        ntpTime: { seconds: 3_900_000_000, fraction: 1 },
        rtpTimestamp: 9000,
        packetCount: 1,
        octetCount: 2,
        reports: [],
      },
      { type: 'bye', ssrcs: [2000] },
    ]),
  ]),
]

const facts: PacketFacts = { orientation: ABSENT, audioLevel: ABSENT, captureNtp: ABSENT }
const buffer = new FrameBuffer('video', depacketizers.h264())
let bufferNow = 0

/** Records of six bytes and a payload: sequence (2), timestamp step, flags, time step, payload length. */
function runBuffer(input: Uint8Array): void {
  for (let offset = 0; offset + 6 <= input.length;) {
    const sequence = 0x1_0000 + ((input[offset]! << 8) | input[offset + 1]!)
    const length = input[offset + 5]!
    const payload = input.slice(offset + 6, offset + 6 + length)
    bufferNow += input[offset + 4]! * 100
    const marker = (input[offset + 3]! & 1) === 1
    buffer.insert(sequence, input[offset + 2]! * 3000, marker, payload, 0, payload.length, bufferNow, facts)
    offset += 6 + length
    for (let frame = buffer.poll(bufferNow); frame !== undefined; frame = buffer.poll(bufferNow)) {
      let bytes = 0
      for (const unit of frame.units) bytes += unit.length
      if (bytes === 0 || bytes > MAX_FRAME_BYTES) throw new Error(`a frame of ${bytes} bytes`)
      if (frame.firstArrivedAt > frame.lastArrivedAt) throw new Error('arrived before it arrived')
    }
    const deadline = buffer.deadline()
    if (deadline !== undefined && deadline <= bufferNow) throw new Error('a deadline was left behind')
  }
}

const bufferSeeds = (): Uint8Array[] =>
  payloadCases
    .filter((one) => one.codec === 'h264')
    .map((one, number) =>
      Uint8Array.from(
        one.payloads.flatMap((hex, index) => {
          const payload = bytesFromHex(hex)
          const isLast = index === one.payloads.length - 1
          return [0, number * 4 + index, number, isLast ? 1 : 0, 10, payload.length, ...payload]
        }),
      ),
    )

export const fuzzTargets = [
  { name: 'rtp-receiver', seeds: receiverSeeds, run: runReceiver },
  { name: 'frame-buffer', seeds: bufferSeeds, run: runBuffer },
]
