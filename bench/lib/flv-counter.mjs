// Follows the tags of an FLV byte stream without copying it: counts frames, finds gaps, reads the stamps of their senders.
import { nowMs } from './source.mjs'

const TAG_HEADER = 11
const FILE_HEADER = 9 + 4
const STAMP = 8
/** Sequence headers and metadata are shorter than any frame of the source, but for AAC's, or are no media. */
const SHORTEST_FRAME = 64
const VIDEO_STEP_MS = 40
/** One missing frame of AAC makes a step of 42. */
const LONGEST_AUDIO_STEP_MS = 30

/** What the players of one process have seen together. */
export class Tally {
  frames = 0
  gaps = 0
  closed = 0
  /** Milliseconds from asking to the whole first keyframe. */
  joins = []
  /** Milliseconds from a frame's stamp to its last byte, of players that sample. */
  videoDelays = []
  audioDelays = []
  isMeasuring = false

  begin() {
    Object.assign(this, {
      frames: 0,
      gaps: 0,
      closed: 0,
      joins: [],
      videoDelays: [],
      audioDelays: [],
      isMeasuring: true,
    })
  }

  end() {
    this.isMeasuring = false
    const { frames, gaps, closed, joins, videoDelays, audioDelays } = this
    return { frames, gaps, closed, joins, videoDelays, audioDelays }
  }
}

/** Times and gaps of one player; its container tells it of every frame. */
export class FrameLog {
  #tally
  #askedAt
  #lastVideoMs = -1
  #lastAudioMs = -1

  constructor(tally) {
    this.#tally = tally
    this.#askedAt = nowMs()
  }

  video(timestampMs) {
    const tally = this.#tally
    if (this.#lastVideoMs < 0) tally.joins.push(nowMs() - this.#askedAt)
    else if (timestampMs - this.#lastVideoMs !== VIDEO_STEP_MS) tally.gaps++
    this.#lastVideoMs = timestampMs
    tally.frames++
  }

  audio(timestampMs) {
    const tally = this.#tally
    if (this.#lastAudioMs >= 0 && timestampMs - this.#lastAudioMs > LONGEST_AUDIO_STEP_MS) tally.gaps++
    this.#lastAudioMs = timestampMs
    tally.frames++
  }

  sample(isVideo, stampMs) {
    const tally = this.#tally
    if (tally.isMeasuring) (isVideo ? tally.videoDelays : tally.audioDelays).push(nowMs() - stampMs)
  }
}

/** Reads FLV, cut anywhere. */
export class FlvCounter {
  #log
  #samples
  #header = Buffer.alloc(TAG_HEADER)
  #headerLength = 0
  #skip = FILE_HEADER
  #body = 0
  #isMedia = false
  #isVideo = false
  #timestampMs = 0
  #stamp = Buffer.alloc(STAMP)

  constructor(log, samples) {
    this.#log = log
    this.#samples = samples
  }

  read(bytes) {
    let at = 0
    while (at < bytes.length) {
      if (this.#body > 0) at = this.#readBody(bytes, at)
      else if (this.#skip > 0) {
        const length = Math.min(this.#skip, bytes.length - at)
        this.#skip -= length
        at += length
      } else at = this.#readHeader(bytes, at)
    }
  }

  #readHeader(bytes, from) {
    let at = from
    const header = this.#header
    while (this.#headerLength < TAG_HEADER && at < bytes.length) header[this.#headerLength++] = bytes[at++]
    if (this.#headerLength < TAG_HEADER) return at
    this.#headerLength = 0
    this.#body = header.readUIntBE(1, 3)
    this.#isVideo = header[0] === 9
    this.#isMedia = header[0] !== 18 && this.#body >= SHORTEST_FRAME
    this.#timestampMs = header.readUIntBE(4, 3) + header[7] * 2 ** 24
    return at
  }

  #readBody(bytes, from) {
    const length = Math.min(this.#body, bytes.length - from)
    const end = from + length
    this.#body -= length
    if (this.#samples && this.#body < STAMP) this.#keepStamp(bytes, Math.max(from, end - STAMP), end)
    if (this.#body > 0) return end
    this.#skip = 4
    if (!this.#isMedia) return end
    if (this.#isVideo) this.#log.video(this.#timestampMs)
    else this.#log.audio(this.#timestampMs)
    if (this.#samples) this.#log.sample(this.#isVideo, this.#stamp.readDoubleBE(0))
    return end
  }

  /** The last 8 bytes of a body may lie across two reads. */
  #keepStamp(bytes, from, end) {
    const length = end - from
    this.#stamp.copyWithin(0, length)
    this.#stamp.set(bytes.subarray(from, end), STAMP - length)
  }
}
