import { SENT_ROW } from '@crossroom/webrtc'
import type { Egress, EgressEvent, SourceId, SrtpProfile, UdpPort } from '@crossroom/webrtc'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { VIDEO_TRACK, addDestination, frameOf, payloadsOf } from './egress-loopback.fake.js'
import { NativeEngine } from './engine.js'

const GCM: SrtpProfile = 'SRTP_AEAD_AES_128_GCM'
const SHA1: SrtpProfile = 'SRTP_AES128_CM_SHA1_80'
const hex = (bytes: Uint8Array | undefined): string => Buffer.from(bytes ?? []).toString('hex')

let engine: NativeEngine
let port: UdpPort
let egress: Egress
let source: SourceId

beforeEach(() => {
  engine = new NativeEngine()
  port = engine.udp.open({ host: '127.0.0.1', port: 0 })
  egress = engine.createEgress(port, { cname: 'crossroom' })
  source = egress.addSource({ kind: 'video' })
})
afterEach(() => engine.close())

/** The next event, when it comes. */
function nextEvent(): Promise<EgressEvent> {
  return new Promise((resolve) => {
    const look = (): void => {
      const event = egress.pollEvent()
      if (event) resolve(event)
    }
    egress.onReady(look)
    look()
  })
}

/** Every row of pollSent until `packets` are told. */
async function sentRows(packets: number): Promise<number[][]> {
  const out: number[][] = []
  const rows = new Float64Array(SENT_ROW.size * 100)
  for (let told = 0; told < packets;) {
    const count = egress.pollSent(rows)
    for (let i = 0; i < count; i++) {
      const row = [...rows.subarray(i * SENT_ROW.size, (i + 1) * SENT_ROW.size)]
      told += row[SENT_ROW.count]!
      out.push(row)
    }
    if (count === 0) await new Promise((resolve) => setImmediate(resolve))
  }
  return out
}

/** Ways in which sending on a track stops and starts under the keys of one destination; each answers the track to go on with. */
const STOPS: Record<string, (destination: number, track: number) => number> = {
  'the track is removed and added again, as for an m-line that is answered inactive and then recvonly': (
    destination,
    track,
  ) => {
    egress.removeTrack(track)
    return egress.addTrack(destination, VIDEO_TRACK)
  },
  'it is added again twice in a row': (destination, track) => {
    egress.removeTrack(track)
    egress.removeTrack(egress.addTrack(destination, { ...VIDEO_TRACK, firstSequence: 7 }))
    return egress.addTrack(destination, { ...VIDEO_TRACK, firstSequence: 7 })
  },
  'it is added while it is there': (destination, track) => {
    egress.addTrack(destination, VIDEO_TRACK)
    return track
  },
  'its retransmissions become the stream of another track': (destination, track) => {
    egress.removeTrack(track)
    const { rtx } = VIDEO_TRACK
    const swapped = { ssrc: rtx!.ssrc, payloadType: rtx!.payloadType, rtx: { ...rtx!, ssrc: VIDEO_TRACK.ssrc } }
    return egress.addTrack(destination, { ...VIDEO_TRACK, ...swapped })
  },
  'the destination has no address for a while': (destination, track) => {
    const address = port.addressOf('127.0.0.1', receiverPort)!
    egress.updateDestination(destination, { route: { kind: 'none' } })
    egress.updateDestination(destination, { route: { kind: 'udp', address } })
    return track
  },
  'another source takes over': (_destination, track) => {
    source = egress.addSource({ kind: 'video' })
    return track
  },
}
let receiverPort = 0

test.each(Object.keys(STOPS))('no number is used twice under a key when %s', async (name) => {
  for (const profile of [GCM, SHA1] as const) {
    const { id, receiver } = addDestination(engine, egress, port, profile, profile === GCM ? 1 : 2)
    receiverPort = receiver.port.port
    const before = egress.addTrack(id, VIDEO_TRACK)
    egress.frame(source, frameOf(5), Uint32Array.of(before))
    egress.resend(before, Uint16Array.of(1000, 1001, 1002))
    await receiver.until(() => receiver.rtp.length === 8)
    const after = STOPS[name]!(id, before)
    egress.frame(source, frameOf(5), Uint32Array.of(after))
    const swapped = name.includes('another track')
    const next = swapped ? 503 : 1005
    egress.resend(after, Uint16Array.of(next, next + 1))
    await receiver.until(() => receiver.rtp.length === 15)
    const numbers = receiver.rtp.map(({ ssrc, sequence }) => `${String(ssrc)} ${String(sequence)}`)
    expect(new Set(numbers).size).toBe(15)
    expect(receiver.failures).toBe(0)
  }
})

describe.each([
  [GCM, true],
  [GCM, false],
  [SHA1, true],
  [SHA1, false],
] as const)('%s, segmentation offload %s', (profile, segmentationOffload) => {
  test('one frame reaches ten destinations whole, each with its own numbers and keys', async () => {
    egress.close()
    egress = engine.createEgress(port, { cname: 'crossroom', segmentationOffload })
    source = egress.addSource({ kind: 'video' })
    const destinations = Array.from({ length: 10 }, (_, i) => addDestination(engine, egress, port, profile, i))
    const tracks = destinations.map(({ id }, i) =>
      egress.addTrack(id, {
        ...VIDEO_TRACK,
        ssrc: 100 + i,
        firstSequence: 30_000 + i,
        timestampOffset: 0xffff_ff00 + i,
      }),
    )
    const frames = [
      frameOf(40),
      frameOf(3, { rtpTimestamp: 93_000, keyframe: false }),
      frameOf(1, { rtpTimestamp: 96_000 }),
    ]
    for (const frame of frames) expect(egress.frame(source, frame, Uint32Array.from(tracks))).toBeDefined()
    await Promise.all(destinations.map(({ receiver }) => receiver.until(() => receiver.rtp.length === 44)))
    for (const [i, { receiver }] of destinations.entries()) {
      expect(receiver.failures).toBe(0)
      const packets = receiver.rtp.sort((a, b) => a.sequence - b.sequence)
      expect(packets.map((packet) => packet.sequence)).toEqual(Array.from({ length: 44 }, (_, n) => 30_000 + i + n))
      expect(packets.map((packet) => hex(packet.payload))).toEqual(frames.flatMap(payloadsOf).map(hex))
      expect(packets.every((packet) => packet.ssrc === 100 + i && packet.payloadType === 102)).toBe(true)
      expect(packets.map((packet) => packet.marker)).toEqual(packets.map((_, n) => n === 39 || n === 42 || n === 43))
      expect(packets[0]!.timestamp).toBe((90_000 + 0xffff_ff00 + i) % 2 ** 32)
    }
    expect(egress.counters().packets).toBe(440)
    expect(egress.counters().segmentationOffload).toBe(segmentationOffload)
    if (segmentationOffload) expect(egress.counters().sendCalls).toBeLessThan(44)
  })
})

test('header extensions say what the frame says', async () => {
  const { id, receiver } = addDestination(engine, egress, port, GCM, 1)
  const track = egress.addTrack(id, { ...VIDEO_TRACK, playoutDelay: { min: 0, max: 40 } })
  const captured = Date.UTC(2026, 0, 1) * 1000 + 500_000
  egress.frame(source, frameOf(2, { orientation: 90, captureWallClock: captured }), Uint32Array.of(track))
  egress.updateTrack(track, { playoutDelay: null, timestampOffset: 7, payloadType: 120 })
  egress.frame(source, frameOf(1, { keyframe: false }), Uint32Array.of(track))
  await receiver.until(() => receiver.rtp.length === 3)
  const [first, second, third] = receiver.rtp.map((packet) => packet.extensions)
  expect(hex(first!.get(1))).toBe(hex(Buffer.from('v0')))
  expect([hex(first!.get(3)), hex(second!.get(3)), hex(third!.get(3))]).toEqual(['0000', '0001', '0002'])
  expect(hex(first!.get(4))).toBe('000028')
  // NTP of 2026-01-01T00:00:00.5Z: seconds since 1900, then half of 2^32.
  expect(hex(first!.get(5))).toBe((captured / 1e6 - 0.5 + 2_208_988_800).toString(16) + '80000000')
  expect(hex(first!.get(6))).toBe('01')
  expect([...third!.keys()].sort()).toEqual([1, 2, 3])
  expect(receiver.rtp[2]).toMatchObject({ timestamp: 90_007, payloadType: 120 })
  const absSendTime = (first!.get(2)![0]! << 16) | (first!.get(2)![1]! << 8) | first!.get(2)![2]!
  const arrived = (Math.floor(receiver.rtp[0]!.arrivedAt / 15.625) * 4096) / 1000
  expect((Math.floor(arrived) - absSendTime + 2 ** 24) % 2 ** 24).toBeLessThan(2 ** 18)
})

test('audio frames carry their level and mark talk spurts only', async () => {
  const { id, receiver } = addDestination(engine, egress, port, GCM, 1)
  const audio = egress.addSource({ kind: 'audio' })
  const track = egress.addTrack(id, { kind: 'audio', ssrc: 9, payloadType: 111, extensions: { audioLevel: 10 } })
  const frame = { ...frameOf(1), keyframe: true, marker: false }
  egress.frame(audio, { ...frame, audioLevel: 33 }, Uint32Array.of(track))
  egress.frame(audio, { ...frame, marker: true }, Uint32Array.of(track))
  await receiver.until(() => receiver.rtp.length === 2)
  expect(receiver.rtp.map((packet) => [packet.marker, hex(packet.extensions.get(10))])).toEqual([
    [false, '21'],
    [true, ''],
  ])
  expect(receiver.rtp[0]!.sequence).toBeLessThan(2 ** 15)
})

test('sent packets are reported with consecutive transport-wide numbers over tracks and retransmissions', async () => {
  const { id, receiver } = addDestination(engine, egress, port, GCM, 1)
  const track = egress.addTrack(id, VIDEO_TRACK)
  const audio = egress.addTrack(id, { ...VIDEO_TRACK, kind: 'audio', ssrc: 5, rtx: { ssrc: 6, payloadType: 103 } })
  egress.frame(source, frameOf(5), Uint32Array.of(track, audio))
  await receiver.until(() => receiver.rtp.length === 10)
  egress.resend(track, Uint16Array.of(1002))
  const rows = await sentRows(11)
  await receiver.until(() => receiver.rtp.length === 11)
  let expected = 0
  for (const row of rows) {
    expect(row[SENT_ROW.destination]).toBe(id)
    expect(row[SENT_ROW.firstTransportSequence]).toBe(expected)
    expected += row[SENT_ROW.count]!
  }
  const bytes = receiver.rtp.reduce((sum, packet) => sum + packet.wire.length, 0)
  expect(rows.reduce((sum, row) => sum + row[SENT_ROW.bytes]!, 0)).toBe(bytes)
  expect(Math.abs(rows[0]![SENT_ROW.sentAt]! - receiver.rtp[0]!.arrivedAt)).toBeLessThan(100_000)
})

describe('retransmission', () => {
  test('goes by RTX with its own numbers, the original number first', async () => {
    const { id, receiver } = addDestination(engine, egress, port, GCM, 1)
    const track = egress.addTrack(id, VIDEO_TRACK)
    const frame = frameOf(20)
    egress.frame(source, frame, Uint32Array.of(track))
    await receiver.until(() => receiver.rtp.length === 20)
    egress.resend(track, Uint16Array.of(1003, 1019, 999, 1020))
    await receiver.until(() => receiver.rtp.length === 22)
    const [a, b] = receiver.rtp.slice(20)
    expect(a).toMatchObject({ ssrc: 0x33334444, payloadType: 103, sequence: 500, timestamp: 90_000, marker: false })
    expect(b).toMatchObject({ sequence: 501, marker: true })
    expect(hex(a!.payload)).toBe('03eb' + hex(payloadsOf(frame)[3]))
    expect(hex(b!.payload)).toBe('03fb' + hex(payloadsOf(frame)[19]))
    expect([...a!.extensions.keys()].sort()).toEqual([1, 2, 3])
    expect(egress.destinationCounters(id)).toMatchObject({ retransmitted: 2, notResent: 2 })
  })

  test('after a change of codec an older packet goes again under the payload type of its own codec', async () => {
    const { id, receiver } = addDestination(engine, egress, port, GCM, 1)
    const track = egress.addTrack(id, VIDEO_TRACK)
    egress.frame(source, frameOf(1), Uint32Array.of(track))
    egress.updateTrack(track, { payloadType: 96, rtxPayloadType: 97 })
    egress.frame(source, frameOf(1), Uint32Array.of(track))
    egress.resend(track, Uint16Array.of(1000, 1001))
    await receiver.until(() => receiver.rtp.length === 4)
    expect(receiver.rtp.map(({ payloadType }) => payloadType)).toEqual([102, 96, 103, 97])
  })

  test('a retransmission with SHA1_80 and without RTX is the same packet, byte for byte', async () => {
    const { id, receiver } = addDestination(engine, egress, port, SHA1, 1)
    const { rtx: _, ...withoutRtx } = VIDEO_TRACK
    const track = egress.addTrack(id, { ...withoutRtx, playoutDelay: { min: 1, max: 2 } })
    egress.frame(source, frameOf(20, { orientation: 180, captureWallClock: 1e15 }), Uint32Array.of(track))
    await receiver.until(() => receiver.rtp.length === 20)
    egress.updateTrack(track, { timestampOffset: 99, payloadType: 99, playoutDelay: null })
    const again: Uint8Array[] = []
    receiver.take = (wire): void => void again.push(wire)
    egress.resend(track, Uint16Array.of(1000, 1010, 1019))
    await receiver.until(() => again.length === 3)
    for (const [i, index] of [0, 10, 19].entries()) expect(hex(again[i])).toBe(hex(receiver.rtp[index]!.wire))
  })

  test('a retransmission with GCM needs RTX: no nonce is used twice', async () => {
    const { id, receiver } = addDestination(engine, egress, port, GCM, 1)
    const { rtx: _, ...withoutRtx } = VIDEO_TRACK
    const track = egress.addTrack(id, withoutRtx)
    egress.frame(source, frameOf(3), Uint32Array.of(track))
    egress.resend(track, Uint16Array.of(1000, 1001, 1002))
    egress.frame(source, frameOf(1), Uint32Array.of(track))
    await receiver.until(() => receiver.rtp.length === 4)
    expect(receiver.failures).toBe(0)
    expect(egress.destinationCounters(id)).toMatchObject({ retransmitted: 0, notResent: 3 })
  })

  test('reaches back through many frames and keyframes in chunks', async () => {
    const { id, receiver } = addDestination(engine, egress, port, GCM, 1)
    const track = egress.addTrack(id, { ...VIDEO_TRACK, firstSequence: 32_700 })
    const frames = Array.from({ length: 60 }, (_, i) => frameOf(1 + ((i * 13) % 40), { rtpTimestamp: i * 3000 }))
    const all = frames.flatMap(payloadsOf)
    let sent = 0
    for (const frame of frames) {
      egress.frame(source, frame, Uint32Array.of(track))
      sent += frame.packetCount
      await receiver.until(() => receiver.rtp.length >= sent)
    }
    const wanted = [sent - 1, sent - 2, sent - 100, sent - 500]
    egress.resend(
      track,
      Uint16Array.from(wanted, (n) => 32_700 + n),
    )
    await receiver.until(() => receiver.rtp.length === sent + wanted.length)
    expect(receiver.rtp.slice(sent).map((packet) => hex(packet.payload.slice(2)))).toEqual(
      wanted.map((n) => hex(all[n])),
    )
  })
})

test('a replay sends the history first, with its own time stamps, and says when it is through', async () => {
  const { id, receiver } = addDestination(engine, egress, port, GCM, 1)
  const gop = Array.from({ length: 10 }, (_, i) => frameOf(4, { rtpTimestamp: i * 3000, keyframe: i === 0 }))
  const numbers = gop.map((frame) => egress.frame(source, frame, new Uint32Array()))
  expect(numbers).toEqual(gop.map((_, i) => i))
  const track = egress.addTrack(id, VIDEO_TRACK)
  const squeezed = gop.map((_, i) => 26_991 + i)
  egress.replay(track, source, 0, Uint32Array.from(squeezed))
  egress.frame(source, frameOf(2, { rtpTimestamp: 30_000, keyframe: false }), Uint32Array.of(track))
  expect(await nextEvent()).toEqual({ kind: 'replayed', destination: id, track })
  await receiver.until(() => receiver.rtp.length === 42)
  const stamps = receiver.rtp.map((packet) => packet.timestamp)
  expect(stamps).toEqual([...squeezed.flatMap((stamp) => [stamp, stamp, stamp, stamp]), 30_000, 30_000])
})

test('a replay of what is no longer there ends at once', async () => {
  const { id } = addDestination(engine, egress, port, GCM, 1)
  const track = egress.addTrack(id, VIDEO_TRACK)
  egress.replay(track, source, 1000, Uint32Array.of(1, 2, 3))
  expect(await nextEvent()).toEqual({ kind: 'replayed', destination: id, track })
})

test('pacing spreads a keyframe over the time its rate takes', async () => {
  const { id, receiver } = addDestination(engine, egress, port, GCM, 1)
  egress.updateDestination(id, { pacingRate: 20_000_000 })
  const track = egress.addTrack(id, VIDEO_TRACK)
  egress.frame(source, frameOf(100), Uint32Array.of(track)) // 99.5 kB: 40 ms, far from the 250 that empty a queue
  await receiver.until(() => receiver.rtp.length === 100)
  const took = receiver.rtp[99]!.arrivedAt - receiver.rtp[0]!.arrivedAt
  expect(took).toBeGreaterThan(28_000)
  expect(receiver.rtp.map((packet) => packet.sequence)).toEqual(Array.from({ length: 100 }, (_, i) => 1000 + i))
})

test('a queue older than 250 ms is emptied, and the track goes on at the next keyframe', async () => {
  const { id, receiver } = addDestination(engine, egress, port, GCM, 1)
  egress.updateDestination(id, { pacingRate: 400_000 })
  const track = egress.addTrack(id, VIDEO_TRACK)
  const events: EgressEvent[] = []
  let stamp = 0
  const send = (packets: number, keyframe: boolean): void => {
    egress.frame(source, frameOf(packets, { rtpTimestamp: (stamp += 3000), keyframe }), Uint32Array.of(track))
  }
  send(60, true)
  send(2, false)
  events.push(await nextEvent())
  expect(events).toMatchObject([{ kind: 'starved', destination: id, track }])
  const lost = stamp
  send(2, false)
  egress.updateDestination(id, { pacingRate: 0 })
  send(3, true)
  expect(await nextEvent()).toEqual({ kind: 'resumed', destination: id, track })
  await receiver.until(() => receiver.rtp.some((packet) => packet.timestamp === stamp && packet.marker))
  expect(receiver.rtp.some((packet) => packet.timestamp === lost + 3000)).toBe(false)
  const sequences = receiver.rtp.map((packet) => packet.sequence)
  expect(sequences).toEqual(sequences.map((_, i) => 1000 + i)) // what was dropped took no numbers
  expect(egress.destinationCounters(id)!.framesDropped).toBeGreaterThanOrEqual(2)
})

test('queued frames keep their own time and codec when the track changes', async () => {
  const { id, receiver } = addDestination(engine, egress, port, GCM, 1)
  egress.updateDestination(id, { pacingRate: 8_000_000 })
  const track = egress.addTrack(id, VIDEO_TRACK)
  egress.frame(source, frameOf(20, { rtpTimestamp: 3000 }), Uint32Array.of(track))
  egress.updateTrack(track, { timestampOffset: 500, payloadType: 96, rtxPayloadType: 97 })
  egress.frame(source, frameOf(2, { rtpTimestamp: 6000 }), Uint32Array.of(track))
  await receiver.until(() => receiver.rtp.length === 22)
  expect(receiver.rtp[19]).toMatchObject({ timestamp: 3000, payloadType: 102 })
  expect(receiver.rtp[20]).toMatchObject({ timestamp: 6500, payloadType: 96 })
})

test('sound does not wait behind pictures', async () => {
  const { id, receiver } = addDestination(engine, egress, port, GCM, 1)
  egress.updateDestination(id, { pacingRate: 4_000_000 })
  const audio = egress.addSource({ kind: 'audio' })
  const video = egress.addTrack(id, VIDEO_TRACK)
  const sound = egress.addTrack(id, { kind: 'audio', ssrc: 9, payloadType: 111 })
  egress.frame(source, frameOf(60), Uint32Array.of(video))
  egress.frame(audio, frameOf(1), Uint32Array.of(sound))
  await receiver.until(() => receiver.rtp.some((packet) => packet.ssrc === 9))
  expect(receiver.rtp.findIndex((packet) => packet.ssrc === 9)).toBeLessThan(30)
})

test('a sender report tells the counts of the egress, and carries the CNAME', async () => {
  const { id, receiver } = addDestination(engine, egress, port, GCM, 1)
  const track = egress.addTrack(id, { ...VIDEO_TRACK, timestampOffset: 10 })
  egress.frame(source, frameOf(3), Uint32Array.of(track))
  egress.senderReport(track, 1_000_000, 5000)
  egress.rtcp(id, Uint8Array.of(0x81, 206, 0, 2, 0, 0, 0, 1, 0, 0, 0, 2))
  await receiver.until(() => receiver.rtcp.length === 2)
  expect(hex(receiver.rtcp[0])).toBe(
    '80c80006' +
      '11112222' +
      '83aa7e81' +
      '00000000' +
      '00001392' +
      '00000003' +
      '000009c4' +
      '81ca0004' +
      '11112222' +
      '0109' +
      hex(Buffer.from('crossroom')) +
      '00',
  )
  expect(hex(receiver.rtcp[1])).toBe('81ce00020000000100000002')
})
