import { KiB, MiB, SECOND } from './units.js'

/** Recordings, as limits.ts has the others. */
export const recordLimits = {
  /** Recordings that run at the same time. */
  running: 1000,
  /** Streams of one recording, which are its room's members and their screens. */
  streams: 256,
  /** Recordings that are listed, with those that ended; the oldest that ended are forgotten first. */
  listed: 10_000,
  /** Segments of one recording; after them it ends. */
  segments: 100_000,
  /** Members of a room that the manifest of a recording tells of. */
  presences: 100_000,
  /** Characters of a template of paths, and of a path that is made of one. */
  pathChars: 512,
  /** The shortest and the longest that a segment may last. */
  minSegmentSeconds: 1,
  maxSegmentSeconds: 86_400,
  /** Media is written so often; what was not written is lost when the process is killed. */
  flushMicros: SECOND / 2,
  /** Frames that wait until both tracks of a stream are known, as long as this. */
  tracksMicros: 2 * SECOND,
  /** The same in bytes. */
  tracksBytes: 16 * MiB,
  /** Bytes that wait for the disk, per stream; beyond them its frames are left out until the disk has written half. */
  diskWaitingBytes: 32 * MiB,
  /** Bytes that wait for the record process; beyond them frames are left out up to the next keyframe. */
  pipeBytes: 64 * MiB,
  /** A recording of a rule ends when its publisher does not come back within this. */
  graceMicros: 16 * SECOND,
  /** Of the record process: pause before it is started again, doubled up to the maximum. */
  restartFirstMicros: SECOND / 10,
  restartMaxMicros: 10 * SECOND,
  /** At the end of the server the record process has this long to finish its files. */
  finishMicros: 10 * SECOND,
  /** When the disk refused a write, it is tried again after this time. */
  diskRetryMicros: 5 * SECOND,
  /** Deletion by age and space looks this often. */
  retentionMicros: 30 * SECOND,
  /** Pause after an upload that failed, doubled up to the maximum. */
  uploadRetryFirstMs: 1_000,
  uploadRetryMaxMs: 300_000,
  /** A store that takes and says nothing for this long has failed. */
  uploadSilentMs: 30_000,
  /** Bytes of a segment that is uploaded: stores take no larger file in one piece. */
  uploadBytes: 4096 * MiB,
  /** A line of a journal; a longer one is not written. */
  journalLineBytes: 16 * KiB,
  /** Bytes that are read at once to recover and to verify files. */
  readBytes: MiB,
} as const
