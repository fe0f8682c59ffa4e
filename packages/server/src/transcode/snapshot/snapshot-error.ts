/** Why there is no picture. */
export type SnapshotErrorCode =
  'NO_PUBLISHER' | 'NO_VIDEO' | 'VIDEO_WITHHELD' | 'NO_KEYFRAME' | 'PICTURE_BROKEN' | 'SNAPSHOTS_BUSY' | 'NO_CODECS'

/** A picture that cannot be had, with a sentence. */
export class SnapshotError extends Error {
  readonly code: SnapshotErrorCode

  constructor(code: SnapshotErrorCode, message: string) {
    super(message)
    this.code = code
  }
}
