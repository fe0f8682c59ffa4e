import type { ReceivedMessage, SendMessageParams } from '@crossroom/protocol'

/** `e.detail` of `bindIMEvent`. */
export interface ImEvent {
  readonly tag: ImTag
  readonly code: number
  readonly detail: unknown
}

export type ImTag =
  | 'login_event'
  | 'join_group_event'
  | 'connection_event'
  | 'big_group_msg_notify'
  | 'msg_notify'
  | 'group_system_notifys'
  | 'group_info_change_notify'
  | 'kicked'
  | 'error'

/** `code` of `group_system_notifys`. The server has no applications, invitations and administrators. */
export const groupSystemCodes = { kicked: 4, dissolved: 5, created: 6, quit: 8 } as const

/** `code` of `connection_event`. */
export const connectionCodes = { connected: 0, disconnected: -1 } as const

/** What `sendC2CCustomMsg` and `sendGroupCustomMsg` take and what arrives of them. */
export interface CustomMessage {
  readonly data?: string
  readonly ext?: string
  readonly desc?: string
}

/** A message as `big_group_msg_notify` and `msg_notify` carry it, in an array. */
export interface ImMessage {
  readonly id: string
  readonly fromAccount: string
  /** The group's id for a message to all, else the receiver's own. */
  readonly toAccount: string
  readonly isGroup: boolean
  /** Unix seconds. */
  readonly time: number
  readonly type: 'text' | 'custom'
  /** The text, or `data` of a custom message. */
  readonly content: string
  readonly custom?: CustomMessage
}

/** A text for the signaling; `to` null is everybody. */
export function textMessage(to: string | null, text: string): SendMessageParams {
  return { to, kind: 'text', data: text }
}

export function customMessage(to: string | null, { data = '', ext = '', desc = '' }: CustomMessage): SendMessageParams {
  return { to, kind: 'custom', data: JSON.stringify({ data, ext, desc }) }
}

/** What arrived, as the event that apps know: the group's messages and those to this user alone have their own tag. */
export function messageEvent(message: ReceivedMessage, groupId: string, userId: string): ImEvent {
  const isGroup = message.to === null
  const custom = message.kind === 'custom' ? customOf(message.data) : undefined
  const told: ImMessage = {
    id: message.messageId,
    fromAccount: message.from,
    toAccount: isGroup ? groupId : userId,
    isGroup,
    time: Math.floor(message.at / 1000),
    type: message.kind,
    content: custom ? (custom.data ?? '') : message.data,
    ...(custom ? { custom } : {}),
  }
  return { tag: isGroup ? 'big_group_msg_notify' : 'msg_notify', code: 0, detail: [told] }
}

/** A browser may send any text as `custom`; then it is all data. */
function customOf(text: string): CustomMessage {
  try {
    const value: unknown = JSON.parse(text)
    if (typeof value !== 'object' || value === null || !('data' in value)) return { data: text }
    const { data, ext, desc } = value as Record<keyof CustomMessage, unknown>
    return { data: asText(data), ext: asText(ext), desc: asText(desc) }
  } catch {
    return { data: text }
  }
}

function asText(value: unknown): string {
  return typeof value === 'string' ? value : value === undefined ? '' : JSON.stringify(value)
}
