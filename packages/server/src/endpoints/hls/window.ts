import type { Micros } from '@crossroom/media'
import { hlsLimits } from '../../config/index.js'
import type { Position } from './address.js'

/** A piece of a segment that can be played before the segment is complete. */
export interface Part {
  readonly bytes: Uint8Array
  readonly duration: Micros
  /** A player may start here. */
  readonly isIndependent: boolean
}

/** An init segment, shared by the segments that need it. */
export interface Init {
  readonly name: string
  readonly bytes: Uint8Array
}

/** What all parts of a segment have in common. */
export interface SegmentHead {
  readonly init: Init
  /** The segment does not continue the one before: other codecs, or time that is missing. */
  readonly isDiscontinuous: boolean
  /** Unix milliseconds of its first picture. */
  readonly startsAtMs: number
}

/** A segment in the window. */
export interface Segment extends SegmentHead {
  readonly number: number
  readonly name: string
  /** How many discontinuities came before its first part, since the window's beginning. */
  readonly discontinuities: number
  readonly parts: Part[]
  duration: Micros
  byteLength: number
}

/** What stands behind the name of a file: `soon`: it is the part that comes next. */
export type Found = readonly Uint8Array[] | 'soon' | undefined

/** The parts and segments of a stream that can be fetched, oldest first. Pure: names and numbers come from the caller. */
export class HlsWindow {
  readonly segments: Segment[] = []
  readonly firstNumber: number
  readonly #newName: () => string
  #nextName: string
  #nextNumber: number
  #isOpen = false
  #isEnded = false
  #discontinuities = 0
  /** Bytes of all segments. */
  bytes = 0
  /** Changes with every part. */
  version = 0

  /**
   * @param firstNumber Of its first segment. Segments of an earlier window of the stream must have had lower ones.
   * @param newName Names that cannot be guessed: who knows one may fetch the segment.
   */
  constructor(firstNumber: number, newName: () => string) {
    this.firstNumber = firstNumber
    this.#nextNumber = firstNumber
    this.#newName = newName
    this.#nextName = newName()
  }

  /** The stream is over: nothing follows. */
  get isEnded(): boolean {
    return this.#isEnded
  }

  /** The segment that is not complete. */
  get open(): Segment | undefined {
    return this.#isOpen ? this.segments.at(-1) : undefined
  }

  /** A complete segment is there. */
  get hasSegment(): boolean {
    return this.segments.length > (this.#isOpen ? 1 : 0)
  }

  /** The number of the segment that is in progress or comes next. */
  get currentNumber(): number {
    return this.#isOpen ? this.#nextNumber - 1 : this.#nextNumber
  }

  /** The name of the part that comes next. */
  get nextPart(): string {
    const open = this.open
    return partName(open?.name ?? this.#nextName, open?.parts.length ?? 0)
  }

  /** Segments that playlists list: the newest ones; the older ones are kept for players with an older playlist. */
  get listed(): readonly Segment[] {
    const { windowMicros } = hlsLimits
    let duration = 0
    let first = this.segments.length
    while (first > 0 && duration < windowMicros) duration += this.segments[--first]!.duration
    return this.segments.slice(first)
  }

  /** Adds a part; `head` is that of its segment if it is the first one. */
  add(part: Part, head: SegmentHead): void {
    const segment = this.open ?? this.#begin(head)
    segment.parts.push(part)
    segment.duration += part.duration
    segment.byteLength += part.bytes.length
    this.bytes += part.bytes.length
    this.version++
    this.#trim()
  }

  /** The segment in progress, if any, is complete. */
  finish(): void {
    if (!this.#isOpen) return
    this.#isOpen = false
    this.version++
  }

  /** Nothing follows. */
  end(): void {
    this.finish()
    this.#isEnded = true
    this.version++
  }

  /** A playlist has what a reload waits for. A part behind the last of its segment is the first of the next one. */
  isThere({ segment, part }: Position): boolean {
    const current = this.currentNumber
    if (this.#isEnded || segment < current - 1) return true
    const parts = this.open?.parts.length ?? 0
    if (segment > current) return false
    if (segment === current) return part !== undefined && part < parts
    const before = this.segments.find(({ number }) => number === segment)
    return part === undefined || before === undefined || part < before.parts.length || parts > 0
  }

  /** A reload asks for something that is not next (section 6.2.5.2). */
  isTooFar({ segment }: Position): boolean {
    return segment > this.currentNumber + 1
  }

  find(file: string): Found {
    if (!this.#isEnded && file === this.nextPart) return 'soon'
    const init = this.segments.find((segment) => segment.init.name === file)?.init
    if (init !== undefined) return [init.bytes]
    const [, name, place] = SEGMENT_FILE.exec(file) ?? []
    const segment = this.segments.find((one) => one.name === name)
    if (segment === undefined || (place === undefined && segment === this.open)) return undefined
    const parts = place === undefined ? segment.parts : segment.parts.slice(Number(place), Number(place) + 1)
    return parts.length === 0 ? undefined : parts.map(({ bytes }) => bytes)
  }

  /** Forgets the oldest segment, but for the newest two: what memory allows comes before what players would like. */
  dropOldest(): boolean {
    if (this.segments.length <= 2) return false
    this.bytes -= this.segments.shift()!.byteLength
    return true
  }

  #begin(head: SegmentHead): Segment {
    if (head.isDiscontinuous) this.#discontinuities++
    const segment: Segment = {
      ...head,
      number: this.#nextNumber++,
      name: this.#nextName,
      discontinuities: this.#discontinuities,
      parts: [],
      ...{ duration: 0, byteLength: 0 },
    }
    this.#nextName = this.#newName()
    this.#isOpen = true
    this.segments.push(segment)
    return segment
  }

  #trim(): void {
    const { windowMicros, keptMicros, windowBytes } = hlsLimits
    let duration = this.segments.reduce((sum, segment) => sum + segment.duration, 0)
    for (;;) {
      const oldest = this.segments[0]!
      const isOld = duration - oldest.duration >= windowMicros + keptMicros
      if ((!isOld && this.bytes <= windowBytes) || !this.dropOldest()) return
      duration -= oldest.duration
    }
  }
}

const SEGMENT_FILE = /^([A-Za-z0-9_-]+)(?:\.(\d{1,4}))?\.m4s$/

/** `NAME.m4s`. */
export function segmentName(name: string): string {
  return `${name}.m4s`
}

/** `NAME.INDEX.m4s`. */
export function partName(name: string, index: number): string {
  return `${name}.${String(index)}.m4s`
}
