// A WHEP player for measuring with hundreds: of the media only the RTP headers are read, which are not encrypted. Those that
// sample decrypt, for the sender's stamp.
import { PEER_PAYLOAD_TYPES } from '@crossroom/testkit'
import {
  ARRIVAL_TICK,
  buildCompound,
  createRtpHeader,
  datagramKind,
  NOT_RECEIVED,
  parseRtpHeader,
  readTransportSequence,
  REFERENCE_TIME_UNIT,
} from '@crossroom/webrtc'
import { nowMicros, RtcSocket } from './rtc-socket.mjs'

/** Of every offer of RtcPeer. */
const TRANSPORT_SEQUENCE_ID = 2
const SSRC = 0x7e57
const SOCKET_BUFFER = 512 * 1024
/** Both profiles: where the plaintext ends. GCM is what both sides prefer. */
const TAG_BYTES = 16
const FU_HEADER = 2
const STAMP = 8
const FEEDBACK_MS = 100
const FEEDBACKS_PER_REPORT = 10
const GOP_MS = 2000

const header = createRtpHeader()

/** What the viewers of one process have seen together. */
export class RtcTally {
  packets = 0
  videoFrames = 0
  /** Sequence numbers that were left out. */
  lost = 0
  isMeasuring = false
  /** Milliseconds from the stamp of a frame to its last packet, of viewers that sample. */
  delays = []
  keyframeDelays = []
  /** Milliseconds between the moment a piece of sound was published and the moment it came. */
  audioDelays = []

  begin() {
    const empty = { packets: 0, videoFrames: 0, lost: 0, delays: [], keyframeDelays: [], audioDelays: [] }
    Object.assign(this, empty, { isMeasuring: true })
  }

  end() {
    this.isMeasuring = false
    const { packets, videoFrames, lost, delays, keyframeDelays, audioDelays } = this
    return { packets, videoFrames, lost, delays, keyframeDelays, audioDelays }
  }
}

export class RtcViewer {
  #tally
  #samples
  #socket
  #lastSequences = new Map()
  #feedback
  /** Milliseconds on the shared clock at which the stream's time was 0, by the newest stamp. */
  #streamStartMs

  /** `feedback`: answers like a browser, with transport-cc and receiver reports. */
  constructor(tally, { url, kinds = ['audio', 'video'], feedback = false, samples = false }) {
    this.#tally = tally
    this.#samples = samples
    this.#feedback = feedback ? new FeedbackWriter() : undefined
    this.#socket = new RtcSocket({
      url,
      buffers: { receiveBuffer: SOCKET_BUFFER, sendBuffer: 65_536 },
      peer: { direction: 'recvonly', kinds, receive: 'packets' },
      takes: (datagram, arrivedAt) => this.#takes(datagram, arrivedAt),
    })
  }

  /** Resolves once connected. */
  async join() {
    await this.#socket.join()
    if (this.#feedback !== undefined) setInterval(() => this.#report(), FEEDBACK_MS)
  }

  #takes(datagram, arrivedAt) {
    if (datagramKind(datagram) !== 'rtp') return false
    this.#handleRtp(datagram, arrivedAt)
    return true
  }

  #handleRtp(datagram, arrivedAt) {
    if (parseRtpHeader(datagram, header) === undefined) return
    const tally = this.#tally
    const { ssrc, sequenceNumber, marker, timestamp, payloadType } = header
    const last = this.#lastSequences.get(ssrc)
    if (last !== undefined && sequenceNumber !== ((last + 1) & 0xffff)) tally.lost++
    this.#lastSequences.set(ssrc, sequenceNumber)
    tally.packets++
    const isVideo = payloadType === PEER_PAYLOAD_TYPES.h264
    if (isVideo && marker) tally.videoFrames++
    this.#feedback?.add(readTransportSequence(datagram, header, TRANSPORT_SEQUENCE_ID), arrivedAt)
    if (this.#samples) this.#sample(datagram, { isVideo, marker, timestamp, arrivedMs: arrivedAt / 1000 })
  }

  #sample(datagram, { isVideo, marker, timestamp, arrivedMs }) {
    const { isMeasuring, delays, keyframeDelays, audioDelays } = this.#tally
    if (isVideo && marker) {
      // The end of a frame may be cut in two.
      if (datagram.length - header.payloadOffset < FU_HEADER + STAMP + TAG_BYTES) return
      this.#socket.peer.handleInput(nowMicros(), datagram)
      const view = new DataView(datagram.buffer, datagram.byteOffset + datagram.length - TAG_BYTES - STAMP)
      const stampMs = view.getFloat64(0)
      const streamMs = timestamp / 90
      this.#streamStartMs = stampMs - streamMs
      if (!isMeasuring) return
      delays.push(arrivedMs - stampMs)
      // Time stamps begin with a keyframe at 0.
      if (Math.round(streamMs) % GOP_MS === 0) keyframeDelays.push(arrivedMs - stampMs)
    } else if (!isVideo && isMeasuring && this.#streamStartMs !== undefined) {
      audioDelays.push(arrivedMs - this.#streamStartMs - timestamp / 48)
    }
  }

  #report() {
    const compound = this.#feedback.write(this.#lastSequences)
    if (compound === undefined) return
    this.#socket.peer.sendRtcp(compound)
    this.#socket.flush()
  }
}

/** Transport-cc feedback ten times a second, and a receiver report with every tenth of them. */
class FeedbackWriter {
  #first = -1
  #arrivals = []
  #count = 0

  add(sequence, arrivedAt) {
    if (sequence < 0) return
    if (this.#arrivals.length === 0) this.#first = sequence
    this.#arrivals[(sequence - this.#first) & 0xffff] = arrivedAt
  }

  write(lastSequences) {
    if (this.#arrivals.length === 0) return undefined
    const referenceTime = Math.floor(this.#arrivals[0] / REFERENCE_TIME_UNIT)
    const arrivals = Int32Array.from(this.#arrivals, (at) =>
      at === undefined ? NOT_RECEIVED : Math.round((at - referenceTime * REFERENCE_TIME_UNIT) / ARRIVAL_TICK),
    )
    const feedback = {
      type: 'transport-feedback',
      senderSsrc: SSRC,
      mediaSsrc: 0,
      baseSequence: this.#first,
      feedbackCount: this.#count & 0xff,
      referenceTime: referenceTime & 0x7fffff,
      arrivals,
    }
    this.#arrivals = []
    return buildCompound(this.#count++ % FEEDBACKS_PER_REPORT === 0 ? [reportOn(lastSequences), feedback] : [feedback])
  }
}

function reportOn(lastSequences) {
  const reports = [...lastSequences].map(([ssrc, highestSequence]) => ({
    ...{ ssrc, highestSequence, fractionLost: 0, cumulativeLost: 0, jitter: 0 },
    ...{ lastSenderReport: 0, delaySinceLastSenderReport: 0 },
  }))
  return { type: 'receiver-report', ssrc: SSRC, reports }
}
