import type { Micros } from '@crossroom/media'
import { hlsLimits } from '../../config/index.js'
import { partName, segmentName, type HlsWindow, type Segment } from './window.js'

/** Players stay this many parts behind the end, and this many segments if they do not know parts (section 4.4.3.8). */
const PARTS_BEHIND = 3
const SEGMENTS_BEHIND = 3
/** Parts are listed this far from the end, in segments (section 4.4.4.9). */
const SEGMENTS_WITH_PARTS = 3

/** What never changes, for players stop at a change: the longest part and the longest segment. */
const HEAD = [
  '#EXTM3U',
  '#EXT-X-VERSION:9',
  `#EXT-X-TARGETDURATION:${String(Math.round(hlsLimits.segmentMicros / 1e6))}`,
  `#EXT-X-SERVER-CONTROL:CAN-BLOCK-RELOAD=YES,PART-HOLD-BACK=${seconds(PARTS_BEHIND * hlsLimits.partMicros)},` +
    `HOLD-BACK=${seconds(SEGMENTS_BEHIND * hlsLimits.segmentMicros)}`,
  `#EXT-X-PART-INF:PART-TARGET=${seconds(hlsLimits.partMicros)}`,
]

/** The media playlist of a window (RFC 8216bis section 4.4). */
export function playlistOf(window: HlsWindow): string {
  const { listed } = window
  const lines = [...HEAD, `#EXT-X-MEDIA-SEQUENCE:${String(listed[0]?.number ?? window.firstNumber)}`]
  const first = listed[0]
  // The tag of the first segment counts itself.
  if (first !== undefined)
    lines.push(`#EXT-X-DISCONTINUITY-SEQUENCE:${String(first.discontinuities - Number(first.isDiscontinuous))}`)
  let rest = listed.reduce((sum, { duration }) => sum + duration, 0)
  for (const [index, segment] of listed.entries()) {
    rest -= segment.duration
    const hasParts = !window.isEnded && rest < SEGMENTS_WITH_PARTS * hlsLimits.segmentMicros
    if (segment.isDiscontinuous) lines.push('#EXT-X-DISCONTINUITY')
    if (segment.init !== listed[index - 1]?.init) lines.push(`#EXT-X-MAP:URI="${segment.init.name}"`)
    lines.push(`#EXT-X-PROGRAM-DATE-TIME:${new Date(segment.startsAtMs).toISOString()}`)
    if (hasParts || segment === window.open) lines.push(...partLines(segment))
    if (segment !== window.open) lines.push(`#EXTINF:${seconds(segment.duration)},`, segmentName(segment.name))
  }
  lines.push(window.isEnded ? '#EXT-X-ENDLIST' : `#EXT-X-PRELOAD-HINT:TYPE=PART,URI="${window.nextPart}"`)
  return `${lines.join('\n')}\n`
}

function partLines({ name, parts }: Segment): string[] {
  return parts.map(({ duration, isIndependent }, index) => {
    const independent = isIndependent ? ',INDEPENDENT=YES' : ''
    return `#EXT-X-PART:DURATION=${seconds(duration)},URI="${partName(name, index)}"${independent}`
  })
}

function seconds(micros: Micros): string {
  return String(micros / 1e6)
}
