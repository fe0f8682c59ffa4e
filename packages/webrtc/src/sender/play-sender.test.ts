import { pollAll } from '@crossroom/testkit'
import { expect, test } from 'vitest'
import { buildCompound, type RtcpPacket } from '../rtcp/compound.js'
import { ARRIVAL_TICK, REFERENCE_TIME_UNIT } from '../rtcp/transport-feedback.js'
import { compactNtp, compactNtpFromMicros, ntpFromMicros } from '../rtp/ntp.js'
import { PlaySender, type PlaySenderEvent, type PlaySenderOutput } from './play-sender.js'

const SECOND = 1_000_000
const VIDEO = 0x1111
const AUDIO = 0x2222
const WALL_OFFSET = 1_700_000_000 * SECOND

function makeSender({ canResend = true, bitrate = 1_000_000 } = {}) {
  const sender = new PlaySender({ wallClockOffset: WALL_OFFSET })
  const shared = { packetsPerSecond: () => 100, rtpTimestampAt: (now: number) => Math.floor(now * 0.09) >>> 0 }
  sender.addTrack(0, { ...shared, kind: 'video', ssrc: VIDEO, canResend, bitsPerSecond: () => bitrate })
  sender.addTrack(0, { ...shared, kind: 'audio', ssrc: AUDIO, canResend: false, bitsPerSecond: () => 0 })
  return sender
}

function give(sender: PlaySender, now: number, ...packets: RtcpPacket[]): void {
  sender.handleInput(now, buildCompound(packets))
}

/** Before anything is due. */
const EARLY = -1

function outputs(sender: PlaySender, now = EARLY): PlaySenderOutput[] {
  return pollAll(sender, now).outputs.map((output) =>
    output.kind === 'resend' ? { ...output, sequences: output.sequences.slice() } : output,
  )
}

function events(sender: PlaySender): PlaySenderEvent[] {
  return pollAll(sender, EARLY).events
}

const nack = (...sequenceNumbers: number[]): RtcpPacket => ({
  type: 'nack',
  senderSsrc: 9,
  mediaSsrc: VIDEO,
  sequenceNumbers,
})
/** Ten packets that came at once. */
function feedback(count: number, arrivedAt: number): RtcpPacket {
  const referenceTime = Math.floor(arrivedAt / REFERENCE_TIME_UNIT)
  const arrival = Math.round((arrivedAt - referenceTime * REFERENCE_TIME_UNIT) / ARRIVAL_TICK)
  return {
    type: 'transport-feedback',
    ...{ senderSsrc: 9, mediaSsrc: VIDEO, baseSequence: count * 10, feedbackCount: count & 0xff, referenceTime },
    arrivals: new Int32Array(10).fill(arrival),
  }
}
const pli = (mediaSsrc = VIDEO): RtcpPacket => ({ type: 'pli', senderSsrc: 9, mediaSsrc })

test('the pace begins at 8 Mbit/s, and at three times the stream above that', () => {
  expect(outputs(makeSender())).toEqual([{ kind: 'pacing', bitrate: 8_000_000 }])
  expect(outputs(makeSender({ bitrate: 4_000_000 }))).toEqual([{ kind: 'pacing', bitrate: 12_000_000 }])
})

test('two seconds of feedback without a limit, and a keyframe may leave as fast as the estimate allows', () => {
  const sender = makeSender()
  outputs(sender)
  for (let index = 0; index <= 20; index++) {
    const now = 100_000 * (index + 1)
    sender.recordSent(index * 10, 10, 10_000, now - 20_000)
    give(sender, now, feedback(index, now - 10_000))
    expect(outputs(sender)).toEqual(index < 20 ? [] : [{ kind: 'pacing', bitrate: 20_000_000 }])
  }
  sender.pathChanged()
  expect(outputs(sender)).toEqual([{ kind: 'pacing', bitrate: 8_000_000 }])
})

test('a NACK becomes one resend of its sequences; for a track that cannot resend it is passed over', () => {
  const sender = makeSender()
  outputs(sender)
  give(sender, 1000, nack(10, 11, 30))
  expect(outputs(sender)).toEqual([{ kind: 'resend', ssrc: VIDEO, sequences: Uint16Array.of(10, 11, 30) }])
  give(sender, 1000, { type: 'nack', senderSsrc: 9, mediaSsrc: AUDIO, sequenceNumbers: [1] })
  give(sender, 1000, { type: 'nack', senderSsrc: 9, mediaSsrc: 0x9999, sequenceNumbers: [1] })
  expect(outputs(sender)).toEqual([])
  const without = makeSender({ canResend: false })
  outputs(without)
  give(without, 0, nack(1))
  expect(outputs(without)).toEqual([])
})

test('W8: a packet is sent again at most six times, and not before a copy can have arrived', () => {
  const sender = makeSender()
  outputs(sender)
  for (let now = 0; now < SECOND; now += 1000) give(sender, now, nack(77))
  const resends = outputs(sender)
  expect(resends.length).toBe(6)
  expect(sender.stats().resends).toMatchObject({ requested: 1000, granted: 6 })
})

test('W8: a NACK for everything takes no more than 60 % of the packet rate', () => {
  const sender = makeSender()
  outputs(sender)
  const everything = Array.from({ length: 4000 }, (_, index) => index * 16)
  let granted = 0
  for (let now = 0; now < 10 * SECOND; now += 50_000) {
    give(sender, now, nack(...everything.map((sequence) => (sequence + now / 1000) & 0xffff)))
    for (const output of outputs(sender)) if (output.kind === 'resend') granted += output.sequences.length
  }
  // Two tracks of 100 packets/s: 120 at once from a full bucket, then 120 a second.
  expect(granted).toBeLessThanOrEqual(120 + 1200)
  expect(granted).toBeGreaterThan(1000)
})

test('30 % loss with lost retransmissions stays within the budget', () => {
  const sender = makeSender()
  outputs(sender)
  let granted = 0
  for (let packet = 0; packet < 1000; packet++) {
    // 43 resends per 100 packets: 30, 9 of them again, 3 of those again …
    const wanted = packet % 10 < 3 ? [packet] : packet % 100 < 13 ? [packet - 3] : []
    if (wanted.length > 0) give(sender, packet * 10_000, nack(...wanted))
    for (const output of outputs(sender)) if (output.kind === 'resend') granted += output.sequences.length
  }
  expect(sender.stats().resends.overBudget).toBe(0)
  expect(granted).toBeGreaterThan(300)
})

test('W8: a hundred PLIs a second want one keyframe in two seconds', () => {
  const sender = makeSender()
  for (let now = 0; now < 10 * SECOND; now += 10_000) give(sender, now, pli())
  expect(events(sender)).toEqual(Array(5).fill({ kind: 'keyframe-wanted', ssrc: VIDEO }))
  expect(sender.stats().keyframesWanted).toBe(1000)
})

test('a viewer that is heard again after a blackout is given a keyframe before it asks', () => {
  const sender = makeSender()
  for (let index = 0; index < 20; index++) give(sender, index * 100_000, feedback(index, index * 100_000))
  expect(events(sender)).toEqual([])
  give(sender, 7 * SECOND, feedback(20, 7 * SECOND))
  expect(events(sender)).toEqual([{ kind: 'keyframe-wanted', ssrc: VIDEO }])
  give(sender, 7.1 * SECOND, feedback(21, 7.1 * SECOND))
  expect(events(sender)).toEqual([])
})

test('FIR wants a keyframe too; a PLI for audio or a stranger does not', () => {
  const sender = makeSender()
  give(sender, 0, pli(AUDIO), pli(0x9999))
  expect(events(sender)).toEqual([])
  give(sender, 0, { type: 'fir', senderSsrc: 9, entries: [{ ssrc: VIDEO, sequenceNumber: 1 }] })
  expect(events(sender)).toEqual([{ kind: 'keyframe-wanted', ssrc: VIDEO }])
})

test('sender reports are for all tracks at one moment: at once, after 0.5 s, 1 s, then every 2 s', () => {
  const sender = makeSender()
  outputs(sender)
  const times: number[] = []
  for (let now = 0, next = 0; now <= 8 * SECOND; now = next) {
    const { outputs: reports, wakeAt } = pollAll(sender, now)
    next = wakeAt
    times.push(now)
    expect(reports.map((output) => output.kind === 'sender-report' && output.ssrc)).toEqual([VIDEO, AUDIO])
    expect(reports[0]).toMatchObject({ wallClock: now + WALL_OFFSET, rtpTimestamp: Math.floor(now * 0.09) })
  }
  expect(times).toEqual([0, 0.5 * SECOND, 1.5 * SECOND, 3.5 * SECOND, 5.5 * SECOND, 7.5 * SECOND])
})

test('without a live mapping there is no report, and it is asked for again', () => {
  const sender = new PlaySender({ wallClockOffset: 0 })
  const silent = { canResend: true, packetsPerSecond: () => 0, bitsPerSecond: () => 0, rtpTimestampAt: () => undefined }
  sender.addTrack(0, { ...silent, kind: 'video', ssrc: VIDEO })
  outputs(sender)
  expect(pollAll(sender, 0)).toMatchObject({ outputs: [], wakeAt: 100_000 })
})

test('the echo of a sender report gives the round trip, a made-up one does not', () => {
  const sender = makeSender()
  outputs(sender, 0)
  const lastSenderReport = compactNtp(ntpFromMicros(WALL_OFFSET))
  const block = { ssrc: VIDEO, fractionLost: 64, cumulativeLost: 5, highestSequence: 100, jitter: 0 }
  const delaySinceLastSenderReport = compactNtpFromMicros(200_000)
  give(sender, 250_000, {
    type: 'receiver-report',
    ssrc: 9,
    reports: [{ ...block, lastSenderReport: 12345, delaySinceLastSenderReport }],
  })
  expect(sender.stats().roundTrip).toBeUndefined()
  give(sender, 250_000, {
    type: 'receiver-report',
    ssrc: 9,
    reports: [{ ...block, lastSenderReport, delaySinceLastSenderReport }],
  })
  expect(sender.stats().roundTrip).toBeCloseTo(50_000, -2)
  expect(sender.stats().lossFraction).toBe(0.25)
})

test('REMB limits, pacing follows, and a new network begins anew', () => {
  const sender = makeSender()
  outputs(sender)
  give(sender, 0, { type: 'remb', senderSsrc: 9, bitrate: 600_000, ssrcs: [VIDEO] })
  const [pacing] = outputs(sender)
  expect(pacing).toEqual({ kind: 'pacing', bitrate: 1_500_000 })
  expect(sender.stats().isLimited).toBe(true)
  sender.pathChanged()
  expect(outputs(sender)).toEqual([{ kind: 'pacing', bitrate: 8_000_000 }])
  expect(sender.stats().isLimited).toBe(false)
})

test('garbage is counted, a goodbye is told', () => {
  const sender = makeSender()
  sender.handleInput(0, Uint8Array.of(1, 2, 3))
  expect(sender.stats().malformed).toBe(1)
  give(sender, 0, { type: 'receiver-report', ssrc: 9, reports: [] }, { type: 'bye', ssrcs: [9] })
  expect(events(sender)).toEqual([{ kind: 'bye' }])
})

test('a viewer that cannot follow gets whole frames up to a point and then from the next keyframe on', () => {
  const sender = makeSender()
  give(sender, 0, { type: 'remb', senderSsrc: 9, bitrate: 500_000, ssrcs: [VIDEO] })
  let isChained = true
  let sentBits = 0
  let openings = 0
  for (let index = 0; index < 30 * 60; index++) {
    const keyframe = index % 60 === 0
    const bytes = keyframe ? 16_000 : 3_900
    const isSent = sender.admitFrame(index * 33_333, VIDEO, { keyframe, droppable: false }, bytes)
    // A frame is sent only when everything since its keyframe was.
    if (isSent) expect(keyframe || isChained).toBe(true)
    if (isSent && keyframe && !isChained) openings++
    isChained = isSent
    if (isSent) sentBits += bytes * 8
  }
  expect(openings).toBeGreaterThan(10)
  // Over a minute no more than the path carries, plus the backlog it may have.
  expect(sentBits).toBeLessThan(500_000 * 60 + 0.7 * 500_000 + 130_000)
  expect(sentBits).toBeGreaterThan(0.5 * 500_000 * 60)
})

test('an unlimited viewer gets every frame; a starved one waits for the keyframe', () => {
  const sender = makeSender()
  for (let index = 0; index < 100; index++) {
    expect(sender.admitFrame(index, VIDEO, { keyframe: index === 0, droppable: false }, 1e6)).toBe(true)
  }
  sender.starved(VIDEO)
  expect(sender.admitFrame(100, VIDEO, { keyframe: false, droppable: false }, 1000)).toBe(false)
  expect(sender.admitFrame(101, VIDEO, { keyframe: true, droppable: false }, 1000)).toBe(true)
  expect(sender.admitFrame(102, VIDEO, { keyframe: false, droppable: false }, 1000)).toBe(true)
  expect(sender.stats().framesDropped).toBe(1)
})

test('a video that only lacks a keyframe says so once a second, and not while the path is overfull', () => {
  const sender = makeSender()
  const delta = { keyframe: false, droppable: false }
  expect(sender.lacksKeyframe(0, VIDEO)).toBe(false)
  sender.starved(VIDEO)
  const asked: number[] = []
  for (let now = 0; now < 2_500_000; now += 100_000) {
    expect(sender.admitFrame(now, VIDEO, delta, 1000)).toBe(false)
    if (sender.lacksKeyframe(now, VIDEO)) asked.push(now)
  }
  expect(asked).toEqual([0, 1_000_000, 2_000_000])
  expect(sender.admitFrame(2_600_000, VIDEO, { keyframe: true, droppable: false }, 1000)).toBe(true)
  expect(sender.lacksKeyframe(4_000_000, VIDEO)).toBe(false)
  // 700 ms of backlog close it; a keyframe would only add to that.
  give(sender, 4_000_000, { type: 'remb', senderSsrc: 9, bitrate: 1_000_000, ssrcs: [VIDEO] })
  sender.admitFrame(4_000_000, VIDEO, delta, 87_500)
  expect(sender.admitFrame(4_000_001, VIDEO, delta, 1000)).toBe(false)
  expect(sender.lacksKeyframe(4_000_001, VIDEO)).toBe(false)
})

test('frames that nothing refers to go first', () => {
  const sender = makeSender()
  give(sender, 0, { type: 'remb', senderSsrc: 9, bitrate: 1_000_000, ssrcs: [VIDEO] })
  // 400 ms of backlog.
  expect(sender.admitFrame(0, VIDEO, { keyframe: true, droppable: false }, 50_000)).toBe(true)
  expect(sender.admitFrame(1, VIDEO, { keyframe: false, droppable: true }, 1000)).toBe(false)
  expect(sender.admitFrame(2, VIDEO, { keyframe: false, droppable: false }, 1000)).toBe(true)
})

test('the burst that starts a viewer earns the budget for its own repair', () => {
  const sender = makeSender()
  outputs(sender)
  // 400 packets leave within 300 ms, and 30 % of them are lost.
  for (let index = 0; index < 100; index++) sender.recordSent(index * 4, 4, 4800, index * 3000)
  const lost = Array.from({ length: 120 }, (_, index) => Math.floor((index * 10) / 3))
  give(sender, 320_000, nack(...lost))
  expect(sender.stats().resends).toMatchObject({ granted: 120, overBudget: 0 })
})

test('retransmissions do not earn retransmissions', () => {
  const sender = makeSender()
  outputs(sender)
  let granted = 0
  for (let round = 0; round < 200; round++) {
    const now = round * 50_000
    sender.recordSent(round * 5, 5, 6000, now)
    give(sender, now, nack(...Array.from({ length: 200 }, (_, index) => (round * 300 + index) & 0xffff)))
    for (const output of outputs(sender)) {
      if (output.kind !== 'resend') continue
      granted += output.sequences.length
      sender.recordSent(0, output.sequences.length, 1200, now)
    }
  }
  // 120 at once, then 10 s of what 100 sent packets/s earn.
  expect(granted).toBeLessThanOrEqual(120 + 600)
  expect(granted).toBeGreaterThan(500)
})

test('redundant sound is wanted at the first report of loss, and until there was none for ten seconds', () => {
  const sender = makeSender()
  const report = (now: number, fractionLost: number) => {
    const block = { ssrc: AUDIO, cumulativeLost: 0, highestSequence: 1, jitter: 0, lastSenderReport: 0 }
    const reports = [{ ...block, fractionLost, delaySinceLastSenderReport: 0 }]
    give(sender, now, { type: 'receiver-report', ssrc: 9, reports })
  }
  report(0, 2)
  expect(events(sender)).toEqual([])
  report(1 * SECOND, 13)
  expect(events(sender)).toEqual([{ kind: 'redundancy', isWanted: true }])
  report(5 * SECOND, 13)
  for (let second = 6; second < 15; second++) report(second * SECOND, 0)
  expect(events(sender)).toEqual([])
  report(15 * SECOND, 0)
  expect(events(sender)).toEqual([{ kind: 'redundancy', isWanted: false }])
})

const SECOND_VIDEO = 0x3333

function addVideo(sender: PlaySender, now: number, ssrc: number): void {
  const rates = { packetsPerSecond: () => 100, bitsPerSecond: () => 1_000_000 }
  sender.addTrack(now, { ...rates, kind: 'video', ssrc, canResend: true, rtpTimestampAt: () => 90 })
}

test('a track that comes later is reported at once, repaired and gated like the others; a removed one is not', () => {
  const sender = makeSender()
  outputs(sender, 0)
  addVideo(sender, 100_000, SECOND_VIDEO)
  expect(pollAll(sender, EARLY).wakeAt).toBe(100_000)
  expect(outputs(sender, 100_000)).toMatchObject([{ kind: 'sender-report', ssrc: SECOND_VIDEO }])
  give(
    sender,
    110_000,
    { type: 'nack', senderSsrc: 9, mediaSsrc: SECOND_VIDEO, sequenceNumbers: [5] },
    pli(SECOND_VIDEO),
  )
  const said = pollAll(sender, EARLY)
  expect(said.outputs).toMatchObject([{ kind: 'resend', ssrc: SECOND_VIDEO }])
  expect(said.events).toEqual([{ kind: 'keyframe-wanted', ssrc: SECOND_VIDEO }])
  sender.removeTrack(SECOND_VIDEO)
  give(sender, 5 * SECOND, { type: 'nack', senderSsrc: 9, mediaSsrc: SECOND_VIDEO, sequenceNumbers: [6] })
  expect(outputs(sender)).toEqual([])
  expect(sender.admitFrame(5 * SECOND, SECOND_VIDEO, { keyframe: true, droppable: false }, 1)).toBe(false)
})

test('a stream without tracks waits for nothing', () => {
  const sender = new PlaySender({ wallClockOffset: 0 })
  expect(pollAll(sender, SECOND)).toMatchObject({ outputs: [], wakeAt: Infinity })
})

test('reports of tracks that came at different times soon leave together', () => {
  const sender = makeSender()
  for (let index = 0; index < 8; index++) addVideo(sender, index * 200_000, SECOND_VIDEO + index)
  let last: number[] = []
  for (let now = 0, next = 0; now <= 20 * SECOND; now = next) {
    const polled = pollAll(sender, now)
    next = polled.wakeAt
    last = polled.outputs.map((output) => (output.kind === 'sender-report' ? output.ssrc : 0))
  }
  expect(last.length).toBeGreaterThan(1)
})

test('the video that matters least stops first, and one that has room keeps going', () => {
  const sender = makeSender()
  addVideo(sender, 0, SECOND_VIDEO)
  sender.setRank(SECOND_VIDEO, 2)
  give(sender, 0, { type: 'remb', senderSsrc: 9, bitrate: 1_300_000, ssrcs: [VIDEO] })
  const sent = { [VIDEO]: 0, [SECOND_VIDEO]: 0 }
  for (let index = 0; index < 30 * 60; index++) {
    const frame = { keyframe: index % 60 === 0, droppable: false }
    // A megabit each.
    for (const ssrc of [VIDEO, SECOND_VIDEO] as const)
      if (sender.admitFrame(index * 33_333, ssrc, frame, 4_100)) sent[ssrc]++
  }
  expect(sent[VIDEO]).toBeGreaterThan(0.8 * 30 * 60)
  expect(sent[SECOND_VIDEO]).toBeLessThan(0.5 * 30 * 60)
})
