import type { Orientation } from '@crossroom/media'
import { snapshotLimits } from '../../config/limits.js'

/** The size of a decoded picture; `aspect` is the width of a pixel by its height (ITU-T H.264 section E.2.1). */
export interface DecodedSize {
  readonly width: number
  readonly height: number
  readonly aspect: number
}

/** Pixels of the scaled picture, before it is turned. */
export interface ScaledSize {
  readonly width: number
  readonly height: number
}

/**
 * The size to scale a picture to, so that it is `width` wide once it is turned. Its shape stays as it is shown; a picture
 * whose height would exceed the limit is narrower.
 */
export function scaledSize(decoded: DecodedSize, orientation: Orientation, width: number | undefined): ScaledSize {
  const isTurned = orientation % 180 !== 0
  const shownWidth = isTurned ? decoded.height : decoded.width * decoded.aspect
  const shownHeight = isTurned ? decoded.width * decoded.aspect : decoded.height
  const { maxPixels } = snapshotLimits
  const scale = Math.min((width ?? shownWidth) / shownWidth, maxPixels / shownWidth, maxPixels / shownHeight)
  const across = Math.max(1, Math.round(shownWidth * scale))
  const down = Math.max(1, Math.round(shownHeight * scale))
  return isTurned ? { width: down, height: across } : { width: across, height: down }
}
