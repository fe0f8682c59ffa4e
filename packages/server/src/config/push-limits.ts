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
  /** An offer or an answer of WHIP. */
  answerBytes: 64 * KiB,
  /** A target that is told that its session ends has this long to answer. */
  leaveMs: 2_000,
  /** A target that has not accepted the stream after this is left. */
  connectMicros: 10 * SECOND,
  /** A target that takes nothing for this long, while data waits for it, is left. */
  stallMicros: 10 * SECOND,
  /** A child process without pushes ends after this. */
  childLingerMicros: 10 * SECOND,
  /** A child process that does not answer for this long is ended. */
  childSilentMicros: 10 * SECOND,
  childPingMicros: 2 * SECOND,
  /** Frames that wait for a child process; beyond it they are left out up to the next keyframe. */
  childQueueBytes: 16 * MiB,
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
} as const
