export { problemOfTemplate } from './model/path-template.js'
export { recordingFormats } from './model/journal.js'
export {
  RecordRefused,
  Recordings,
  type RecordEvent,
  type RecordingInfo,
  type RecordingsOptions,
  type SegmentInfo,
} from './recordings.js'
export { verifyFolder, type Verdict } from './verify.js'
export { parseRecordRule, recordingKind, recordRequest, type RecordRule, type RecordSpec } from './spec.js'
