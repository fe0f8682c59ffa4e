import { readUint16, readUint32, writeUint16, writeUint32 } from '@crossroom/media'

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
  return { event: readUint16(payload, 0), value: readUint32(payload, 2) }
}

export function encodeUserControl({ event, value }: UserControl): Uint8Array {
  const out = new Uint8Array(6)
  writeUint32(value, out, writeUint16(event, out, 0))
  return out
}

/** Set Buffer Length: how many milliseconds of `streamId` the client holds back. */
export function encodeSetBufferLength(streamId: number, milliseconds: number): Uint8Array {
  const out = new Uint8Array(10)
  out.set(encodeUserControl({ event: UserControlEvent.setBufferLength, value: streamId }))
  writeUint32(milliseconds, out, 6)
  return out
}
