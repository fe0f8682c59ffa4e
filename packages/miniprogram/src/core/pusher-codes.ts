import type { StreamType, User } from '@crossroom/protocol'

/** The protocol of a `<live-player>`; it accepts no other. */
export type PlayProtocol = 'rtmp' | 'flv'

/** One `bindstatechange` of a pusher: `message` is JSON text for the codes of rooms. */
export interface PusherEvent {
  readonly code: number
  readonly message: string
}

/** The codes of a pusher that is in a room, as LiteAV raises them. */
export const pusherCodes = {
  begin: 1002,
  roomIn: 1018,
  roomOut: 1019,
  userList: 1020,
  needReenter: 1021,
  roomInFailed: 1022,
  userEnter: 1031,
  userExit: 1032,
  userVideoState: 1033,
  userAudioState: 1034,
  handsUp: 5000,
  interrupted: 5001,
  cameraFailed: -1301,
  microphoneFailed: -1302,
  disconnected: -1307,
  addressRefused: -1313,
  signatureRefused: -100018,
  serverClosed: 3004,
} as const

/** The codes of a player that this package acts on. */
export const playerCodes = {
  begin: 2004,
  end: 2006,
  loading: 2007,
  reconnecting: 2103,
  disconnected: -2301,
} as const

/** What the receiver has been told of one stream. */
interface ToldStream {
  readonly playurl: string
  readonly video: boolean
  readonly audio: boolean
}

type Told = Map<string, Map<StreamType, ToldStream>>

/**
 * Turns member lists into the room codes of a pusher, with the JSON of LiteAV: 1031 before any state of a member,
 * both states false before 1032, the whole list of who can be played in 1020. It compares whole lists, so a lost
 * or doubled notification changes nothing.
 */
export class PusherCodes {
  readonly #prefer: PlayProtocol
  #told: Told = new Map()
  #list = ''

  constructor(options: { readonly prefer: PlayProtocol }) {
    this.#prefer = options.prefer
  }

  /** Entered, or entered again: 1018, then all members. */
  entered(users: readonly User[]): PusherEvent[] {
    this.#list = ''
    return [{ code: pusherCodes.roomIn, message: 'Entered the room' }, ...this.changed(users)]
  }

  /** The list as it is now: who left first, then who came, the list, then the states that are other than before. */
  changed(users: readonly User[]): PusherEvent[] {
    const next = toldOf(users, this.#prefer)
    const states: PusherEvent[] = []
    const events = this.#exits(next)
    for (const [userId, streams] of next) {
      const before = this.#told.get(userId)
      if (!before) events.push(userEvent(pusherCodes.userEnter, { userid: userId }))
      states.push(...stateEvents(userId, before, streams))
    }
    const list = listOf(next)
    if (list !== this.#list) events.push({ code: pusherCodes.userList, message: list })
    this.#told = next
    this.#list = list
    return [...events, ...states]
  }

  /** Out of the room, by whatever door: 1019 and nothing is known any more. */
  left(sentence: string): PusherEvent[] {
    this.#told = new Map()
    this.#list = ''
    return [{ code: pusherCodes.roomOut, message: sentence }]
  }

  #exits(next: Told): PusherEvent[] {
    const events: PusherEvent[] = []
    for (const [userId, streams] of this.#told) {
      if (next.has(userId)) continue
      events.push(...stateEvents(userId, streams, new Map()), userEvent(pusherCodes.userExit, { userid: userId }))
    }
    return events
  }
}

function toldOf(users: readonly User[], prefer: PlayProtocol): Told {
  const told: Told = new Map()
  for (const user of users) {
    const streams = new Map<StreamType, ToldStream>()
    for (const stream of user.streams) {
      // The lower layer is the same picture again: phones are given it inside main, by the server's choice.
      if (stream.streamType === 'small') continue
      streams.set(stream.streamType, {
        playurl: stream.play[prefer],
        video: stream.hasVideo,
        audio: stream.hasAudio,
      })
    }
    told.set(user.userId, streams)
  }
  return told
}

/** 1020 lists who has a main stream: an anchor that has not pushed yet has no address to play. */
function listOf(told: Told): string {
  const userlist: { userid: string; playurl: string }[] = []
  for (const [userId, streams] of told) {
    const main = streams.get('main')
    if (main) userlist.push({ userid: userId, playurl: main.playurl })
  }
  return JSON.stringify({ userlist })
}

type ToldStreams = ReadonlyMap<StreamType, ToldStream>

function stateEvents(userId: string, before: ToldStreams | undefined, after: ToldStreams): PusherEvent[] {
  const events: PusherEvent[] = []
  for (const streamType of ['main', 'aux'] as const) {
    const was = before?.get(streamType)
    const is = after.get(streamType)
    const playurl = (is ?? was)?.playurl
    if (playurl === undefined) continue
    if ((was?.video ?? false) !== (is?.video ?? false)) {
      const state = { userid: userId, playurl, streamtype: streamType, hasvideo: is?.video ?? false }
      events.push(userEvent(pusherCodes.userVideoState, state))
    }
    // LiteAV tells of sound for main only.
    if (streamType === 'main' && (was?.audio ?? false) !== (is?.audio ?? false)) {
      events.push(userEvent(pusherCodes.userAudioState, { userid: userId, playurl, hasaudio: is?.audio ?? false }))
    }
  }
  return events
}

function userEvent(code: number, user: object): PusherEvent {
  return { code, message: JSON.stringify({ userlist: [user] }) }
}
