import { MAX_NAL_UNITS } from '../nal/length-prefixed.js'

/** Limits of one message between processes or nodes. */
export const wireLimits = {
  /** Bytes of a message behind its length; a frame of the largest accepted size fits. */
  messageBytes: 10 * 1024 * 1024,
  /** Units of a frame. */
  units: MAX_NAL_UNITS,
  /** Messages of script data of a frame. */
  scripts: 32,
  /** Characters of the JSON of a control message. */
  jsonChars: 1024 * 1024,
  /** Bytes of a codec's configuration record, and of each parameter set. */
  descriptionBytes: 64 * 1024,
  parameterSets: 256,
  /** Characters of a codec string. */
  codecStringChars: 64,
} as const
