import { randomInt } from 'node:crypto'
import type { TrackChange, TrackOptions } from '@crossroom/webrtc'

/** Positions in the fields of a track, as c/js_egress_commands.c reads them. */
const TRACK_FIELD = {
  video: 0,
  ssrc: 1,
  payloadType: 2,
  hasRtx: 3,
  rtxSsrc: 4,
  rtxPayloadType: 5,
  firstSequence: 6,
  rtxFirstSequence: 7,
  timestampOffset: 8,
  idMid: 9,
  idAbsSendTime: 10,
  idTransportCc: 11,
  idPlayoutDelay: 12,
  idAbsCaptureTime: 13,
  idVideoOrientation: 14,
  idAudioLevel: 15,
  hasPlayoutDelay: 16,
  playoutMin: 17,
  playoutMax: 18,
  size: 19,
} as const

const CHANGE = { timestampOffset: 1, playoutDelay: 2, payloadType: 4, rtxPayloadType: 8 } as const

/** Sequence numbers begin below this, so that an early loss cannot put a receiver's rollover count off. */
const FIRST_SEQUENCE_LIMIT = 2 ** 15

/** The options of a track as numbers. Ranges are checked on the other side. */
export function trackFields(options: TrackOptions): Uint32Array {
  const fields = new Uint32Array(TRACK_FIELD.size)
  const { rtx, extensions = {}, playoutDelay } = options
  fields[TRACK_FIELD.video] = options.kind === 'video' ? 1 : 0
  fields[TRACK_FIELD.ssrc] = options.ssrc
  fields[TRACK_FIELD.payloadType] = options.payloadType
  fields[TRACK_FIELD.firstSequence] = options.firstSequence ?? randomInt(FIRST_SEQUENCE_LIMIT)
  if (rtx) {
    fields[TRACK_FIELD.hasRtx] = 1
    fields[TRACK_FIELD.rtxSsrc] = rtx.ssrc
    fields[TRACK_FIELD.rtxPayloadType] = rtx.payloadType
    fields[TRACK_FIELD.rtxFirstSequence] = rtx.firstSequence ?? randomInt(FIRST_SEQUENCE_LIMIT)
  }
  fields[TRACK_FIELD.timestampOffset] = options.timestampOffset ?? 0
  fields[TRACK_FIELD.idMid] = extensions.mid ?? 0
  fields[TRACK_FIELD.idAbsSendTime] = extensions.absSendTime ?? 0
  fields[TRACK_FIELD.idTransportCc] = extensions.transportCc ?? 0
  fields[TRACK_FIELD.idPlayoutDelay] = extensions.playoutDelay ?? 0
  fields[TRACK_FIELD.idAbsCaptureTime] = extensions.absCaptureTime ?? 0
  fields[TRACK_FIELD.idVideoOrientation] = extensions.videoOrientation ?? 0
  fields[TRACK_FIELD.idAudioLevel] = extensions.audioLevel ?? 0
  if (playoutDelay) {
    fields[TRACK_FIELD.hasPlayoutDelay] = 1
    fields[TRACK_FIELD.playoutMin] = playoutDelay.min
    fields[TRACK_FIELD.playoutMax] = playoutDelay.max
  }
  return fields
}

/** Which fields a change sets, and their values; the other fields are 0 and not looked at. */
export function changedFields(change: TrackChange): { changes: number; fields: Uint32Array } {
  const fields = new Uint32Array(TRACK_FIELD.size)
  let changes = 0
  if (change.timestampOffset !== undefined) {
    changes |= CHANGE.timestampOffset
    fields[TRACK_FIELD.timestampOffset] = change.timestampOffset
  }
  if (change.payloadType !== undefined) {
    changes |= CHANGE.payloadType
    fields[TRACK_FIELD.payloadType] = change.payloadType
  }
  if (change.rtxPayloadType !== undefined) {
    changes |= CHANGE.rtxPayloadType
    fields[TRACK_FIELD.rtxPayloadType] = change.rtxPayloadType
  }
  if (change.playoutDelay !== undefined) {
    changes |= CHANGE.playoutDelay
    fields[TRACK_FIELD.hasPlayoutDelay] = change.playoutDelay ? 1 : 0
    fields[TRACK_FIELD.playoutMin] = change.playoutDelay?.min ?? 0
    fields[TRACK_FIELD.playoutMax] = change.playoutDelay?.max ?? 0
  }
  return { changes, fields }
}
