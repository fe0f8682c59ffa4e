/** Pixels along one side of a picture that is worth carrying. */
export const MIN_PICTURE_SIDE = 16
export const MAX_PICTURE_SIDE = 8192
/** Luma samples of one picture: 36 864 macroblocks of 16 × 16, level 5.1 of H.264. */
export const MAX_PICTURE_SAMPLES = 36_864 * 16 * 16
/** Faster than any camera; beyond it an announced rate is a mistake. */
export const MAX_FRAME_RATE = 300

/** Whether a picture of this size, in pixels, is within the limits. */
export function isAcceptablePictureSize(width: number, height: number): boolean {
  return (
    width >= MIN_PICTURE_SIDE &&
    height >= MIN_PICTURE_SIDE &&
    width <= MAX_PICTURE_SIDE &&
    height <= MAX_PICTURE_SIDE &&
    width * height <= MAX_PICTURE_SAMPLES
  )
}

/** The frame rate of a VUI time base, undefined when it is absurd. */
export function frameRateOf(timeScale: number, unitsInTick: number): number | undefined {
  const rate = timeScale / unitsInTick
  return rate > 0 && rate <= MAX_FRAME_RATE ? rate : undefined
}
