import { pollAll } from '@crossroom/testkit'
import { expect, test } from 'vitest'
import { OPUS_CLOCK_RATE } from '../rtp/timestamp.js'
import { H264Packetizer } from '../packetizer/h264.js'
import { PayloadBuffer } from '../packetizer/payload-buffer.js'
import { buildCompound, parseCompound } from '../rtcp/compound.js'
import type { HeaderExtensions } from '../rtp/extensions.js'
import { parseRtpHeader } from '../rtp/header.js'
import { ntpFromMicros } from '../rtp/ntp.js'
import { buildRtpPacket } from '../rtp/rtp.fake.js'
import { writeRtx } from '../rtp/rtx.js'
import { audioMedia, ids, numberedFrame, numberOf, videoMedia } from './publisher.fake.js'
import { MAX_PACKETS_PER_SECOND, RtpReceiver, type RtpReceiverEvent } from './rtp-receiver.js'
import { MAX_PACKETS_PER_SECOND_OF_SOURCE, MAX_SOURCES, type ReceivedMedia } from './source-table.js'

const unannounced: ReceivedMedia = { ...videoMedia, remote: [] }

function receiverOf(...media: ReceivedMedia[]): RtpReceiver {
  return new RtpReceiver({ now: 0, media, ssrc: 7, cname: 'server' })
}

/** What came of the packets, before anything is due. */
function eventsOf(receiver: RtpReceiver): RtpReceiverEvent[] {
  return pollAll(receiver, -1).events
}

/** Numbers of the frames that came, per layer. */
function framesOf(receiver: RtpReceiver): string[] {
  return eventsOf(receiver).map((event) =>
    event.kind === 'frame' ? `${event.mid}/${event.rid ?? ''}/${numberOf(event.frame.units.at(-1)!)}` : event.kind,
  )
}

/** The packets of one frame of the video m-line. */
function videoPackets(
  ssrc: number,
  number: number,
  sequence: number,
  extensions: HeaderExtensions = {},
  payloadType = 102,
) {
  const buffer = new PayloadBuffer()
  new H264Packetizer().packetize(numberedFrame(number, 100, number % 10 === 0), buffer)
  return Array.from({ length: buffer.count }, (_, index) =>
    buildRtpPacket(
      {
        marker: index === buffer.count - 1,
        payloadType,
        sequenceNumber: (sequence + index) & 0xffff,
        timestamp: number * 3000,
        ssrc,
      },
      buffer.packet(index),
      extensions,
      ids,
    ),
  )
}

function feed(receiver: RtpReceiver, packets: readonly Uint8Array[], now = 0): void {
  for (const packet of packets) receiver.handleRtp(now, packet.slice())
}

test('an SSRC is known by the SDP, by its mid, or by a payload type that only one m-line has', () => {
  const announced = receiverOf(audioMedia, videoMedia)
  feed(announced, videoPackets(1000, 0, 1))
  expect(framesOf(announced)).toEqual(['1//0'])

  const byMid = receiverOf({ ...unannounced, mid: '1' }, { ...unannounced, mid: '2' })
  feed(byMid, videoPackets(5, 0, 1, { mid: '2' }))
  feed(byMid, videoPackets(5, 1, 2))
  feed(byMid, videoPackets(6, 0, 1))
  expect(framesOf(byMid)).toEqual(['2//0', '2//1'])
  expect(byMid.counters.unknownSource).toBe(1)

  const byPayloadType = receiverOf(audioMedia, unannounced)
  feed(byPayloadType, videoPackets(5, 0, 1))
  expect(framesOf(byPayloadType)).toEqual(['1//0'])
})

test('simulcast: each layer is a stream of its own, and its retransmissions find it by repaired-rid', () => {
  const receiver = receiverOf({ ...unannounced, rids: ['h', 'l'] })
  for (const [rid, ssrc] of [
    ['h', 10],
    ['l', 20],
  ] as const) {
    feed(receiver, videoPackets(ssrc, 0, 100, { mid: '1', rid }))
  }
  const [lost] = videoPackets(20, 1, 101)
  feed(receiver, videoPackets(20, 2, 102))
  feed(receiver, videoPackets(10, 1, 101))
  const resent = new Uint8Array(200)
  const end = writeRtx(lost!, parseRtpHeader(lost!)!, { ssrc: 21, payloadType: 103, sequenceNumber: 1 }, resent, 0)
  // Built again with the extension, as a browser sends it until the SSRC is known.
  const payload = resent.subarray(parseRtpHeader(lost!)!.payloadOffset, end)
  const header = { marker: true, payloadType: 103, sequenceNumber: 1, timestamp: 3000, ssrc: 21 }
  feed(receiver, [buildRtpPacket(header, payload, { mid: '1', repairedRid: 'l' }, ids)], 60_000)
  expect(framesOf(receiver)).toEqual(['1/h/0', '1/l/0', '1/h/1', '1/l/1', '1/l/2'])
  feed(receiver, videoPackets(30, 0, 1, { mid: '1', rid: 'unheard' }))
  expect(receiver.counters.unknownSource).toBe(1)
})

test('simulcast layers without sound take the time of the first', () => {
  const receiver = receiverOf({ ...unannounced, rids: ['h', 'l'] })
  const pts: Record<string, number> = {}
  for (let number = 0; number < 100; number++) {
    const now = number * 33_333
    const report = (ssrc: number) => ({
      type: 'sender-report' as const,
      ssrc,
      ntpTime: ntpFromMicros(3_900_000_000_000_000 + now),
      rtpTimestamp: number * 3000,
      packetCount: 0,
      octetCount: 0,
      reports: [],
    })
    feed(receiver, videoPackets(10, number, number, { mid: '1', rid: 'h' }), now)
    feed(receiver, videoPackets(20, number, number, { mid: '1', rid: 'l' }), now + 80_000)
    if (number % 30 === 29) receiver.handleRtcp(now, buildCompound([report(10), report(20)]))
    for (const event of eventsOf(receiver)) if (event.kind === 'frame') pts[event.rid!] = event.frame.pts
  }
  expect(Math.abs(pts['h']! - pts['l']!)).toBeLessThan(1000)
})

test('a new SSRC takes the track over, time goes on, and the old one is not believed any more', () => {
  const receiver = receiverOf(unannounced)
  feed(receiver, videoPackets(10, 0, 100, { mid: '1' }), 1000)
  feed(receiver, videoPackets(11, 20, 5, { mid: '1' }), 50_000)
  feed(receiver, videoPackets(10, 1, 101, { mid: '1' }), 51_000)
  feed(receiver, videoPackets(11, 21, 6, { mid: '1' }), 83_333)
  const frames = eventsOf(receiver).flatMap((event) => (event.kind === 'frame' ? [event.frame] : []))
  expect(frames.map((frame) => numberOf(frame.units.at(-1)!))).toEqual([0, 20, 21])
  expect(frames.map((frame) => frame.pts)).toEqual([1000, 50_000, 83_333])
})

test('BYE ends a stream, another SSRC may follow', () => {
  const receiver = receiverOf(unannounced)
  feed(receiver, videoPackets(10, 0, 100, { mid: '1' }))
  receiver.handleRtcp(0, buildCompound([{ type: 'bye', ssrcs: [10, 99] }]))
  feed(receiver, videoPackets(11, 10, 100, { mid: '1' }))
  expect(framesOf(receiver)).toEqual(['1//0', 'ended', '1//10'])
})

test('a renegotiation keeps the streams that stay and drops the others', () => {
  const receiver = receiverOf(videoMedia)
  feed(receiver, videoPackets(1000, 0, 100))
  receiver.setMedia([{ ...videoMedia, codecs: videoMedia.codecs.map((codec) => ({ ...codec })) }, audioMedia])
  feed(receiver, videoPackets(1000, 1, 101))
  const renumbered = videoMedia.codecs.map((codec) => ({ ...codec, payloadType: 104 }))
  receiver.setMedia([{ ...videoMedia, codecs: renumbered }, audioMedia])
  feed(receiver, videoPackets(1000, 2, 102))
  feed(receiver, videoPackets(1000, 10, 103, {}, 104))
  receiver.setMedia([audioMedia])
  feed(receiver, videoPackets(1000, 11, 104, {}, 104))
  expect(framesOf(receiver)).toEqual(['1//0', '1//1', '1//10'])
  expect([...receiver.streams]).toEqual([])
})

test('a held m-line that comes back goes on under its SSRCs, which name their layers no more', () => {
  const media = { ...unannounced, rids: ['h', 'l'] }
  const receiver = receiverOf(media, audioMedia)
  feed(receiver, videoPackets(10, 0, 100, { mid: '1', rid: 'h' }))
  feed(receiver, videoPackets(20, 0, 100, { mid: '1', rid: 'l' }))
  receiver.setMedia([audioMedia])
  feed(receiver, videoPackets(10, 1, 101))
  receiver.setMedia([media, audioMedia])
  feed(receiver, videoPackets(10, 10, 102))
  feed(receiver, videoPackets(20, 10, 101))
  expect(framesOf(receiver)).toEqual(['1/h/0', '1/l/0', '1/h/10', '1/l/10'])
  receiver.setMedia([audioMedia])
  receiver.setMedia([{ ...media, rids: ['h'] }, audioMedia])
  feed(receiver, videoPackets(20, 20, 102))
  expect(framesOf(receiver)).toEqual([])
})

test('a turned camera makes a new config at the next keyframe, which is asked for, and holds until another is said', () => {
  const receiver = receiverOf(videoMedia)
  feed(receiver, videoPackets(1000, 0, 100))
  feed(receiver, videoPackets(1000, 1, 101, { videoOrientation: 90 }))
  const { outputs, events } = pollAll(receiver, 500_000)
  expect(parseCompound(outputs[0]!)).toMatchObject([{ type: 'pli', mediaSsrc: 1000 }])
  feed(receiver, videoPackets(1000, 10, 102))
  feed(receiver, videoPackets(1000, 11, 103))
  const configs = [...events, ...eventsOf(receiver)].flatMap((event) =>
    event.kind === 'frame' ? [event.frame.config] : [],
  )
  expect(configs.map((config) => config.kind === 'video' && config.orientation)).toEqual([0, 0, 90, 90])
  expect(configs[1]).toBe(configs[0])
  expect(configs[3]).toBe(configs[2])
})

test('sound has its level, its channels, and the silence of DTX makes no hole', () => {
  const receiver = receiverOf(audioMedia)
  const send = (sequence: number, time: number, toc: number) => {
    const header = {
      marker: false,
      payloadType: 111,
      sequenceNumber: sequence,
      timestamp: time * (OPUS_CLOCK_RATE / 1e6),
      ssrc: 2000,
    }
    receiver.handleRtp(time, buildRtpPacket(header, Uint8Array.of(toc, 1), { audioLevel: 40 + sequence }, ids))
  }
  send(1, 0, 0x78)
  send(2, 400_000, 0x78)
  send(3, 420_000, 0x7c)
  send(4, 440_000, 0x78)
  const frames = eventsOf(receiver).flatMap((event) => (event.kind === 'frame' ? [event.frame] : []))
  expect(frames.map((frame) => frame.audioLevel)).toEqual([41, 42, 43, 44])
  expect(frames.map((frame) => frame.pts)).toEqual([0, 400_000, 420_000, 440_000])
  expect(frames.map((frame) => frame.config.kind === 'audio' && frame.config.channels)).toEqual([1, 1, 2, 2])
})

test('W7: no more sources than contexts, no more packets than the cap', () => {
  const receiver = receiverOf({ ...unannounced, rids: Array.from({ length: 40 }, (_, index) => `r${index}`) })
  for (let index = 0; index < 40; index++)
    feed(receiver, videoPackets(100 + index, 0, 1, { mid: '1', rid: `r${index}` }))
  expect([...receiver.streams]).toHaveLength(MAX_SOURCES)
  const flooded = receiverOf(videoMedia)
  for (let index = 0; index < MAX_PACKETS_PER_SECOND_OF_SOURCE + 500; index++)
    feed(flooded, videoPackets(1000, 1, index))
  expect(flooded.counters.overRate).toBe(500)
  expect([...flooded.streams][0]!.counters.packets).toBe(MAX_PACKETS_PER_SECOND_OF_SOURCE)
  const many = receiverOf(unannounced)
  for (let index = 0; index < MAX_PACKETS_PER_SECOND + 500; index++)
    feed(many, videoPackets(1000 + (index % 4), 1, index, { mid: '1' }))
  expect(many.counters.overRate).toBe(500)
})

test('a flood on one source does not affect the others', () => {
  const receiver = receiverOf(videoMedia, { ...unannounced, mid: '2' })
  for (let index = 0; index < MAX_PACKETS_PER_SECOND_OF_SOURCE + 500; index++)
    feed(receiver, videoPackets(1000, 1, index))
  feed(receiver, videoPackets(5, 0, 1, { mid: '2' }))
  expect(framesOf(receiver)).toContain('2//0')
})

test('a sender that changes its SSRCs for ever finds a place for each pair', () => {
  const receiver = receiverOf(unannounced)
  for (let change = 0; change < 40; change++) {
    const [ssrc, rtx] = [100 + change, 900 + change]
    feed(receiver, videoPackets(ssrc, 0, 1, { mid: '1' }))
    const repair = new Uint8Array(200)
    const [lost] = videoPackets(ssrc, 1, 2) as [Uint8Array]
    feed(receiver, videoPackets(ssrc, 2, 3))
    const header = parseRtpHeader(lost)!
    const length = writeRtx(lost, header, { ssrc: rtx, payloadType: 103, sequenceNumber: 1 }, repair, 0)
    feed(receiver, [repair.subarray(0, length)])
    expect(framesOf(receiver), String(change)).toEqual(['1//0', '1//1', '1//2'])
  }
})

test('garbage is counted, not thrown', () => {
  const receiver = receiverOf(videoMedia)
  receiver.handleRtp(0, new Uint8Array(0))
  receiver.handleRtp(0, Uint8Array.of(0x80, 102, 0))
  receiver.handleRtcp(0, Uint8Array.of(0x80, 200, 0, 9))
  expect(receiver.counters).toMatchObject({ malformed: 2, unusedRtcp: 1 })
})

test('layers announced by SSRC are distinguished as layers by rid are; other SSRCs are ignored', () => {
  const remote = [
    { ssrc: 1000, rtxSsrc: 1001, layer: 'ssrc-1000' },
    { ssrc: 1002, layer: 'ssrc-1002' },
  ]
  const receiver = receiverOf({ ...videoMedia, remote })
  for (const ssrc of [1000, 1002, 1004]) feed(receiver, videoPackets(ssrc, 0, 1, { mid: '1' }))
  for (const ssrc of [1002, 1000]) feed(receiver, videoPackets(ssrc, 1, 2))
  expect(framesOf(receiver)).toEqual(['1/ssrc-1000/0', '1/ssrc-1002/0', '1/ssrc-1002/1', '1/ssrc-1000/1'])
  expect(receiver.counters.unknownSource).toBe(1)
})

test('the first announced of several tracks on one m-line (plan B) is taken, whenever the others come', () => {
  const receiver = receiverOf({ ...videoMedia, remote: [{ ssrc: 1000 }, { ssrc: 1002 }] })
  feed(receiver, videoPackets(1002, 0, 1, { mid: '1' }))
  feed(receiver, videoPackets(1000, 0, 1, { mid: '1' }))
  feed(receiver, videoPackets(1002, 1, 2, { mid: '1' }))
  feed(receiver, videoPackets(1000, 1, 2))
  expect(framesOf(receiver)).toEqual(['1//0', '1//1'])
})

test('an SSRC with an unnegotiated payload type replaces no track', () => {
  const receiver = receiverOf(videoMedia)
  feed(receiver, videoPackets(1000, 0, 1))
  feed(receiver, videoPackets(5, 0, 1, { mid: '1' }, 49))
  feed(receiver, videoPackets(1000, 1, 2))
  expect(framesOf(receiver)).toEqual(['1//0', '1//1'])
})
