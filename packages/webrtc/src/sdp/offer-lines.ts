import type { OfferedMedia } from './offer.js'
import { SsrcSource } from './ssrc-source.js'

/** A track that is to have an m-line. */
export interface OfferTrack {
  /** Tells tracks apart; never empty. */
  readonly id: string
  readonly kind: 'audio' | 'video'
  /** See {@link OfferedMedia}. */
  readonly streamId: string
}

/** How many m-lines of each kind a session may have. */
export type OfferLineLimits = Readonly<Record<'audio' | 'video', number>>

interface Line {
  readonly mid: string
  readonly kind: 'audio' | 'video'
  track: OfferTrack | undefined
  media: OfferedMedia
  /** The peer still thinks that something is sent on it: the next track comes after it was answered as inactive. */
  isBusy: boolean
}

/**
 * Which track has which m-line of an offering side. An m-line is never taken out of a session (RFC 3264 section 8), so
 * one whose track has left goes inactive and is taken by the next track of its kind. A track gets new SSRCs whenever it
 * gets an m-line: numbers and keys of the old ones are used up.
 */
export class OfferLines {
  readonly #limits: OfferLineLimits
  readonly #ssrcs: SsrcSource
  readonly #lines: Line[] = []
  /** As in the last offer. */
  #offered: readonly OfferedMedia[] = []

  constructor(limits: OfferLineLimits, randomBytes: (length: number) => Uint8Array) {
    this.#limits = limits
    this.#ssrcs = new SsrcSource(randomBytes)
  }

  /** The m-lines of the last offer. */
  get offered(): readonly OfferedMedia[] {
    return this.#offered
  }

  /** No m-line was ever made. */
  get isEmpty(): boolean {
    return this.#lines.length === 0
  }

  /** Whether the m-lines are as this list wants them and the last offer says: another offer would say nothing new. */
  isCurrent(wanted: readonly OfferTrack[]): boolean {
    const fitting = this.#fitting(wanted)
    const isOffered = this.#lines.every(({ media }, index) => media === this.#offered[index])
    const isKept = this.#lines.every(({ track }) => track === undefined || fitting.has(track.id))
    return isOffered && isKept && [...fitting.keys()].every((id) => this.has(id))
  }

  /** Whether the track has an m-line. */
  has(id: string): boolean {
    return this.#lineOf(id) !== undefined
  }

  /** The sending parameters of a track, once it has an m-line. */
  mediaOf(id: string): OfferedMedia | undefined {
    return this.#lineOf(id)?.media
  }

  /** Takes a track's m-line away; asked for again it gets another one. */
  release(id: string): void {
    const line = this.#lineOf(id)
    if (line === undefined) return
    line.track = undefined
    line.media = inactive(line)
  }

  /**
   * The m-lines of the next offer. `wanted` is the whole list, best first; a track keeps its m-line as long as it
   * fits. `skipped` are those that do not.
   */
  offer(wanted: readonly OfferTrack[]): { readonly media: readonly OfferedMedia[]; readonly skipped: OfferTrack[] } {
    const fitting = this.#fitting(wanted)
    for (const { track } of this.#lines) if (track !== undefined && !fitting.has(track.id)) this.release(track.id)
    for (const track of fitting.values()) if (!this.has(track.id)) this.#take(track)
    this.#offered = this.#lines.map(({ media }) => media)
    for (const line of this.#lines) if (line.track !== undefined) line.isBusy = true
    return { media: this.#offered, skipped: wanted.filter((track) => !this.has(track.id)) }
  }

  /** The last offer was answered: m-lines inactive in it are free. */
  answered(): void {
    for (const [index, { stream }] of this.#offered.entries())
      if (stream === undefined) this.#lines[index]!.isBusy = false
  }

  #fitting(wanted: readonly OfferTrack[]): Map<string, OfferTrack> {
    const fitting = new Map<string, OfferTrack>()
    const count = { audio: 0, video: 0 }
    for (const track of wanted)
      if (!fitting.has(track.id) && count[track.kind]++ < this.#limits[track.kind]) fitting.set(track.id, track)
    return fitting
  }

  /** Gives the track a free m-line or a new one; when all are busy it has to wait for the next answer. */
  #take(track: OfferTrack): void {
    const line = this.#lines.find((entry) => isFree(entry, track.kind)) ?? this.#open(track)
    if (line === undefined) return
    const { mid, kind } = line
    line.track = track
    line.media = { mid, kind, streamId: track.streamId, stream: this.#ssrcs.stream(kind === 'video') }
  }

  #open({ kind, streamId }: OfferTrack): Line | undefined {
    if (this.#lines.filter((line) => line.kind === kind).length >= this.#limits[kind]) return undefined
    const mid = String(this.#lines.length)
    const line: Line = { mid, kind, track: undefined, media: { mid, kind, streamId }, isBusy: false }
    this.#lines.push(line)
    return line
  }

  #lineOf(id: string): Line | undefined {
    return this.#lines.find(({ track }) => track?.id === id)
  }
}

function isFree(line: Line, kind: 'audio' | 'video'): boolean {
  return line.kind === kind && line.track === undefined && !line.isBusy
}

function inactive({ mid, kind, media }: Line): OfferedMedia {
  return { mid, kind, streamId: media.streamId }
}
