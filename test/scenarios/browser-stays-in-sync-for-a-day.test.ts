import type { MediaFrame, Micros } from '@crossroom/media'
import { pollAll, seededRandom } from '@crossroom/testkit'
import { buildCompound, H264Packetizer, PayloadBuffer, RtpReceiver } from '@crossroom/webrtc'
import { expect, test } from 'vitest'
import { viewerTimestampMs } from '../../packages/server/src/hub/batch.js'
import { SampleTimeline } from '../../packages/server/src/transcode/worker/sample-timeline.js'
import { audioMedia, ids, numberedFrame, videoMedia } from '../../packages/webrtc/src/receiver/publisher.fake.js'
import { ntpFromMicros } from '../../packages/webrtc/src/rtp/ntp.js'
import { buildRtpPacket } from '../../packages/webrtc/src/rtp/rtp.fake.js'
import { SECOND, Stage } from './stage.js'

const DAY_SECONDS = 24 * 3600
const REPORT_SECONDS = 5
const AUDIO_RATE = 48_000
const VIDEO_RATE = 90_000
const NTP_EPOCH: Micros = 3_900_000_000_000_000
const NETWORK_DELAY: Micros = 30_000
const JITTER: Micros = 20_000
/** Cameras are slower than microphones: sound that was recorded with a picture comes so much earlier. */
const CAMERA_DELAY: Micros = 60_000

interface Clocks {
  /** Parts per million by which the sound card is fast, against the server. */
  readonly audioPpm: number
  /** The same of the clock that stamps pictures and sender reports. */
  readonly systemPpm: number
}

/** A browser that sends one picture and one second of sound a second, as two packets, and the FLV player at the other end. */
class Day {
  readonly stage = new Stage({ silentMicros: Infinity })
  /** Milliseconds, by capture: how much later than the picture the sound is played. */
  readonly skews: number[] = []
  readonly #clocks: Clocks
  readonly #random = seededRandom(7)
  readonly #receiver = new RtpReceiver({ now: 0, media: [audioMedia, videoMedia], ssrc: 7, cname: 'server' })
  readonly #publication = this.stage.publish()!
  readonly #aac = new SampleTimeline(AUDIO_RATE)
  readonly #videoMs: number[] = []
  readonly #audioMs: number[] = []
  readonly #packets = new PayloadBuffer()

  constructor(clocks: Clocks) {
    this.#clocks = clocks
    this.stage.stream.subscribe({ handleFrame: (frame) => this.#show(frame), handleEnd: () => undefined }, 'live')
  }

  run(): void {
    for (let second = 0; second < DAY_SECONDS; second++) {
      this.#sendAudio(second)
      this.#sendVideo(second)
      if (second % REPORT_SECONDS === 1) this.#sendReports(this.#capturedAt(second))
    }
    const count = Math.min(this.#videoMs.length, this.#audioMs.length)
    for (let second = 0; second < count; second++) this.skews.push(this.#audioMs[second]! - this.#videoMs[second]!)
  }

  /** When the sound card is full for the so many'th time. Pictures are taken at the same moments. */
  #capturedAt(number: number): Micros {
    return (number * SECOND) / (1 + this.#clocks.audioPpm / 1e6)
  }

  /** The server's time at which the packet of a moment arrives. */
  #arrive(captured: Micros, delay: Micros): Micros {
    const at = Math.round(captured + delay + NETWORK_DELAY + this.#random() * JITTER)
    this.stage.clock.advanceTo(Math.max(this.stage.clock.now(), at))
    return this.stage.clock.now()
  }

  #sendAudio(number: number): void {
    const captured = this.#capturedAt(number)
    const header = { marker: false, payloadType: 111, sequenceNumber: number & 0xffff, ssrc: 2000 }
    const timestamp = (number * AUDIO_RATE) % 2 ** 32
    const packet = buildRtpPacket({ ...header, timestamp }, Uint8Array.of(0x78, 1), { mid: '0' }, ids)
    this.#receiver.handleRtp(this.#arrive(captured, 0), packet)
    this.#drain()
  }

  #sendVideo(number: number): void {
    const captured = this.#capturedAt(number)
    new H264Packetizer().packetize(numberedFrame(number, 20, number === 0), this.#packets)
    const timestamp = Math.round((this.#systemTime(captured) * VIDEO_RATE) / SECOND) % 2 ** 32
    const header = { marker: true, payloadType: 102, sequenceNumber: number & 0xffff, timestamp, ssrc: 1000 }
    const packet = buildRtpPacket(header, this.#packets.packet(0), { mid: '1' }, ids)
    this.#receiver.handleRtp(this.#arrive(captured, CAMERA_DELAY), packet)
    this.#drain()
  }

  #sendReports(now: Micros): void {
    const ntpTime = ntpFromMicros(NTP_EPOCH + Math.round(this.#systemTime(now)))
    const timestampOf = (media: number, rate: number) => Math.round((media * rate) / SECOND) % 2 ** 32
    const audio = timestampOf(now * (1 + this.#clocks.audioPpm / 1e6), AUDIO_RATE)
    const video = timestampOf(this.#systemTime(now), VIDEO_RATE)
    const reportOf = (ssrc: number, rtpTimestamp: number) => ({
      ...({ type: 'sender-report', ssrc, ntpTime, rtpTimestamp } as const),
      ...{ packetCount: 0, octetCount: 0, reports: [] },
    })
    const compound = buildCompound([reportOf(2000, audio), reportOf(1000, video)])
    this.#receiver.handleRtcp(this.#arrive(now, 0), compound)
  }

  #systemTime(time: Micros): Micros {
    return time * (1 + this.#clocks.systemPpm / 1e6)
  }

  #drain(): void {
    for (const event of pollAll(this.#receiver, this.stage.clock.now()).events)
      if (event.kind === 'frame') this.#publication.push(event.frame)
  }

  /** What stands in the tags of the player; the sound has gone through AAC, whose time is counted in samples. */
  #show(frame: MediaFrame): void {
    if (frame.config.kind === 'video') {
      this.#videoMs.push(viewerTimestampMs(frame.dts, 0))
      return
    }
    this.#aac.place(frame.pts, AUDIO_RATE)
    this.#audioMs.push(viewerTimestampMs(this.#aac.endPts! - SECOND, 0))
  }
}

const worstOf = (values: readonly number[]): number => Math.max(...values.map(Math.abs))
const meanOf = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length

test.each<Clocks>([
  { audioPpm: 200, systemPpm: -200 },
  { audioPpm: -200, systemPpm: 200 },
  { audioPpm: 200, systemPpm: 0 },
])(
  '24 h of a sound card off by $audioPpm ppm and a clock off by $systemPpm ppm: sound and picture stay together',
  (clocks) => {
    const day = new Day(clocks)
    day.run()
    const { skews } = day
    expect(skews).toHaveLength(DAY_SECONDS)
    const hour = 3600
    expect(worstOf(skews.slice(60))).toBeLessThanOrEqual(45)
    expect(Math.abs(meanOf(skews.slice(-hour)) - meanOf(skews.slice(60, hour)))).toBeLessThan(10)
  },
  120_000,
)
