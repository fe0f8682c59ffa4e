/** The file formats of a snapshot. */
export type SnapshotFormat = 'jpeg' | 'webp'

/** Told to the codec process: make a file of the last picture that is sent; earlier ones, sent as a warm-up, only lead to it. */
export interface SnapshotOrder {
  readonly kind: 'snapshot'
  readonly format: SnapshotFormat
  /** Pixels as shown, after rotation; absent, as many as the picture has. */
  readonly width?: number
}
