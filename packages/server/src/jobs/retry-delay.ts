/** Pauses between attempts, in milliseconds. */
export interface RetryLimits {
  readonly firstMs: number
  readonly maxMs: number
}

/** 2^30 first pauses are longer than any limit. */
const MAX_DOUBLINGS = 30

/**
 * The pause before the next attempt, in milliseconds: doubled with each failure up to the maximum, and between half of
 * that and all of it, so that the jobs of a server that was away do not come back at the same moment.
 * @param failures in a row, at least 1
 * @param random 0 to 1, 1 excluded
 */
export function retryDelayMs(failures: number, { firstMs, maxMs }: RetryLimits, random: () => number): number {
  const longest = Math.min(maxMs, firstMs * 2 ** Math.min(failures - 1, MAX_DOUBLINGS))
  return Math.round((longest / 2) * (1 + random()))
}
