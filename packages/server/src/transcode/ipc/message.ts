import { FRAME_MESSAGE, WIRE_HEADER_LENGTH, writeWireHeader, type Micros, type WireMessage } from '@crossroom/media'

/** The messages between the server and a codec process. Each channel is one conversion. */
export const MESSAGE_TYPE = {
  /** To the codecs: begin a conversion. Body: JSON. */
  open: 1,
  close: 2,
  /** The frames that follow belong to this codec config. Body: JSON. */
  config: 3,
  frame: FRAME_MESSAGE,
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

export function advanceMessage(channel: number, pts: Micros): Uint8Array {
  const out = new Uint8Array(WIRE_HEADER_LENGTH + 8)
  const view = new DataView(out.buffer)
  writeWireHeader(view, { type: MESSAGE_TYPE.advance, flags: 0, units: 0, channel })
  view.setFloat64(WIRE_HEADER_LENGTH, pts)
  return out
}

export function parseAdvance(message: WireMessage): Micros | undefined {
  const { body } = message
  return body.length === 8 ? new DataView(body.buffer, body.byteOffset, 8).getFloat64(0) : undefined
}
