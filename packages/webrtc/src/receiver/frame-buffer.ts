import type { Micros } from '@crossroom/media'
import type { DepacketizedFrame, Depacketizer } from '../depacketizer/depacketizer.js'
import { KeyframeSeeker } from './keyframe-seeker.js'
import { ABSENT, PacketRing, type PacketFacts } from './packet-ring.js'

/** Packets held of a video stream: as many as one frame may have (threat W9). */
const VIDEO_CAPACITY = 2048
/** How far before the packet that came first the stream's real beginning may be. */
const MAX_REORDERED_AT_START = 64

/** How long a stream waits for the start of a frame if its first packet is not one: as long as reordering takes. */
const BEGINNING_WAIT: Micros = 50_000

/** Packets held of an audio stream: five seconds of 20 ms. */
const AUDIO_CAPACITY = 256

/**
 * Late packets in a row, each with the next number, after which the stream is believed to have restarted with lower numbers,
 * as RFC 3550 appendix A.1 does after two; more, because late retransmissions come in a row as well.
 */
const RESTART_AFTER_LATE = 32

/** A frame put together again, before it is given a time. */
export interface AssembledFrame {
  readonly units: readonly Uint8Array[]
  readonly keyframe: boolean
  /** As in `MediaFrame`. */
  readonly recovery?: number | undefined
  readonly droppable: boolean
  /** See `DepacketizedFrame`. */
  readonly size: DepacketizedFrame['size']
  /** 32 bits, in the stream's clock. */
  readonly rtpTimestamp: number
  /** When the earliest and the latest of its packets came. */
  readonly firstArrivedAt: Micros
  readonly lastArrivedAt: Micros
  /** Values of header extensions, `ABSENT` (−1) when no packet had them. */
  readonly orientation: number
  readonly audioLevel: number
  readonly captureNtp: Micros
}

export interface FrameBufferCounters {
  /** Frames given out. */
  frames: number
  /** Frames given up because packets were missing or malformed. */
  framesLost: number
  /** Whole frames thrown away because they followed a lost one and no keyframe had come. */
  framesUndecodable: number
  /** Packets that came after their place was given up. */
  late: number
  duplicates: number
  /** Packets waited for in vain. */
  packetsLost: number
}

/**
 * The bounded jitter buffer of one RTP stream. Frames leave in order and as soon as they are whole: there is no fixed delay,
 * only a hole is waited for, at most `waitLimit`. A video frame with a hole is never given out, nor is what follows it before
 * the next keyframe or recovery point: a player shall not see a broken picture. Audio goes on behind the hole.
 */
export class FrameBuffer {
  readonly #ring: PacketRing
  readonly #seeker: KeyframeSeeker
  /** First packet of a whole keyframe behind the hole. */
  #keyframeBehind: number | undefined
  readonly #isVideo: boolean
  #depacketizer: Depacketizer
  /** Maximum time for which a gap delays later packets. */
  waitLimit: Micros = 100_000
  /** The same if the next keyframe has already arrived: losing earlier frames costs less than waiting. */
  keyframeWait: Micros = 100_000
  readonly counters: FrameBufferCounters = {
    frames: 0,
    framesLost: 0,
    framesUndecodable: 0,
    late: 0,
    duplicates: 0,
    packetsLost: 0,
  }

  /** First packet of the next frame; undefined before the first packet. */
  #next: number | undefined
  /** `#next .. #cursor` are known to be there and of one frame. */
  #cursor = 0
  #highest = 0
  /** Whether the packet before `#next` was the end of a frame. */
  #isAtBoundary = false
  #needsKeyframe: boolean
  /** Arrival of the packet after the gap at the cursor; undefined without a gap or before the search. */
  #holeSince: Micros | undefined
  /** Nothing has been given out or given up since the beginning. */
  #isFresh = true
  /** Until when the packet is waited for that begins the first frame. */
  #beginningBy: Micros | undefined
  #lateRun = 0
  #lastLate = 0

  constructor(kind: 'video' | 'audio', depacketizer: Depacketizer) {
    this.#isVideo = kind === 'video'
    this.#needsKeyframe = this.#isVideo
    this.#depacketizer = depacketizer
    this.#ring = new PacketRing(this.#isVideo ? VIDEO_CAPACITY : AUDIO_CAPACITY)
    this.#seeker = new KeyframeSeeker(this.#ring)
  }

  /** Whether a keyframe must come before video goes on: then one is to be asked for. */
  get needsKeyframe(): boolean {
    return this.#needsKeyframe
  }

  /** A frame was thrown away: the keyframe that is needed is not on its way. */
  get hasLost(): boolean {
    return this.counters.framesLost + this.counters.framesUndecodable > 0
  }

  /** Arrival of the packet after a gap; undefined without a gap, or if a complete keyframe follows it. */
  get gapSince(): Micros | undefined {
    return this.#keyframeBehind === undefined ? this.#holeSince : undefined
  }

  /** Sequence numbers before this one are not wanted any more. */
  get next(): number {
    return this.#next ?? 0
  }

  /** Takes another codec from here on; what waits is thrown away. */
  replaceDepacketizer(depacketizer: Depacketizer): void {
    this.#depacketizer = depacketizer
    this.#restart(undefined)
  }

  /** The caller could not use the keyframe (no parameter sets): the next one is needed. */
  requireKeyframe(): void {
    if (this.#isVideo) this.#needsKeyframe = true
  }

  /** True when a packet of this number is neither held nor too late. */
  wants(sequence: number): boolean {
    if (this.#next === undefined) return true
    return sequence >= this.#next && !this.#holds(sequence)
  }

  /**
   * Takes a packet and copies its payload, `length` bytes of `packet` from `offset` on, together at most `MAX_RTP_PACKET_BYTES`; 0 for
   * the padding of a bandwidth probe. `sequence` is unwrapped. Answers 'restarted' when everything held was thrown away
   * because the numbers jumped.
   */
  insert(
    sequence: number,
    rtpTimestamp: number,
    marker: boolean,
    packet: Uint8Array,
    offset: number,
    length: number,
    arrivedAt: Micros,
    facts: PacketFacts,
  ): 'taken' | 'unwanted' | 'restarted' {
    let answer: 'taken' | 'restarted' = 'taken'
    if (this.#next === undefined) this.#restart(sequence)
    if (this.#isFresh && sequence < this.#next! && sequence >= this.#next! - MAX_REORDERED_AT_START) {
      this.#next = sequence
      this.#cursor = sequence
      this.#beginningBy = undefined
    }
    if (sequence < this.#next! && !this.#isRestart(sequence)) {
      this.counters.late++
      return 'unwanted'
    }
    if (sequence < this.#next! || sequence >= this.#next! + 2 * this.#ring.capacity) {
      this.#restart(sequence)
      answer = 'restarted'
    }
    if (this.#holds(sequence)) {
      this.counters.duplicates++
      return 'unwanted'
    }
    this.#lateRun = 0
    if (sequence >= this.#next! + this.#ring.capacity) this.#makeRoom(sequence)
    this.#ring.put(sequence, rtpTimestamp, marker, packet, offset, length, arrivedAt, facts)
    this.#highest = Math.max(this.#highest, sequence)
    return answer
  }

  #holds(sequence: number): boolean {
    return sequence <= this.#highest && this.#ring.has(sequence)
  }

  #isRestart(sequence: number): boolean {
    const isFar = sequence < this.#next! - this.#ring.capacity
    this.#lateRun = isFar && sequence === this.#lastLate + 1 ? this.#lateRun + 1 : 0
    this.#lastLate = sequence
    return this.#lateRun >= RESTART_AFTER_LATE
  }

  #restart(sequence: number | undefined): void {
    this.#ring.clear()
    this.#next = sequence
    this.#cursor = sequence ?? 0
    this.#highest = (sequence ?? 0) - 1
    this.#isAtBoundary = false
    this.#needsKeyframe = this.#isVideo
    this.#closeHole()
    this.#isFresh = true
    this.#beginningBy = undefined
    this.#lateRun = 0
  }

  /** Gives up everything before `sequence`: missing packets will not arrive. */
  skipTo(sequence: number): void {
    if (this.#next === undefined || sequence <= this.#next) return
    this.counters.framesLost++
    this.requireKeyframe()
    this.#releaseTo(sequence, false)
  }

  /** Gives up the oldest packets so that `sequence` fits. */
  #makeRoom(sequence: number): void {
    this.skipTo(sequence - this.#ring.capacity + 1)
  }

  /** The next frame, if it is whole or what it waits for has been given up at `now`. Call until undefined. */
  poll(now: Micros): AssembledFrame | undefined {
    while (this.#next !== undefined && this.#next <= this.#highest) {
      const end = this.#findEnd()
      if (end === undefined) {
        if (!this.#giveUp(now)) return undefined
        continue
      }
      if (this.#awaitsBeginning(now)) return undefined
      const frame = this.#assemble(this.#next, end)
      this.#releaseTo(end, true)
      if (frame !== undefined) return frame
    }
    return undefined
  }

  /** When `poll` will give up a hole; undefined while nothing is waited for. */
  deadline(): Micros | undefined {
    if (this.#beginningBy !== undefined) return this.#beginningBy
    return this.#holeSince === undefined ? undefined : this.#holeSince + this.#wait
  }

  get #wait(): Micros {
    return this.#keyframeBehind === undefined ? this.waitLimit : Math.min(this.keyframeWait, this.waitLimit)
  }

  /** Whether the first packets of the stream may still be on their way, although the first frame looks whole. */
  #awaitsBeginning(now: Micros): boolean {
    if (!this.#isFresh || !this.#isVideo) return false
    const first = this.#ring.payload(this.#next!)!
    if (first.length === 0 || this.#depacketizer.startsFrame(first)) return false
    this.#beginningBy ??= this.#earliestArrivalBehind(this.#next! - 1) + BEGINNING_WAIT
    return now < this.#beginningBy
  }

  /** The sequence number behind the frame that begins at `#next`; undefined while it is not whole. */
  #findEnd(): number | undefined {
    const ring = this.#ring
    for (; this.#cursor <= this.#highest; this.#cursor++) {
      const sequence = this.#cursor
      if (!ring.has(sequence)) return undefined
      const slot = ring.slot(sequence)
      if (!this.#isVideo) return sequence + 1
      const isFirst = sequence === this.#next
      // Probes carry the timestamp of the frame before: alone they are a frame of nothing.
      if (isFirst && ring.payloadLength(sequence) === 0) return sequence + 1
      // A frame whose marker never was: the next timestamp ends it.
      if (!isFirst && ring.timestamps[slot] !== ring.timestamps[ring.slot(this.#next!)]) return sequence
      if (ring.markers[slot] === 1) return sequence + 1
    }
    return undefined
  }

  /** Passes over the hole at the cursor once its time is up. False while it is waited for or there is none. */
  #giveUp(now: Micros): boolean {
    if (this.#cursor > this.#highest) {
      if (this.#holeSince !== undefined) this.#closeHole()
      return false
    }
    this.#holeSince ??= this.#earliestArrivalBehind(this.#cursor)
    if (this.#isVideo) this.#keyframeBehind = this.#seeker.seek(this.#cursor, this.#highest, this.#depacketizer)
    if (now < this.#holeSince + this.#wait) return false
    let sequence = this.#cursor
    while (sequence <= this.#highest && !this.#ring.has(sequence)) {
      this.counters.packetsLost++
      sequence++
    }
    if (!this.#isVideo) {
      this.#releaseTo(sequence, true)
      return true
    }
    this.counters.framesLost++
    this.#needsKeyframe = true
    const start = this.#keyframeBehind ?? this.#frameStartFrom(sequence)
    const last = this.#ring.slot(this.#highest)
    this.#releaseTo(start, start <= this.#highest || this.#ring.markers[last] === 1)
    return true
  }

  #earliestArrivalBehind(hole: number): Micros {
    let earliest = Infinity
    for (let sequence = hole + 1; sequence <= this.#highest; sequence++) {
      if (this.#ring.has(sequence)) earliest = Math.min(earliest, this.#ring.arrivals[this.#ring.slot(sequence)]!)
    }
    return earliest
  }

  /** The first packet from `sequence` on that begins a frame, or the end of all packets. */
  #frameStartFrom(sequence: number): number {
    const ring = this.#ring
    for (let candidate = sequence; candidate <= this.#highest; candidate++) {
      const payload = ring.payload(candidate)
      if (payload === undefined) continue
      if (this.#depacketizer.startsFrame(payload)) return candidate
      if (!ring.has(candidate - 1) || candidate === sequence) continue
      const [slot, before] = [ring.slot(candidate), ring.slot(candidate - 1)]
      if (ring.markers[before] === 1 || ring.timestamps[before] !== ring.timestamps[slot]) return candidate
    }
    return this.#highest + 1
  }

  /** Depacketizes `first .. end`; undefined when it is nothing to give out. */
  #assemble(first: number, end: number): AssembledFrame | undefined {
    const ring = this.#ring
    const isStart = this.#isAtBoundary || !this.#isVideo || this.#depacketizer.startsFrame(ring.payload(first)!)
    let bytes = 0
    for (let sequence = first; sequence < end; sequence++) {
      const length = ring.payloadLength(sequence)
      if (length === 0) continue
      bytes += length
      this.#depacketizer.push(ring.payload(sequence)!)
    }
    if (bytes === 0) return undefined
    const frame = this.#depacketizer.finish()
    if (frame === undefined || !isStart) {
      this.counters.framesLost++
      this.requireKeyframe()
      return undefined
    }
    if (frame.units.length === 0) return undefined
    if (this.#needsKeyframe && !frame.keyframe && frame.recovery === undefined) {
      this.counters.framesUndecodable++
      return undefined
    }
    this.#needsKeyframe = false
    this.counters.frames++
    return this.#describe(first, end, frame)
  }

  #describe(first: number, end: number, frame: DepacketizedFrame): AssembledFrame {
    const ring = this.#ring
    let [firstArrivedAt, lastArrivedAt] = [Infinity, 0]
    let [orientation, audioLevel, captureNtp] = [ABSENT, ABSENT, ABSENT]
    for (let sequence = first; sequence < end; sequence++) {
      const slot = ring.slot(sequence)
      firstArrivedAt = Math.min(firstArrivedAt, ring.arrivals[slot]!)
      lastArrivedAt = Math.max(lastArrivedAt, ring.arrivals[slot]!)
      orientation = Math.max(orientation, ring.orientations[slot]!)
      audioLevel = Math.max(audioLevel, ring.audioLevels[slot]!)
      captureNtp = Math.max(captureNtp, ring.captureNtps[slot]!)
    }
    return {
      units: frame.units,
      keyframe: frame.keyframe,
      recovery: frame.recovery,
      droppable: frame.droppable,
      size: frame.size,
      rtpTimestamp: ring.timestamps[ring.slot(first)]!,
      firstArrivedAt,
      lastArrivedAt,
      orientation,
      audioLevel,
      captureNtp,
    }
  }

  /** Frees all packets before `sequence`, which becomes the next frame's first. */
  #releaseTo(sequence: number, isAtBoundary: boolean): void {
    for (let released = this.#next!; released < sequence && released <= this.#highest; released++) {
      this.#ring.remove(released)
    }
    this.#next = sequence
    this.#cursor = sequence
    this.#highest = Math.max(this.#highest, sequence - 1)
    this.#isAtBoundary = isAtBoundary
    this.#isFresh = false
    this.#beginningBy = undefined
    this.#closeHole()
  }

  #closeHole(): void {
    this.#holeSince = undefined
    this.#keyframeBehind = undefined
    this.#seeker.reset()
  }
}
