/** Message type ids (RTMP 1.0, sections 5.4, 6.2 and 7.1). */
export const MessageType = {
  setChunkSize: 1,
  abort: 2,
  acknowledgement: 3,
  userControl: 4,
  windowAcknowledgementSize: 5,
  setPeerBandwidth: 6,
  audio: 8,
  video: 9,
  dataAmf3: 15,
  commandAmf3: 17,
  dataAmf0: 18,
  commandAmf0: 20,
  aggregate: 22,
} as const

/** A message that carries a tag of FLV: audio, video or script data in AMF0. */
export type MediaMessageType = 8 | 9 | 18

/** The chunk streams that we write to. Any number from 2 to 63 would do; these are the habitual ones. */
export const ChunkStreamId = {
  control: 2,
  command: 3,
  audio: 4,
  status: 5,
  video: 6,
  data: 8,
} as const
