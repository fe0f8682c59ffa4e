import { expect } from 'vitest'

/** A part as a playlist lists it; times in microseconds. */
export interface ListedPart {
  readonly uri: string
  readonly duration: number
  readonly isIndependent: boolean
}

/** A segment as a playlist lists it. */
export interface ListedSegment {
  readonly number: number
  /** Undefined while it is in progress. */
  readonly uri: string | undefined
  readonly duration: number
  readonly parts: readonly ListedPart[]
  readonly discontinuity: number
  readonly isDiscontinuous: boolean
  readonly map: string
  readonly startsAt: number
}

export interface ListedPlaylist {
  readonly segments: readonly ListedSegment[]
  readonly hint: string | undefined
  readonly isEnded: boolean
  readonly target: number
  readonly partTarget: number
}

const micros = (text: string | undefined): number => Math.round(Number(text) * 1e6)

/** Reads a playlist as a player does, and holds it to the rules of RFC 8216bis that need no other playlist. */
export function readPlaylist(text: string): ListedPlaylist {
  const lines = text.split('\n')
  expect(lines.shift()).toBe('#EXTM3U')
  expect(lines.pop()).toBe('')
  const valueOf = (tag: string): string => {
    const found = lines.filter((line) => line.startsWith(`${tag}:`))
    expect(found, tag).toHaveLength(1)
    return found[0]!.slice(tag.length + 1)
  }
  const target = micros(valueOf('#EXT-X-TARGETDURATION'))
  const partTarget = micros(/^PART-TARGET=([\d.]+)$/.exec(valueOf('#EXT-X-PART-INF'))?.[1])
  const control = valueOf('#EXT-X-SERVER-CONTROL')
  expect(control).toContain('CAN-BLOCK-RELOAD=YES')
  expect(micros(/PART-HOLD-BACK=([\d.]+)/.exec(control)?.[1])).toBeGreaterThanOrEqual(3 * partTarget)
  expect(micros(/,HOLD-BACK=([\d.]+)/.exec(control)?.[1])).toBeGreaterThanOrEqual(3 * target)
  const segments: ListedSegment[] = []
  let number = Number(valueOf('#EXT-X-MEDIA-SEQUENCE'))
  let discontinuity = segmentsIn(lines) === 0 ? 0 : Number(valueOf('#EXT-X-DISCONTINUITY-SEQUENCE'))
  let map = ''
  let parts: ListedPart[] = []
  let [isDiscontinuous, startsAt, duration] = [false, NaN, 0]
  const finish = (uri: string | undefined): void => {
    const own = uri === undefined ? parts.reduce((sum, part) => sum + part.duration, 0) : duration
    segments.push({ number: number++, uri, duration: own, parts, discontinuity, isDiscontinuous, map, startsAt })
    parts = []
    ;[isDiscontinuous, startsAt] = [false, NaN]
  }
  for (const line of lines) {
    const attribute = (name: string): string => new RegExp(`[:,]${name}="?([^",]+)"?`).exec(line)![1]!
    if (line === '#EXT-X-DISCONTINUITY') {
      isDiscontinuous = true
      discontinuity++
    } else if (line.startsWith('#EXT-X-MAP:')) map = attribute('URI')
    else if (line.startsWith('#EXT-X-PROGRAM-DATE-TIME:')) startsAt = Date.parse(line.slice(25))
    else if (line.startsWith('#EXT-X-PART:')) {
      const isIndependent = line.includes(',INDEPENDENT=YES')
      parts.push({ uri: attribute('URI'), duration: micros(attribute('DURATION')), isIndependent })
    } else if (line.startsWith('#EXTINF:')) duration = micros(/^#EXTINF:([\d.]+),$/.exec(line)?.[1])
    else if (line !== '' && !line.startsWith('#')) finish(line)
  }
  if (parts.length > 0) finish(undefined)
  const hint = lines.find((line) => line.startsWith('#EXT-X-PRELOAD-HINT:TYPE=PART,'))
  const isEnded = lines.includes('#EXT-X-ENDLIST')
  const playlist = { segments, hint: /URI="([^"]+)"/.exec(hint ?? '')?.[1], isEnded, target, partTarget }
  expectRules(playlist)
  return playlist
}

function segmentsIn(lines: readonly string[]): number {
  return lines.filter((line) => /^#EXT-X-PART:|^[^#]/.test(line)).length
}

function expectRules({ segments, hint, isEnded, target, partTarget }: ListedPlaylist): void {
  expect(hint === undefined).toBe(isEnded)
  let left = segments.reduce((sum, { duration }) => sum + duration, 0)
  for (const [index, segment] of segments.entries()) {
    const { uri, duration, parts, map, startsAt } = segment
    expect(map).not.toBe('')
    expect(startsAt).not.toBeNaN()
    // Section 4.4.3.1.
    expect(Math.round(duration / 1e6) * 1e6).toBeLessThanOrEqual(target)
    const before = segments[index - 1]
    if (before !== undefined && !segment.isDiscontinuous) {
      expect(segment.map).toBe(before.map)
      expect(Math.abs(startsAt - before.startsAt - before.duration / 1000)).toBeLessThanOrEqual(2)
    }
    left -= duration
    // Section 4.4.4.9.
    if (parts.length > 0 && uri !== undefined)
      expect(Math.abs(parts.reduce((sum, part) => sum + part.duration, 0) - duration)).toBeLessThanOrEqual(parts.length)
    if (left >= 3 * target) expect(parts).toHaveLength(0)
    for (const [place, part] of parts.entries()) {
      expect(part.duration).toBeLessThanOrEqual(partTarget)
      if (place < parts.length - 1) expect(part.duration).toBeGreaterThanOrEqual(0.85 * partTarget)
    }
  }
}

/** A later playlist of the same stream: nothing that was listed has changed, and only the oldest is gone. */
export function expectContinues(earlier: ListedPlaylist, later: ListedPlaylist): void {
  expect([later.target, later.partTarget]).toEqual([earlier.target, earlier.partTarget])
  const first = later.segments[0]?.number ?? Infinity
  const before = earlier.segments[0]?.number
  if (before !== undefined) expect(first).toBeGreaterThanOrEqual(before)
  for (const segment of earlier.segments) {
    const now = later.segments.find(({ number }) => number === segment.number)
    if (segment.number < first) continue
    expect(now).toBeDefined()
    const { discontinuity, isDiscontinuous, map, startsAt } = segment
    expect(now).toMatchObject({ discontinuity, isDiscontinuous, map, startsAt })
    if (segment.uri !== undefined) expect(now).toMatchObject({ uri: segment.uri, duration: segment.duration })
    if (now!.parts.length > 0) expect(now!.parts.slice(0, segment.parts.length)).toEqual(segment.parts)
  }
  // Section 6.2.2: three target durations stay.
  if (before !== undefined && first > before)
    expect(later.segments.reduce((sum, { duration }) => sum + duration, 0)).toBeGreaterThanOrEqual(3 * later.target)
  // The hint said what would come next.
  const newest = later.segments.at(-1)
  const known = new Set(earlier.segments.flatMap(({ parts }) => parts.map(({ uri }) => uri)))
  const added =
    newest === undefined ? [] : later.segments.flatMap(({ parts }) => parts).filter(({ uri }) => !known.has(uri))
  const isNew = later.segments.some(({ number }) => number > (earlier.segments.at(-1)?.number ?? -1))
  if (added.length > 0 && (isNew || newest?.number === earlier.segments.at(-1)?.number) && earlier.hint !== undefined)
    expect(added.map(({ uri }) => uri)).toContain(earlier.hint)
}
