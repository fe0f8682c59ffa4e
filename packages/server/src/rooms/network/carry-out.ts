import type { TrackKind } from '@crossroom/protocol'
import { LocalMember } from '../local-member.js'
import type { Member } from '../member.js'
import type { Invitations } from '../model/invitations.js'
import { RoomError } from '../model/room-error.js'
import type { RoomCommand } from './room-document.js'

/** A room, as other nodes command it. */
export interface CommandedRoom {
  readonly invitations: Invitations
  isBanned(userId: string): boolean
  member(userId: string): Member | undefined
  readonly recording: { setHere(recording: boolean): unknown }
  /** Throws USER_NOT_FOUND. */
  require(userId: string): Member
  /** The ban is known to the other nodes already. */
  kickHere(member: LocalMember, banMs: number): void
  mute(userId: string, kind: TrackKind, muted: boolean, by?: string): unknown
  answerMic(userId: string, accepted: boolean, by?: string): unknown
  removeMic(userId: string, by?: string): unknown
}

/** Another node asks for a member of this one. Throws RoomError. */
export function carryOut(room: CommandedRoom, command: RoomCommand): unknown {
  if (command.do === 'redeem') return room.invitations.redeem(command.invite)
  if (command.do === 'record') return room.recording.setHere(command.recording)
  const { userId, do: what } = command
  const present = room.member(userId)
  // What was told of the ban came first, and put it out.
  if (what === 'kick' && room.isBanned(userId) && !(present instanceof LocalMember)) return {}
  const member = room.require(userId)
  if (!(member instanceof LocalMember)) throw new RoomError('USER_NOT_FOUND', 'The user is on another node by now.')
  if (what === 'kick') room.kickHere(member, command.banMs)
  else if (what === 'mute') room.mute(userId, command.kind, command.muted, command.by)
  else if (what === 'answerMic') room.answerMic(userId, command.accepted, command.by)
  else room.removeMic(userId, command.by)
  return {}
}
