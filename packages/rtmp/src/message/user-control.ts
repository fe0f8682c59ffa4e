/** Event types of User Control messages (RTMP 1.0, section 7.1.7). */
export const UserControlEvent = {
  streamBegin: 0,
  streamEof: 1,
  streamDry: 2,
  setBufferLength: 3,
  streamIsRecorded: 4,
  pingRequest: 6,
  pingResponse: 7,
} as const

/** An event and the number behind it: a stream id, or the time of a ping. Set Buffer Length has a second one, left out. */
export interface UserControl {
  readonly event: number
  readonly value: number
}

export function parseUserControl(payload: Uint8Array): UserControl | undefined {
  if (payload.length < 6) return undefined
  const event = (payload[0]! << 8) | payload[1]!
  const value = ((payload[2]! << 24) | (payload[3]! << 16) | (payload[4]! << 8) | payload[5]!) >>> 0
  return { event, value }
}

export function encodeUserControl({ event, value }: UserControl): Uint8Array {
  return Uint8Array.of(event >>> 8, event, value >>> 24, value >>> 16, value >>> 8, value)
}

/** Set Buffer Length: how many milliseconds of `streamId` the client holds back. */
export function encodeSetBufferLength(streamId: number, milliseconds: number): Uint8Array {
  const out = new Uint8Array(10)
  out.set(encodeUserControl({ event: UserControlEvent.setBufferLength, value: streamId }))
  out.set([milliseconds >>> 24, milliseconds >>> 16, milliseconds >>> 8, milliseconds], 6)
  return out
}
