import type { RecordingState, SegmentState } from './journal.js'

/** When files are deleted; 0 means never for that reason. */
export interface RetentionRules {
  readonly afterHours: number
  readonly maxMegabytes: number
  readonly minFreeMegabytes: number
  /** Only what the store has confirmed may go. */
  readonly keepsUntilUploaded: boolean
}

export interface Doomed {
  readonly recording: RecordingState
  readonly segment: SegmentState
}

const HOUR_MS = 3_600_000
const MEGABYTE = 1_000_000

/** The files to delete now, oldest first. Files that are written are never among them. */
export function toDelete(
  recordings: Iterable<RecordingState>,
  rules: RetentionRules,
  { nowMs, freeBytes }: { readonly nowMs: number; readonly freeBytes: number },
): Doomed[] {
  const kept: Doomed[] = []
  for (const recording of recordings)
    for (const segment of recording.segments.values())
      if (segment.closed !== undefined && !segment.deleted) kept.push({ recording, segment })
  kept.sort((one, other) => one.segment.startedAt - other.segment.startedAt)
  const { afterHours, maxMegabytes, minFreeMegabytes, keepsUntilUploaded } = rules
  const total = kept.reduce((sum, { segment }) => sum + segment.closed!.bytes, 0)
  let tooMany = Math.max(
    maxMegabytes === 0 ? 0 : total - maxMegabytes * MEGABYTE,
    minFreeMegabytes === 0 ? 0 : minFreeMegabytes * MEGABYTE - freeBytes,
  )
  const doomed: Doomed[] = []
  for (const one of kept) {
    const { startedAt, closed, uploaded } = one.segment
    const isOld = afterHours > 0 && startedAt + closed!.durationMs < nowMs - afterHours * HOUR_MS
    if ((!isOld && tooMany <= 0) || (keepsUntilUploaded && !uploaded)) continue
    tooMany -= closed!.bytes
    doomed.push(one)
  }
  return doomed
}
