import { encodeAmf0Values } from '@crossroom/media'

/** AMF0 for the string `name`, as it stands at the front of a data message. */
function amf0Name(name: string): Uint8Array {
  return encodeAmf0Values([name])
}

const SET_DATA_FRAME = amf0Name('@setDataFrame')
const CLEAR_DATA_FRAME = amf0Name('@clearDataFrame')

/**
 * The body of script data (`onMetaData`, …) in a data message of a publisher, without the `@setDataFrame` that tells the
 * server to keep it. Undefined for `@clearDataFrame`, which carries nothing.
 */
export function stripSetDataFrame(body: Uint8Array): Uint8Array | undefined {
  if (startsWith(body, CLEAR_DATA_FRAME)) return undefined
  return startsWith(body, SET_DATA_FRAME) ? body.subarray(SET_DATA_FRAME.length) : body
}

/** The reverse, as publishers send metadata. */
export function prependSetDataFrame(body: Uint8Array): Uint8Array {
  const out = new Uint8Array(SET_DATA_FRAME.length + body.length)
  out.set(SET_DATA_FRAME)
  out.set(body, SET_DATA_FRAME.length)
  return out
}

/** True for `|RtmpSampleAccess` and `onStatus`, by which a server speaks to its player and which are not part of the stream. */
export function isServerNotice(body: Uint8Array): boolean {
  return SERVER_NOTICES.some((notice) => startsWith(body, notice))
}

const SERVER_NOTICES = [amf0Name('|RtmpSampleAccess'), amf0Name('onStatus')]

/**
 * Lets a Flash player look at the decoded samples; other players ignore it, some wait for it. `NetStream.Data.Start`, which SRS
 * and FMS send behind it, is left out: ffmpeg makes a data stream of it, which becomes stream 0.
 */
export const SAMPLE_ACCESS = encodeAmf0Values(['|RtmpSampleAccess', true, true])
function startsWith(bytes: Uint8Array, prefix: Uint8Array): boolean {
  if (bytes.length < prefix.length) return false
  for (let index = 0; index < prefix.length; index++) if (bytes[index] !== prefix[index]) return false
  return true
}
