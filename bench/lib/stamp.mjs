// A time of sending inside of a picture of H.264: an SEI `user_data_unregistered` (ITU-T H.264 section D.1.7), in digits.
import { nowMs } from './source.mjs'

const UUID = Buffer.from('crossroom-stamps')
const DIGITS = 16
/** NAL unit of SEI, payload type 5, its size. */
const HEADER = Uint8Array.of(6, 5, UUID.length + DIGITS)

/** The NAL unit, with the time of now in microseconds. */
export function stamp() {
  const digits = String(Math.round(nowMs() * 1000)).padStart(DIGITS, '0')
  return Buffer.concat([HEADER, UUID, Buffer.from(digits), Uint8Array.of(0x80)])
}

/** How many milliseconds ago each picture of these bytes was sent. */
export function agesIn(bytes) {
  const ages = []
  const now = nowMs()
  for (let at = bytes.indexOf(UUID); at >= 0; at = bytes.indexOf(UUID, at + 1)) {
    const digits = bytes.toString('latin1', at + UUID.length, at + UUID.length + DIGITS)
    if (digits.length === DIGITS) ages.push(now - Number(digits) / 1000)
  }
  return ages
}
