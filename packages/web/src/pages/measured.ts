import { totalDelay } from '@crossroom/client/stream'
import { growth } from '../i18n/figures.js'
import type { Sample } from '@crossroom/client/stream'

/** Measurements of one video on the wall; absent means unknown. */
export interface Measured {
  /** Milliseconds, from the server to the screen. */
  readonly delayMs?: number
  /** Over the last interval. */
  readonly bytesPerSecond?: number
  readonly picturesPerSecond?: number
  /** Pictures that were decoded and never shown, and packets that never came. */
  readonly dropped: number
  readonly width: number
  readonly height: number
}

/** A look at a player and its video element. */
export interface Look {
  readonly atMs: number
  readonly sample: Sample
  readonly droppedPictures: number
  readonly width: number
  readonly height: number
}

/** What changed between two looks. */
export function measure(before: Look | undefined, now: Look): Measured {
  const perSecond = (field: 'bytes' | 'pictures'): number | undefined =>
    growth(before && { atMs: before.atMs, count: before.sample[field] }, { atMs: now.atMs, count: now.sample[field] })
  const delayMs = totalDelay(now.sample.delay)
  const bytesPerSecond = perSecond('bytes')
  const picturesPerSecond = now.width === 0 ? undefined : perSecond('pictures')
  return {
    ...(delayMs === undefined ? {} : { delayMs }),
    ...(bytesPerSecond === undefined ? {} : { bytesPerSecond }),
    ...(picturesPerSecond === undefined ? {} : { picturesPerSecond }),
    dropped: now.droppedPictures + Math.max(0, now.sample.packetsLost ?? 0),
    width: now.width,
    height: now.height,
  }
}

/** The sums over a wall. */
export interface Totals {
  readonly worstDelayMs?: number
  readonly bytesPerSecond: number
  readonly dropped: number
}

export function totalsOf(all: readonly Measured[]): Totals {
  const delays = all.flatMap(({ delayMs }) => (delayMs === undefined ? [] : [delayMs]))
  return {
    ...(delays.length === 0 ? {} : { worstDelayMs: Math.max(...delays) }),
    bytesPerSecond: all.reduce((sum, { bytesPerSecond = 0 }) => sum + bytesPerSecond, 0),
    dropped: all.reduce((sum, { dropped }) => sum + dropped, 0),
  }
}
