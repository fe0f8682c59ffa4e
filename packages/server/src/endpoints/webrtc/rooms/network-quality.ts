import type { Micros } from '@crossroom/media'
import type { NetworkQuality } from '@crossroom/protocol'

/** Measurements of one direction of a browser's path. */
export interface PathFigures {
  readonly isConnected: boolean
  /** There was a connection once: without one now, the path is down and not merely unused. */
  readonly wasConnected: boolean
  /** Undefined while unknown. */
  readonly roundTrip: Micros | undefined
  /** Share of packets that the network lost lately, 0 to 1. */
  readonly lossFraction: number
  /** Share of the media for which the path has bandwidth, 0 to 1; 1 without other evidence. */
  readonly room: number
}

interface Grade {
  readonly quality: NetworkQuality
  readonly lossFraction: number
  readonly roundTrip: Micros
  readonly room: number
}

const MS: Micros = 1000

/** The best grade all of whose limits hold. Repair hides a loss of a few percent; beyond 400 ms people talk into each other. */
const GRADES: readonly Grade[] = [
  { quality: 1, lossFraction: 0.01, roundTrip: 100 * MS, room: 1 },
  { quality: 2, lossFraction: 0.03, roundTrip: 200 * MS, room: 1 },
  { quality: 3, lossFraction: 0.08, roundTrip: 400 * MS, room: 0.9 },
  { quality: 4, lossFraction: 0.2, roundTrip: 800 * MS, room: 0.5 },
]

/** From 1 (best) to 5 by loss, round trip and room; 6 when the connection is lost, 0 when there was none. */
export function networkQualityOf(path: PathFigures): NetworkQuality {
  if (!path.isConnected) return path.wasConnected ? 6 : 0
  const { lossFraction, roundTrip = 0, room } = path
  const grade = GRADES.find(
    (limit) => lossFraction <= limit.lossFraction && roundTrip <= limit.roundTrip && room >= limit.room,
  )
  return grade?.quality ?? 5
}
