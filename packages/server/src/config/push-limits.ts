import { KiB, MiB, SECOND } from './units.js'

/** Streams that are pushed to other servers, as limits.ts has the others. */
export const pushLimits = {
  /** Pushes at the same time, and those that one child process sends. */
  pushes: 1000,
  perChild: 16,
  /** Characters of an address, and of a bearer token. */
  urlChars: 2048,
  bearerChars: 2048,
  /** Redirects of HTTP in a row. */
  redirects: 5,
  /** A target that has not accepted the stream after this is left. */
  connectMicros: 10 * SECOND,
  /** Data that waits for a slow target; beyond it frames are left out up to the next keyframe. */
  waitingBytes: 4 * MiB,
  /** Sound that comes before the first picture waits for it as long as this, and as many bytes. */
  firstPictureMicros: 3 * SECOND,
  firstPictureBytes: 512 * KiB,
  /** Pause after a failure, doubled up to the maximum. */
  retryFirstMs: 500,
  retryMaxMs: 30_000,
  /** Pauses begin anew after a target took the stream for this long. */
  steadyMicros: 5 * SECOND,
  /** The same for a target that refuses the credentials. */
  deniedFirstMs: 5_000,
  deniedMaxMs: 60_000,
  /** A stream that is absent is waited for as long as this, and asked for again after this pause. */
  askMicros: 10 * SECOND,
  askAgainMicros: SECOND,
} as const
