import { expect, test } from 'vitest'
import { audioMedia, audioMediaWithNack, numberOf, SimulatedPublisher, videoMedia } from './publisher.fake.js'

const SECOND = 1_000_000
/** Of packages/server/src/transcode/conversion.ts. */
const SILENT_AFTER = 240_000

test('on a clean link every frame comes out at once, in order, with rising times', () => {
  const publisher = new SimulatedPublisher({ up: { seed: 1, delay: 25_000 } })
  publisher.run(10 * SECOND)
  const video = publisher.frames('video')
  const audio = publisher.frames('audio')
  expect(video.map(({ frame }) => numberOf(frame.units[0]!))).toEqual(video.map((_, index) => index))
  expect(audio.map(({ frame }) => numberOf(frame.units[0]!))).toEqual(audio.map((_, index) => index))
  expect(video.length).toBeGreaterThanOrEqual(publisher.videoFrames - 1)
  expect(video[0]!.at).toBe(25_000)
  for (const frames of [video, audio]) {
    for (let index = 1; index < frames.length; index++) {
      expect(frames[index]!.frame.pts).toBeGreaterThan(frames[index - 1]!.frame.pts)
    }
  }
  expect(video[0]!.frame).toMatchObject({ keyframe: true, config: { codec: 'h264', width: 320, height: 180 } })
  expect(new Set(video.map(({ frame }) => frame.config)).size).toBe(1)
  expect(publisher.rtcp.filter(({ packet }) => packet.type === 'nack' || packet.type === 'pli')).toEqual([])
})

const impairments = [
  { name: 'uniform', of: (loss: number) => ({ loss }) },
  { name: 'bursty', of: (loss: number) => ({ burstLoss: { enter: (loss * 0.3) / (1 - loss), leave: 0.3 } }) },
]

test.each([
  { loss: 0.01, video: 0.999, audio: 0.995 },
  { loss: 0.05, video: 0.995, audio: 0.99 },
  { loss: 0.1, video: 0.98, audio: 0.98 },
  { loss: 0.3, video: 0.85, audio: 0.95 },
])('F6: $loss loss both ways at 50 ms round trip: video ≥ $video, audio ≥ $audio', ({ loss, video, audio }) => {
  for (const impairment of impairments) {
    let [videoSent, videoReceived, audioSent, audioReceived] = [0, 0, 0, 0]
    for (const seed of [1, 2, 3]) {
      const publisher = new SimulatedPublisher({
        up: { seed, delay: 25_000, jitter: 5000, ...impairment.of(loss) },
        down: { seed: seed + 50, delay: 25_000, ...impairment.of(loss) },
        useRed: true,
        seed,
        receiver: { media: [audioMediaWithNack, videoMedia] },
      })
      publisher.run(12 * SECOND)
      const numbers = publisher.frames('video').map(({ frame }) => numberOf(frame.units.at(-1)!))
      expect(numbers.every((number, index) => index === 0 || number > numbers[index - 1]!)).toBe(true)
      videoSent += publisher.videoFrames
      videoReceived += numbers.length
      audioSent += publisher.audioFrames
      audioReceived += publisher.frames('audio').length
    }
    expect(videoReceived / videoSent).toBeGreaterThanOrEqual(video)
    expect(audioReceived / audioSent).toBeGreaterThanOrEqual(audio)
  }
})

test.each([
  { loss: 0.1, share: 0.99 },
  { loss: 0.3, share: 0.94 },
])(
  'sound asked for again comes before its conversion goes on with silence: ≥ $share of it at $loss loss in bursts',
  ({ loss, share }) => {
    let [sent, inTime] = [0, 0]
    for (const seed of [1, 2, 3]) {
      const publisher = new SimulatedPublisher({
        up: { seed, delay: 25_000, jitter: 5000, ...impairments[1]!.of(loss) },
        down: { seed: seed + 50, delay: 25_000 },
        useRed: true,
        hasVideo: false,
        receiver: { media: [audioMediaWithNack] },
      })
      publisher.run(20 * SECOND)
      sent += publisher.audioFrames
      let last: { readonly at: number; readonly end: number } | undefined
      for (const { at, frame } of publisher.frames('audio')) {
        const silentUntil = last === undefined ? -Infinity : last.end + Math.max(0, at - last.at - SILENT_AFTER)
        if (frame.pts > silentUntil) inTime++
        last = { at, end: Math.max(frame.pts, silentUntil) }
      }
    }
    expect(inTime / sent).toBeGreaterThanOrEqual(share)
  },
)

test('a packet of sound that does not come back is waited for 100 ms', () => {
  const publisher = new SimulatedPublisher({
    up: { seed: 3, delay: 50_000, loss: 0.05 },
    // Nothing that is asked for arrives.
    down: { seed: 4, loss: 1 },
    hasVideo: false,
    receiver: { media: [audioMediaWithNack] },
  })
  publisher.run(10 * SECOND)
  const frames = publisher.frames('audio')
  const lost = publisher.audioFrames - frames.length
  expect(lost).toBeGreaterThan(10)
  const delays = frames.map(({ at, frame }) => at - numberOf(frame.units[0]!) * 20_000)
  expect(Math.max(...delays)).toBeLessThanOrEqual(50_000 + 100_000 + 1000)
  expect(Math.max(...delays)).toBeGreaterThan(100_000)
})

test('F6: duplicated and reordered packets lose nothing and repeat nothing', () => {
  const publisher = new SimulatedPublisher({
    up: { seed: 4, delay: 25_000, reorder: 0.05, duplicate: 0.02 },
    down: { seed: 5, delay: 25_000 },
  })
  publisher.run(10 * SECOND)
  const numbers = publisher.frames('video').map(({ frame }) => numberOf(frame.units.at(-1)!))
  expect(numbers).toEqual(numbers.map((_, index) => index))
  expect(numbers.length).toBeGreaterThanOrEqual(publisher.videoFrames - 2)
})

test('F6: after a blackout of 5 s there is a picture within a second', () => {
  const publisher = new SimulatedPublisher({ up: { seed: 6, delay: 25_000 }, down: { seed: 7, delay: 25_000 } })
  publisher.run(5 * SECOND)
  publisher.up.change({ loss: 1 })
  publisher.run(10 * SECOND, 5 * SECOND)
  publisher.up.change({ loss: 0 })
  publisher.run(15 * SECOND, 10 * SECOND)
  const after = publisher.frames('video').filter(({ at }) => at > 5.1 * SECOND)
  expect(after[0]!.frame.keyframe).toBe(true)
  expect(after[0]!.at).toBeLessThan(11 * SECOND)
  expect(publisher.frames('audio').find(({ at }) => at > 5.1 * SECOND)!.at).toBeLessThan(10.2 * SECOND)
})

test('picture and sound are in step once the sender has reported, however late the picture leaves', () => {
  const publisher = new SimulatedPublisher({ up: { seed: 8, delay: 25_000, jitter: 10_000 }, videoDelay: 250_000 })
  publisher.run(8 * SECOND)
  const error = (kind: 'video' | 'audio', step: number) => {
    const { frame } = publisher.frames(kind).at(-1)!
    return frame.pts - numberOf(frame.units.at(-1)!) * step
  }
  expect(Math.abs(error('video', 33_333) - error('audio', 20_000))).toBeLessThan(10_000)
  const { frame } = publisher.frames('video').at(-1)!
  expect(Math.abs(frame.captureTime! - numberOf(frame.units.at(-1)!) * 33_333)).toBeLessThan(60_000)
})

test('a single lost packet of sound comes back by RED without a wait for it', () => {
  const publisher = new SimulatedPublisher({ up: { seed: 9, loss: 0.05 }, useRed: true, hasVideo: false })
  publisher.run(10 * SECOND)
  const frames = publisher.frames('audio')
  expect(frames.length / publisher.audioFrames).toBeGreaterThan(0.99)
  expect([...publisher.receiver.streams][0]!.counters.redundant).toBeGreaterThan(15)
  expect(publisher.rtcp.some(({ packet }) => packet.type === 'nack')).toBe(false)
})

test('every second a receiver report tells the loss and names us', () => {
  const publisher = new SimulatedPublisher({ up: { seed: 10, loss: 0.1 } })
  publisher.run(10 * SECOND)
  const reports = publisher.rtcp.flatMap(({ packet }) => (packet.type === 'receiver-report' ? packet.reports : []))
  const video = reports.filter((report) => report.ssrc === 1000)
  expect(video.length).toBe(9)
  const mean = video.reduce((sum, report) => sum + report.fractionLost, 0) / video.length / 256
  expect(mean).toBeCloseTo(0.1, 1)
  expect(video.at(-1)!.lastSenderReport).not.toBe(0)
  const description = publisher.rtcp.find(({ packet }) => packet.type === 'source-description')
  expect(description?.packet).toMatchObject({ chunks: [{ ssrc: 7, cname: 'server' }] })
})

test('transport-wide feedback covers every packet that was sent, ten times a second', () => {
  const publisher = new SimulatedPublisher({ up: { seed: 11, delay: 10_000, loss: 0.02 } })
  publisher.run(5 * SECOND)
  const feedbacks = publisher.rtcp.flatMap(({ packet }) => (packet.type === 'transport-feedback' ? [packet] : []))
  expect(feedbacks.length).toBeGreaterThan(40)
  expect(feedbacks.length).toBeLessThanOrEqual(50)
  feedbacks.forEach((feedback, index) => {
    if (index === 0) return
    const before = feedbacks[index - 1]!
    expect(feedback.baseSequence).toBe((before.baseSequence + before.arrivals.length) & 0xffff)
  })
})

test('without transport-wide feedback the receiver estimates and says so by REMB', () => {
  const withoutTransportCc = [audioMedia, videoMedia].map((media) => ({
    ...media,
    codecs: media.codecs.map((codec) => ({ ...codec, feedback: ['goog-remb', 'nack'] })),
  }))
  const publisher = new SimulatedPublisher({ up: { seed: 12, delay: 10_000 }, receiver: { media: withoutTransportCc } })
  publisher.run(5 * SECOND)
  const estimates = publisher.rtcp.flatMap(({ packet }) => (packet.type === 'remb' ? [packet] : []))
  expect(estimates.length).toBeGreaterThanOrEqual(4)
  expect(estimates.at(-1)!.bitrate).toBeGreaterThanOrEqual(1_400_000)
  expect(estimates.at(-1)!.ssrcs).toEqual([2000, 1000])
})

test('a peer that supports only FIR gets FIR requests', () => {
  const firOnly = [{ ...videoMedia, codecs: videoMedia.codecs.map((codec) => ({ ...codec, feedback: ['ccm fir'] })) }]
  const publisher = new SimulatedPublisher({
    up: { seed: 13, loss: 0.3 },
    hasAudio: false,
    receiver: { media: firOnly },
  })
  publisher.run(3 * SECOND)
  const kinds = new Set(publisher.rtcp.map(({ packet }) => packet.type))
  expect(kinds.has('fir')).toBe(true)
  expect(kinds.has('pli') || kinds.has('nack')).toBe(false)
})

test('W8: however many viewers ask, the publisher gets one PLI a second', () => {
  const publisher = new SimulatedPublisher({ up: { seed: 14 } })
  publisher.run(SECOND)
  for (let now = SECOND; now < 6 * SECOND; now += 10_000) {
    for (let viewer = 0; viewer < 10; viewer++) publisher.receiver.requestKeyframe(now, '1')
    publisher.run(now + 10_000, now)
  }
  const plis = publisher.rtcp.filter(({ packet }) => packet.type === 'pli')
  expect(plis.length).toBeGreaterThanOrEqual(4)
  expect(plis.length).toBeLessThanOrEqual(6)
})

const withoutNack = {
  ...videoMedia,
  codecs: videoMedia.codecs.map((codec) => ({ ...codec, feedback: ['nack pli', 'transport-cc'] })),
}

test.each([
  { name: 'agrees to NACK and answers none', media: videoMedia, pliWithin: 121_000 },
  { name: 'knows no NACK', media: withoutNack, pliWithin: 11_000 },
])('one lost packet of a publisher that $name: on at the next keyframe, PLI at once', ({ media, pliWithin }) => {
  const of = (keyframes: readonly number[]) => {
    const options = {
      up: { seed: 1, delay: 25_000 },
      down: { seed: 2, delay: 25_000 },
      repairs: false,
      frameBytes: 6000,
    }
    const publisher = new SimulatedPublisher({
      ...{ ...options, losesOf: 60, keyframes },
      receiver: { media: [audioMedia, media] },
    })
    publisher.run(4 * SECOND)
    const frames = publisher.frames('video').map(({ at, frame }) => ({ at, number: numberOf(frame.units.at(-1)!) }))
    const before = frames.find(({ number }) => number === 59)!
    const next = frames.find(({ number }) => number > 59)!
    const plis = publisher.rtcp.filter(({ packet }) => packet.type === 'pli')
    return { next, standstill: next.at - before.at, pliAt: plis[0] && plis[0].at - before.at }
  }
  const ownKeyframe = of([66])
  expect(ownKeyframe.next.number).toBeLessThanOrEqual(66)
  expect(ownKeyframe.standstill).toBeLessThan(240_000)
  const asked = of([])
  // The hole shows when the next packet comes, a picture later.
  expect(asked.pliAt).toBeLessThan(34_000 + pliWithin)
  expect(asked.standstill).toBeLessThan(34_000 + pliWithin + 50_000 + 34_000)
})

test('packets that come in another order within 10 ms ask for nothing', () => {
  const publisher = new SimulatedPublisher({
    up: { seed: 3, delay: 25_000, jitter: 8000 },
    receiver: { media: [audioMedia, withoutNack] },
  })
  publisher.run(10 * SECOND)
  expect(publisher.rtcp.filter(({ packet }) => packet.type === 'pli')).toEqual([])
})
