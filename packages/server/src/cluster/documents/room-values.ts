import { z } from 'zod'
import type { RoomCommand, RoomDocument, RoomEvent, RoomHead } from '../../rooms/index.js'
import { readJson } from '../json.js'
import { CLUSTER_VERSION } from '../nodes/node-record.js'

/** What nodes write of rooms. A later version adds fields, which are ignored here; what is no value of ours is none. */

const text = z.string().max(256)
const count = z.number().min(0)
const kinds = z.object({ audio: z.boolean(), video: z.boolean() })
const rotation = z.union([z.literal(0), z.literal(90), z.literal(180), z.literal(270)])
/** A reason that only a later version knows is the plainest of ours: it must not cost the document. */
const exitReason = z.enum(['left', 'lost', 'kicked', 'replaced', 'disbanded', 'expired', 'audience']).catch('left')
const optional = <Shape extends z.ZodType>(shape: Shape) => shape.optional()

const stream = z.object({
  streamType: z.enum(['main', 'aux']),
  isShown: z.boolean(),
  ...{ kinds, tracks: kinds, withheld: kinds },
  rotation,
  width: optional(count),
  codecs: z.array(text).max(4),
  small: optional(z.object({ kinds, rotation, width: optional(count) })),
})

const member = z.object({
  ...{ userId: text, userName: text },
  kind: z.enum(['browser', 'miniprogram', 'other', 'rtmp', 'whip']).catch('other'),
  role: z.enum(['anchor', 'audience', 'device']),
  ...{ epoch: count, mediaId: text, sessionId: optional(text), createRoom: z.boolean() },
  ...{ muted: kinds, mutedBy: optional(text), roleBy: optional(text), asking: z.boolean() },
  ...{ remoteAddress: text, enteredAt: count },
  streams: z.array(stream).max(2),
})

const document = z.object({
  ...{ version: count, instance: text, generation: count },
  members: z.array(member),
  unnamed: count,
  left: z.record(text, exitReason),
  carries: z.array(text),
  recorded: z.boolean().optional(),
})

const head = z.object({
  roomId: text,
  owner: text.nullable(),
  ...{ generation: count, createdAt: count },
  nodes: z.array(text),
})

const quality = z.number().int().min(0).max(6)
const event = z.discriminatedUnion('kind', [
  z.object({
    kind: z.literal('message'),
    message: z.object({
      ...{
        messageId: text,
        from: text,
        fromName: optional(text),
        to: text.nullable(),
        kind: z.enum(['text', 'custom']),
      },
      ...{ data: z.string(), at: count },
    }),
  }),
  z.object({
    kind: z.literal('levels'),
    levels: z.array(z.object({ userId: text, level: z.number().min(0).max(100) })),
  }),
  z.object({ kind: z.literal('quality'), quality: z.object({ userId: text, uplink: quality, downlink: quality }) }),
  z.object({ kind: z.literal('banned'), userId: text, until: z.number() }),
])

const asked = { userId: text, by: optional(text) }
const command = z.discriminatedUnion('do', [
  z.object({ do: z.literal('kick'), userId: text, banMs: count }),
  z.object({ do: z.literal('mute'), ...asked, kind: z.enum(['audio', 'video']), muted: z.boolean() }),
  z.object({ do: z.literal('answerMic'), ...asked, accepted: z.boolean() }),
  z.object({ do: z.literal('removeMic'), ...asked }),
  z.object({ do: z.literal('record'), recording: z.boolean() }),
  z.object({ do: z.literal('redeem'), invite: text }),
])

/** From one node to the others of a room. */
const message = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('event'), from: text, event }),
  /** The head was changed. */
  z.object({ kind: z.literal('head'), from: text, revision: count }),
  /** What its sender has told last: 0 is nothing. */
  z.object({ kind: z.literal('digest'), from: text, version: count, head: count }),
])

export type RoomMessage =
  | { readonly kind: 'event'; readonly from: string; readonly event: RoomEvent }
  | { readonly kind: 'head'; readonly from: string; readonly revision: number }
  | { readonly kind: 'digest'; readonly from: string; readonly version: number; readonly head: number }

export function readDocument(value: Uint8Array): RoomDocument | undefined {
  return read(document, value) as RoomDocument | undefined
}

export function readHead(value: Uint8Array): (RoomHead & { readonly roomId: string }) | undefined {
  return read(head, value)
}

export function readCommand(value: unknown): RoomCommand | undefined {
  return command.safeParse(value).data
}

export function readMessage(value: Uint8Array): RoomMessage | undefined {
  return read(message, value) as RoomMessage | undefined
}

export function readUntil(value: Uint8Array): number | undefined {
  const until = readJson(value)?.['until']
  return typeof until === 'number' ? until : undefined
}

export function write(value: object): Uint8Array {
  return Buffer.from(JSON.stringify({ v: CLUSTER_VERSION, ...value }), 'utf8')
}

function read<Shape extends z.ZodType>(shape: Shape, value: Uint8Array): z.infer<Shape> | undefined {
  return shape.safeParse(readJson(value)).data
}
