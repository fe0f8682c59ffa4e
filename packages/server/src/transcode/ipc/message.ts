import type { CodecConfig, MediaFrame, Micros } from '@crossroom/media'
import { transcodeLimits } from '../../config/limits.js'

/**
 * The pipe between the server and a codec process carries messages of one shape, in both directions:
 *
 *   u32 length of what follows | u8 type | u8 flags | u16 units | u32 conversion | body        (big-endian)
 *
 * Only frames are frequent, so only they have a binary body; the others carry JSON or nothing.
 */
export const MESSAGE_TYPE = {
  /** To the codecs: begin a conversion. Body: JSON. */
  open: 1,
  close: 2,
  /** The frames that follow belong to this codec config. Body: JSON. */
  config: 3,
  frame: 4,
  /** To the codecs: no frame will come for a while, be it as if silence had come up to this time. Body: f64 pts. */
  advance: 5,
  /** To the server: codecs are loaded. Body: JSON. */
  ready: 6,
  /** To the server: this conversion cannot go on. Body: JSON. */
  failed: 7,
  ping: 8,
  pong: 9,
  /** To the codecs: let the next picture be a keyframe. */
  keyframe: 10,
  /** To the codecs: another order for a conversion that runs. Body: JSON. */
  update: 11,
} as const

/** Type, flags, units, conversion. */
export const MESSAGE_HEADER_LENGTH = 4 + 1 + 1 + 2 + 4
/** pts, dts, receivedAt, captureTime: four f64. */
const FRAME_FIELDS_LENGTH = 4 * 8
const UNIT_LENGTH_SIZE = 4

const FLAG_KEYFRAME = 1
const FLAG_DROPPABLE = 2
const FLAG_CAPTURE_TIME = 4
const FLAG_WARM_UP = 8

/** One message as it was received. `body` is a view that is valid only while it is handled. */
export interface Message {
  readonly type: number
  readonly flags: number
  readonly units: number
  readonly conversion: number
  readonly body: Uint8Array
}

export function byteLengthOfFrameMessage(frame: MediaFrame): number {
  let length = MESSAGE_HEADER_LENGTH + FRAME_FIELDS_LENGTH
  for (const unit of frame.units) length += UNIT_LENGTH_SIZE + unit.length
  return length
}

/**
 * A frame message, ready to be written; its config is known to both sides. `warmUp`: to be decoded so that later frames can
 * be, but not to be encoded. Undefined when the frame is larger than a message may be.
 */
export function frameMessage(conversion: number, frame: MediaFrame, warmUp = false): Uint8Array | undefined {
  const length = byteLengthOfFrameMessage(frame)
  if (length > transcodeLimits.messageBytes || frame.units.length > 0xffff) return undefined
  const out = new Uint8Array(length)
  const view = new DataView(out.buffer)
  const flags =
    (frame.keyframe ? FLAG_KEYFRAME : 0) |
    (frame.droppable ? FLAG_DROPPABLE : 0) |
    (frame.captureTime === undefined ? 0 : FLAG_CAPTURE_TIME) |
    (warmUp ? FLAG_WARM_UP : 0)
  writeHeader(view, MESSAGE_TYPE.frame, flags, frame.units.length, conversion)
  let offset = MESSAGE_HEADER_LENGTH
  view.setFloat64(offset, frame.pts)
  view.setFloat64(offset + 8, frame.dts)
  view.setFloat64(offset + 16, frame.receivedAt)
  view.setFloat64(offset + 24, frame.captureTime ?? 0)
  offset += FRAME_FIELDS_LENGTH
  for (const unit of frame.units) {
    view.setUint32(offset, unit.length)
    out.set(unit, offset + UNIT_LENGTH_SIZE)
    offset += UNIT_LENGTH_SIZE + unit.length
  }
  return out
}

/** See `frameMessage`. */
export function isWarmUp(message: Message): boolean {
  return (message.flags & FLAG_WARM_UP) !== 0
}

/**
 * The frame of a frame message; the units are copies, for the message's bytes are used again.
 * Undefined when the body is not what its header says.
 */
export function parseFrameMessage(message: Message, config: CodecConfig): MediaFrame | undefined {
  const { body, flags } = message
  if (body.length < FRAME_FIELDS_LENGTH) return undefined
  const view = new DataView(body.buffer, body.byteOffset, body.length)
  const units: Uint8Array[] = []
  let offset = FRAME_FIELDS_LENGTH
  for (let index = 0; index < message.units; index++) {
    if (offset + UNIT_LENGTH_SIZE > body.length) return undefined
    const start = offset + UNIT_LENGTH_SIZE
    offset = start + view.getUint32(offset)
    if (offset > body.length) return undefined
    // Not slice: of a Buffer that would be a view, and keep the whole chunk alive.
    units.push(new Uint8Array(body.subarray(start, offset)))
  }
  if (offset !== body.length) return undefined
  const frame = {
    config,
    pts: view.getFloat64(0),
    dts: view.getFloat64(8),
    keyframe: (flags & FLAG_KEYFRAME) !== 0,
    units,
    receivedAt: view.getFloat64(16),
    droppable: (flags & FLAG_DROPPABLE) !== 0,
  }
  return (flags & FLAG_CAPTURE_TIME) === 0 ? frame : { ...frame, captureTime: view.getFloat64(24) }
}

/** A message without a frame: JSON in its body, or nothing. */
export function controlMessage(type: number, conversion: number, content?: unknown): Uint8Array {
  const text = content === undefined ? new Uint8Array(0) : Buffer.from(JSON.stringify(content))
  const out = new Uint8Array(MESSAGE_HEADER_LENGTH + text.length)
  writeHeader(new DataView(out.buffer), type, 0, 0, conversion)
  out.set(text, MESSAGE_HEADER_LENGTH)
  return out
}

/** The JSON of a control message; undefined when it is none. Its shape is for the caller to check. */
export function parseControl(message: Message): unknown {
  try {
    return JSON.parse(Buffer.from(message.body).toString()) as unknown
  } catch {
    return undefined
  }
}

export function advanceMessage(conversion: number, pts: Micros): Uint8Array {
  const out = new Uint8Array(MESSAGE_HEADER_LENGTH + 8)
  const view = new DataView(out.buffer)
  writeHeader(view, MESSAGE_TYPE.advance, 0, 0, conversion)
  view.setFloat64(MESSAGE_HEADER_LENGTH, pts)
  return out
}

export function parseAdvance(message: Message): Micros | undefined {
  const { body } = message
  return body.length === 8 ? new DataView(body.buffer, body.byteOffset, 8).getFloat64(0) : undefined
}

function writeHeader(view: DataView, type: number, flags: number, units: number, conversion: number): void {
  view.setUint32(0, view.byteLength - 4)
  view.setUint8(4, type)
  view.setUint8(5, flags)
  view.setUint16(6, units)
  view.setUint32(8, conversion)
}
