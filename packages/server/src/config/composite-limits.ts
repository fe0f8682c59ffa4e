import { MiB, SECOND } from './units.js'

/** Composites: one picture of a whole room. */
export const compositeLimits = {
  /** At the same time: in total, and of one room. */
  composites: 64,
  perRoom: 8,
  /** Members in one picture; the others are heard only. */
  tiles: 16,
  /** Of the picture. */
  minSide: 64,
  maxSide: 3840,
  maxPixels: 1920 * 1080,
  maxFps: 30,
  /** A source without a new picture for this long is replaced by its name, unless its member says that it sends one. */
  holdMicros: 5 * SECOND,
  /** A background picture, and the time to read it. */
  imageBytes: 4 * MiB,
  /** Coded before a composite is accepted, to see what one costs here and now. */
  trialPictures: 12,
  trialMicros: 5 * SECOND,
  /** Of the time of a picture, and of all cores, composites may take this share. */
  cpuShare: 0.75,
  /** A composite that is this far behind leaves pictures out. */
  behindMicros: 500_000,
  /** The codec process of a room's composites: from its creation to its answer. */
  startMicros: 15 * SECOND,
} as const
