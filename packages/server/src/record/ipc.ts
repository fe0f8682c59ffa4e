import { FRAME_MESSAGE } from '@crossroom/media'
import type { JournalEvent, RecordingFormat } from './model/journal.js'
import type { RetentionRules } from './model/retention.js'

/*
 * Messages between the server and the record process. A stream of a recording has two channels, for its pictures and its
 * sound: twice its number, and that plus one.
 */
export const RECORD_MESSAGE = {
  /** To the process, once, first: `Settings`. */
  settings: 1,
  /** Begin a recording: `BeginOrder`. */
  begin: 2,
  config: 3,
  frame: FRAME_MESSAGE,
  /** A stream of a recording: `StreamOrder`. */
  stream: 5,
  /** What tracks the stream has: `TracksKnown`. */
  tracksKnown: 6,
  /** What follows is another segment. */
  cut: 7,
  /** No more of the stream. */
  close: 8,
  /** A line for a journal: `Told`. */
  note: 9,
  /** The recording is over, once its streams are: `EndOrder`. */
  end: 10,
  /** Delete its files: `EndOrder`. */
  forget: 11,
  /** To the server. All recordings that there are were told. */
  ready: 20,
  /** `Told`. */
  told: 21,
  /** `Trouble`. */
  trouble: 22,
} as const

/** An S3-compatible store. */
export interface UploadSettings {
  /** With the bucket, and what names begin with: `https://s3.example.org/BUCKET/PREFIX`. */
  readonly url: string
  readonly keyId: string
  readonly secret: string
  readonly region: string
}

export interface Settings {
  /** Of the key that signs manifests; it is made when it is not there. */
  readonly keyFile: string
  readonly retention: RetentionRules
  readonly upload: UploadSettings | undefined
  /** Absolute. */
  readonly folder: string
  readonly template: string
}

export interface BeginOrder {
  readonly id: string
  readonly stream?: string | undefined
  readonly room?: string | undefined
  readonly userId?: string | undefined
  readonly composite?: boolean | undefined
  readonly format: RecordingFormat
}

export interface StreamOrder {
  readonly recording: string
  /** `APP/STREAM`, `ROOM/USER/TYPE`. */
  readonly stream: string
  readonly segmentSeconds: number
  readonly segmentBytes: number
}

export interface TracksKnown {
  readonly video: boolean
  readonly audio: boolean
}

export interface EndOrder {
  readonly recording: string
  readonly why?: string | undefined
}

export interface Told {
  readonly recording: string
  readonly event: JournalEvent
}

/** What cannot be done at this time; a sentence, or that it is over. */
export interface Trouble {
  readonly part: 'disk' | 'store'
  readonly why: string | undefined
}
