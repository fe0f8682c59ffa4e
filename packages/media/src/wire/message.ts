import type { Micros } from '../machine/index.js'
import { byteLengthOfUtf8, decodeUtf8, writeUtf8 } from '../bytes/utf8.js'
import type { CodecConfig, MediaFrame, ScriptData } from '../model/frame.js'
import { wireLimits } from './limits.js'

/*
 * Messages of one shape carry frames between processes and between nodes, in both directions:
 *
 *   u32 length of what follows | u8 type | u8 flags | u16 units | u32 channel | body        (big-endian)
 *
 * A channel carries one stream or one conversion. Only frames are frequent, so only they have a binary body here; other
 * types belong to their users and hold JSON, or nothing.
 */

/** The type of a frame message; all other numbers are free. */
export const FRAME_MESSAGE = 4

/** Length, type, flags, units, channel. */
export const WIRE_HEADER_LENGTH = 4 + 1 + 1 + 2 + 4
/** pts, dts, receivedAt, captureTime: four f64. */
const FRAME_FIELDS_LENGTH = 4 * 8
const UNIT_LENGTH_SIZE = 4

const FLAG_KEYFRAME = 1
const FLAG_DROPPABLE = 2
const FLAG_CAPTURE_TIME = 4
const FLAG_WARM_UP = 8
/** The body ends with one byte more: the level. */
const FLAG_AUDIO_LEVEL = 16
/** The body ends with two bytes more: pictures until a whole one, of a recovery point. */
const FLAG_RECOVERY = 32
const MAX_RECOVERY = 0xffff
/** Behind the units: u8 messages, each f64 offset, u32 length, bytes. */
const FLAG_SCRIPT = 64
const SCRIPT_FIELDS_LENGTH = 8 + 4

/** One message as it was received. `body` is a view that is valid only while it is handled. */
export interface WireMessage {
  readonly type: number
  readonly flags: number
  readonly units: number
  readonly channel: number
  readonly body: Uint8Array
}

export function byteLengthOfFrameMessage(frame: MediaFrame): number {
  let length = WIRE_HEADER_LENGTH + FRAME_FIELDS_LENGTH
  if (frame.audioLevel !== undefined) length += 1
  if (frame.recovery !== undefined) length += 2
  if (frame.script !== undefined) {
    length += 1
    for (const { body } of frame.script) length += SCRIPT_FIELDS_LENGTH + body.length
  }
  for (const unit of frame.units) length += UNIT_LENGTH_SIZE + unit.length
  return length
}

/**
 * A frame message, ready to be sent; both sides know its config. `warmUp`: to be decoded so that later frames can be, but
 * not to be encoded. Undefined when the frame is larger than a message may be.
 */
export function frameMessage(channel: number, frame: MediaFrame, warmUp = false): Uint8Array | undefined {
  const length = byteLengthOfFrameMessage(frame)
  if (length > wireLimits.messageBytes || frame.units.length > wireLimits.units) return undefined
  if (frame.script !== undefined && frame.script.length > wireLimits.scripts) return undefined
  const out = new Uint8Array(length)
  const view = new DataView(out.buffer)
  const flags =
    (frame.keyframe ? FLAG_KEYFRAME : 0) |
    (frame.droppable ? FLAG_DROPPABLE : 0) |
    (frame.captureTime === undefined ? 0 : FLAG_CAPTURE_TIME) |
    (frame.audioLevel === undefined ? 0 : FLAG_AUDIO_LEVEL) |
    (frame.recovery === undefined ? 0 : FLAG_RECOVERY) |
    (frame.script === undefined ? 0 : FLAG_SCRIPT) |
    (warmUp ? FLAG_WARM_UP : 0)
  writeWireHeader(view, { type: FRAME_MESSAGE, flags, units: frame.units.length, channel })
  let offset = WIRE_HEADER_LENGTH
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
  if (frame.script !== undefined) offset = writeScript(frame.script, out, view, offset)
  if (frame.audioLevel !== undefined) out[offset++] = frame.audioLevel
  if (frame.recovery !== undefined) view.setUint16(offset, Math.min(frame.recovery, MAX_RECOVERY))
  return out
}

function writeScript(script: readonly ScriptData[], out: Uint8Array, view: DataView, start: number): number {
  out[start] = script.length
  let offset = start + 1
  for (const { body, offset: at } of script) {
    view.setFloat64(offset, at)
    view.setUint32(offset + 8, body.length)
    out.set(body, offset + SCRIPT_FIELDS_LENGTH)
    offset += SCRIPT_FIELDS_LENGTH + body.length
  }
  return offset
}

/** See `frameMessage`. */
export function isWarmUp(message: WireMessage): boolean {
  return (message.flags & FLAG_WARM_UP) !== 0
}

/**
 * The frame of a frame message; the units are copies, for the message's bytes are used again. Undefined when the body is
 * not what its header says. `toLocal` maps the sender's times to this clock: those of arrival and capture.
 */
export function parseFrameMessage(
  message: WireMessage,
  config: CodecConfig,
  toLocal: (time: Micros) => Micros = (time) => time,
): MediaFrame | undefined {
  const { body, flags } = message
  const hasLevel = (flags & FLAG_AUDIO_LEVEL) !== 0
  const isRecovery = (flags & FLAG_RECOVERY) !== 0
  const end = body.length - (hasLevel ? 1 : 0) - (isRecovery ? 2 : 0)
  if (end < FRAME_FIELDS_LENGTH || message.units > wireLimits.units) return undefined
  const view = new DataView(body.buffer, body.byteOffset, body.length)
  const pts = view.getFloat64(0)
  const dts = view.getFloat64(8)
  const receivedAt = view.getFloat64(16)
  const captureTime = view.getFloat64(24)
  if (!(Number.isFinite(pts) && Number.isFinite(dts) && Number.isFinite(receivedAt + captureTime))) return undefined
  const units: Uint8Array[] = []
  let offset = FRAME_FIELDS_LENGTH
  for (let index = 0; index < message.units; index++) {
    if (offset + UNIT_LENGTH_SIZE > end) return undefined
    const start = offset + UNIT_LENGTH_SIZE
    offset = start + view.getUint32(offset)
    if (offset > end) return undefined
    // Not slice: of a Buffer that would be a view, and keep the whole chunk alive.
    units.push(new Uint8Array(body.subarray(start, offset)))
  }
  const script = (flags & FLAG_SCRIPT) === 0 ? undefined : parseScript(body.subarray(offset, end))
  if (script === undefined ? offset !== end || (flags & FLAG_SCRIPT) !== 0 : script.length === 0) return undefined
  const keyframe = (flags & FLAG_KEYFRAME) !== 0
  const droppable = (flags & FLAG_DROPPABLE) !== 0
  // Written one by one: objects that are only spread into this one cost more than all the rest.
  const frame: Writable<MediaFrame> = { config, pts, dts, units, receivedAt: toLocal(receivedAt), keyframe, droppable }
  if ((flags & FLAG_CAPTURE_TIME) !== 0) frame.captureTime = toLocal(captureTime)
  if (hasLevel) frame.audioLevel = body[end]!
  if (isRecovery) frame.recovery = view.getUint16(body.length - 2)
  if (script !== undefined) frame.script = script
  return frame
}

type Writable<Type> = { -readonly [Field in keyof Type]: Type[Field] }

/** Undefined when it is not what its lengths say. */
function parseScript(bytes: Uint8Array): ScriptData[] | undefined {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length)
  const script: ScriptData[] = []
  const count = bytes[0] ?? 0
  if (count > wireLimits.scripts) return undefined
  let offset = 1
  for (let index = 0; index < count; index++) {
    const start = offset + SCRIPT_FIELDS_LENGTH
    if (start > bytes.length) return undefined
    const at = view.getFloat64(offset)
    offset = start + view.getUint32(offset + 8)
    if (offset > bytes.length || !Number.isFinite(at)) return undefined
    script.push({ body: new Uint8Array(bytes.subarray(start, offset)), offset: at })
  }
  return offset === bytes.length ? script : undefined
}

/** A message without a frame: JSON in its body, or nothing. */
export function controlMessage(type: number, channel: number, content?: unknown): Uint8Array {
  const text = content === undefined ? '' : JSON.stringify(content)
  const out = new Uint8Array(WIRE_HEADER_LENGTH + byteLengthOfUtf8(text))
  writeWireHeader(new DataView(out.buffer), { type, flags: 0, units: 0, channel })
  writeUtf8(text, out, WIRE_HEADER_LENGTH)
  return out
}

/** The JSON of a control message; undefined when it is none, or longer than the limit. Its shape is for the caller to check. */
export function parseControl(message: WireMessage): unknown {
  if (message.body.length > wireLimits.jsonChars) return undefined
  try {
    return JSON.parse(decodeUtf8(message.body)) as unknown
  } catch {
    return undefined
  }
}

/** Writes the header of a message that fills the view. */
export function writeWireHeader(view: DataView, header: Omit<WireMessage, 'body'>): void {
  view.setUint32(0, view.byteLength - 4)
  view.setUint8(4, header.type)
  view.setUint8(5, header.flags)
  view.setUint16(6, header.units)
  view.setUint32(8, header.channel)
}
