import type { ScriptData } from '@crossroom/media'

/** The time stamp of script data for a viewer who gets its frame at `frameMs`; never negative. */
export function scriptTimestampMs({ offset }: ScriptData, frameMs: number): number {
  return Math.max(0, frameMs + Math.round(offset / 1000))
}
