import {
  configFromJson,
  isAcceptablePictureSize,
  isEntryPoint,
  parseControl,
  parseFrameMessage,
} from '@crossroom/media'
import type { CodecConfig, MediaFrame, Micros, WireMessage } from '@crossroom/media'
import { gopCacheLimits, relayLimits } from '../../config/index.js'
import { RateLimiter } from '../../net/index.js'
import { epochOf, isNewer, parseBegin, RELAY_TYPE, type Begin, type TrackKind } from './messages.js'

/** Where a pulled stream goes. */
export interface PullTarget {
  /** A publisher is there, whose frames follow. False when the stream has another publisher here. */
  publish(begin: Begin): boolean
  push(frame: MediaFrame): void
  /** All cached frames have been pushed. */
  announce(tracks: readonly TrackKind[]): void
  withholdVideo(): void
  /** The publisher left and may return. */
  interrupt(): void
  /** The publisher is to send a keyframe. */
  requestKeyframe(): void
}

/** Pictures that are shown further from their decoding come from nobody's encoder. */
const MAX_COMPOSITION: Micros = 10_000_000

/** What the connections of a link bring of one life of the stream. */
interface Life {
  readonly epoch: number
  begin: Begin | undefined
  /** The tracks whose cached frames have come. */
  readonly live: Set<TrackKind>
  /** Until all have: then in the order in which they came to the publisher's node. */
  cached: MediaFrame[] | undefined
  cachedBytes: number
  readonly configs: Partial<Record<TrackKind, CodecConfig>>
}

/**
 * Joins what two connections bring of a stream to one: cached frames in the order in which they came to the node that
 * publishes it, then everything as it arrives. Times of each track rise; what came before a link was lost goes on behind it
 * where no picture is missing. Answers to messages: false for what no node sends.
 */
export class PulledStream {
  readonly #target: PullTarget
  readonly #toLocal: (theirs: Micros) => Micros
  readonly #rates = {
    frames: new RateLimiter({
      perSecond: relayLimits.framesPerSecond,
      burst: relayLimits.frameBurst,
      overRateMicros: 0,
    }),
    bytes: new RateLimiter({ perSecond: relayLimits.bytesPerSecond, burst: relayLimits.byteBurst, overRateMicros: 0 }),
  }
  #life: Life | undefined
  /** The publisher whose frames are pushed; undefined before the first and after an interruption. */
  #current: Begin | undefined
  readonly #last: Record<TrackKind, Micros> = { audio: -Infinity, video: -Infinity }
  /** Pictures are not shown before one that a decoder can start with. */
  #needsEntry = true
  framesIn = 0
  bytesIn = 0
  /** Frames whose time did not rise. */
  disordered = 0

  /** `toLocal`: a time of the other node's clock on ours. */
  constructor(target: PullTarget, toLocal: (theirs: Micros) => Micros) {
    this.#target = target
    this.#toLocal = toLocal
  }

  get isPublished(): boolean {
    return this.#current !== undefined
  }

  /** The link is gone: the next one begins anew. */
  handleLinkLost(): void {
    this.#life = undefined
  }

  /** `kind`: of the connection that it came on. */
  handleMessage(message: WireMessage, kind: TrackKind, now: Micros): boolean {
    const life = this.#lifeOf(epochOf(message.channel))
    if (life === undefined) return true
    switch (message.type) {
      case RELAY_TYPE.frame:
        return this.#handleFrame(message, kind, life, now)
      case RELAY_TYPE.begin:
        return this.#handleBegin(message, life)
      case RELAY_TYPE.config:
        return this.#handleConfig(message, kind, life)
      case RELAY_TYPE.live:
        life.live.add(kind)
        this.#completeIfLive(life)
        return true
      case RELAY_TYPE.withheld:
        return this.#handleWithheld(life)
      case RELAY_TYPE.interrupted:
        life.cached = undefined
        this.interrupt()
        return true
      default:
        return false
    }
  }

  /** The publisher left, or its node is gone for good. */
  interrupt(): void {
    if (this.#current === undefined) return
    this.#current = undefined
    this.#target.interrupt()
  }

  /** Undefined: a message of an earlier life that was still under way. */
  #lifeOf(epoch: number): Life | undefined {
    const present = this.#life
    if (present?.epoch === epoch) return present
    if (present !== undefined && !isNewer(epoch, present.epoch)) return undefined
    return (this.#life = { epoch, begin: undefined, live: new Set(), cached: [], cachedBytes: 0, configs: {} })
  }

  #handleBegin(message: WireMessage, life: Life): boolean {
    const begin = parseBegin(message)
    if (begin === undefined || life.begin !== undefined) return false
    life.begin = begin
    this.#completeIfLive(life)
    return true
  }

  #handleConfig(message: WireMessage, kind: TrackKind, life: Life): boolean {
    const config = configFromJson(parseControl(message))
    if (config?.kind !== kind) return false
    if (config.kind === 'video' && !isPossible(config.width, config.height)) return false
    life.configs[kind] = config
    return true
  }

  #handleWithheld(life: Life): boolean {
    if (life.cached !== undefined) life.cached = life.cached.filter(({ config }) => config.kind === 'audio')
    if (this.#current !== undefined) this.#target.withholdVideo()
    this.#needsEntry = true
    return true
  }

  #handleFrame(message: WireMessage, kind: TrackKind, life: Life, now: Micros): boolean {
    const bytes = message.body.length
    if (this.#rates.frames.take(now, 1) > 0 || this.#rates.bytes.take(now, bytes) > 0) return false
    const config = life.configs[kind]
    // Nothing arrives before it was sent, whatever the clocks say.
    const frame = config && parseFrameMessage(message, config, (time) => Math.min(now, this.#toLocal(time)))
    if (frame === undefined || Math.abs(frame.pts - frame.dts) > MAX_COMPOSITION) return false
    this.framesIn++
    this.bytesIn += bytes
    if (life.cached === undefined) {
      this.#push(frame)
      return true
    }
    life.cached.push(frame)
    life.cachedBytes += bytes
    // A node caches less: this does not come to its end.
    return life.cachedBytes <= 2 * gopCacheLimits.bytes && life.cached.length <= 2 * gopCacheLimits.frames
  }

  #completeIfLive(life: Life): void {
    const { begin, cached, live } = life
    if (begin !== undefined && cached !== undefined && begin.tracks.every((kind) => live.has(kind)))
      this.#complete(life)
  }

  #complete(life: Life): void {
    const { begin, cached } = life
    if (begin === undefined || cached === undefined) return
    life.cached = undefined
    if (!this.#goesOn(begin)) {
      this.#current = undefined
      if (!this.#target.publish(begin)) return
      this.#last.audio = this.#last.video = -Infinity
    }
    this.#needsEntry = true
    this.#current = begin
    cached.sort((one, other) => one.receivedAt - other.receivedAt)
    for (const frame of cached) this.#push(frame)
    if (this.#needsEntry && begin.tracks.includes('video') && begin.askable) this.#target.requestKeyframe()
    this.#target.announce(begin.tracks)
  }

  /** The same publisher at the same node: its times go on. */
  #goesOn({ publisher, stream }: Begin): boolean {
    return this.#current?.stream === stream && this.#current.publisher === publisher
  }

  #push(frame: MediaFrame): void {
    if (this.#current === undefined) return
    const { kind } = frame.config
    if (frame.dts <= this.#last[kind]) {
      this.disordered++
      // A picture that came before: those behind it follow without a gap.
      if (kind === 'video') this.#needsEntry = false
      return
    }
    if (kind === 'video' && this.#needsEntry) {
      if (!isEntryPoint(frame)) return
      this.#needsEntry = false
    }
    this.#last[kind] = frame.dts
    this.#target.push(frame)
  }
}

function isPossible(width: number, height: number): boolean {
  return (width === 0 && height === 0) || isAcceptablePictureSize(width, height)
}
