/** What stands where nothing is known. */
export const NONE = '–'

/** `812 kbit/s`, `2.41 Mbit/s`; a dash when unknown. */
export function bitrateText(bytesPerSecond: number | undefined): string {
  if (bytesPerSecond === undefined) return NONE
  const kilobits = (bytesPerSecond * 8) / 1000
  return kilobits < 1000 ? `${kilobits.toFixed(0)} kbit/s` : `${(kilobits / 1000).toFixed(2)} Mbit/s`
}

/** `1280 × 720` */
export function sizeText(width: number, height: number): string {
  return `${String(width)} × ${String(height)}`
}

/** `25 fps`; a dash when unknown. */
export function rateText(picturesPerSecond: number | undefined): string {
  return picturesPerSecond === undefined ? NONE : `${picturesPerSecond.toFixed(0)} fps`
}

/** `120 ms`, `1.25 s`; a dash when unknown. */
export function delayText(ms: number | undefined): string {
  if (ms === undefined) return NONE
  return ms < 1000 ? `${ms.toFixed(0)} ms` : `${(ms / 1000).toFixed(2)} s`
}

/** The growth of a counter per second; undefined without an earlier value, or after a restart. */
export function growth(
  before: { readonly atMs: number; readonly count: number | undefined } | undefined,
  now: { readonly atMs: number; readonly count: number | undefined },
): number | undefined {
  if (before?.count === undefined || now.count === undefined || now.count < before.count) return undefined
  const seconds = (now.atMs - before.atMs) / 1000
  return seconds <= 0 ? undefined : (now.count - before.count) / seconds
}
