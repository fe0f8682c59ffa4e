import { FRAME_MESSAGE, parseControl, WIRE_HEADER_LENGTH, writeWireHeader } from '@crossroom/media'
import type { Micros, WireMessage } from '@crossroom/media'
import { relayLimits } from '../../config/index.js'
import { StreamKey } from '../../hub/index.js'

/*
 * Messages between nodes, in the shape of `packages/media/src/wire`. The node that pulls a stream dials; the node that has it answers.
 * Connection 0 carries control and sound, the others pictures. A channel is a wanted stream and the number of its present life
 * (`epoch`), so that whatever is under way of an earlier publisher or connection is known as such.
 */
export const RELAY_TYPE = {
  /** The sound or the picture of the channel has this codec config from now on. Body: JSON. */
  config: 3,
  frame: FRAME_MESSAGE,
  /** The greeting, in this order: from the node that was dialled, from the one that dials, and the answer. Body: JSON. */
  challenge: 20,
  hello: 21,
  welcome: 22,
  /** Instead of `challenge` or `welcome`: why not. Body: JSON. */
  refused: 23,
  /** From the node that pulls: send this stream, and no longer. Body of `want`: JSON. */
  want: 24,
  drop: 25,
  keyframe: 26,
  /** To the node that pulls: a publisher of the stream; cached frames follow. Body: JSON. */
  begin: 27,
  /** All cached frames of this connection have been sent. */
  live: 28,
  /** The video is withheld from now on. */
  withheld: 29,
  /** The publisher left and may return. */
  interrupted: 30,
  /** Nothing more of this stream. Body: JSON. */
  end: 31,
  /** Body: f64, the sender's clock. The answer: that time, and the clock of the answering node. */
  ping: 32,
  pong: 33,
} as const

const EPOCHS = 256
/** Numbers of wanted streams, above which they start again. */
export const MAX_WANTS = 2 ** 32 / EPOCHS

export type EndCause = 'ended' | 'kicked' | 'shutdown' | 'absent' | 'elsewhere' | 'full'

const CAUSES: Readonly<Record<EndCause, true>> = {
  ended: true,
  kicked: true,
  shutdown: true,
  absent: true,
  elsewhere: true,
  full: true,
}

export type TrackKind = 'audio' | 'video'

/** What the node that publishes a stream says of it. */
export interface Begin {
  /** The life of the stream there, and its publisher: equal values mean that the times go on. */
  readonly stream: string
  readonly publisher: string
  readonly tracks: readonly TrackKind[]
  /** The publisher makes keyframes on request. */
  readonly askable: boolean
  /** See `PublisherInfo.hasServerTime`. */
  readonly serverTime: boolean
}

export function channelOf(want: number, epoch: number): number {
  return want * EPOCHS + (epoch % EPOCHS)
}

export function wantOf(channel: number): number {
  return Math.floor(channel / EPOCHS)
}

export function epochOf(channel: number): number {
  return channel % EPOCHS
}

/** Whether an epoch comes after another, of those that can be under way at the same time. */
export function isNewer(epoch: number, than: number): boolean {
  const distance = (epoch - than + EPOCHS) % EPOCHS
  return distance > 0 && distance < EPOCHS / 2
}

/** The connection for the pictures of a stream: the same at both ends, and evenly spread. */
export function pictureLaneOf(key: StreamKey): number {
  let hash = 0x811c9dc5
  for (let index = 0; index < key.text.length; index++)
    hash = Math.imul(hash ^ key.text.charCodeAt(index), 0x01000193) >>> 0
  return 1 + (hash % relayLimits.pictureLanes)
}

export function parseWant(message: WireMessage): StreamKey | undefined {
  const key = fieldsOf(message)?.['key']
  return typeof key === 'string' && key.length <= MAX_KEY ? StreamKey.read(key) : undefined
}

/** Characters of the text of a key. */
const MAX_KEY = 512
/** Characters of an identifier. */
const MAX_ID = 64

export function parseBegin(message: WireMessage): Begin | undefined {
  const fields = fieldsOf(message)
  if (fields === undefined) return undefined
  const { stream, publisher, tracks, askable, serverTime } = fields
  if (!isId(stream) || !isId(publisher) || !Array.isArray(tracks) || tracks.length > 2) return undefined
  if (!tracks.every((kind): kind is TrackKind => kind === 'audio' || kind === 'video')) return undefined
  return { stream, publisher, tracks, askable: askable === true, serverTime: serverTime === true }
}

export function parseEnd(message: WireMessage): EndCause | undefined {
  const cause = fieldsOf(message)?.['cause']
  return typeof cause === 'string' && Object.hasOwn(CAUSES, cause) ? (cause as EndCause) : undefined
}

/** A message of times alone: `ping` has one, `pong` two. */
export function timeMessage(type: number, times: readonly Micros[]): Uint8Array {
  const out = new Uint8Array(WIRE_HEADER_LENGTH + 8 * times.length)
  const view = new DataView(out.buffer)
  writeWireHeader(view, { type, flags: 0, units: 0, channel: 0 })
  for (const [index, time] of times.entries()) view.setFloat64(WIRE_HEADER_LENGTH + 8 * index, time)
  return out
}

/** The times of a message that has exactly so many. */
export function parseTimes(message: WireMessage, count: number): Micros[] | undefined {
  const { body } = message
  if (body.length !== 8 * count) return undefined
  const view = new DataView(body.buffer, body.byteOffset, body.length)
  const times = Array.from({ length: count }, (_, index) => view.getFloat64(8 * index))
  return times.every(Number.isFinite) ? times : undefined
}

export function fieldsOf(message: WireMessage): Readonly<Record<string, unknown>> | undefined {
  if (message.body.length > relayLimits.controlBytes) return undefined
  const content = parseControl(message)
  return typeof content === 'object' && content !== null ? (content as Record<string, unknown>) : undefined
}

function isId(value: unknown): value is string {
  return typeof value === 'string' && value.length > 0 && value.length <= MAX_ID
}
