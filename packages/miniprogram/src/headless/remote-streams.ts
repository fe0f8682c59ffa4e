import type { PlayAddresses, User, UserStream } from '@crossroom/protocol'

import { PlayRoute } from '../core/play-route.js'
import type { PlayProtocol } from '../core/pusher-codes.js'

/** A stream that a phone can play; the server chooses the simulcast layer. */
export type PlayableType = 'main' | 'aux'

/** One stream of one other member, as the page sees it. */
export interface RemoteStream {
  readonly uid: string
  readonly streamType: PlayableType
  readonly hasAudio: boolean
  readonly hasVideo: boolean
}

/** A change that the page is told, in the order in which it happened. */
export type StreamChange =
  | { readonly kind: 'added'; readonly stream: RemoteStream }
  | { readonly kind: 'removed'; readonly stream: RemoteStream }
  | { readonly kind: 'audio' | 'video'; readonly on: boolean; readonly stream: RemoteStream }
  | { readonly kind: 'url'; readonly stream: RemoteStream; readonly url: string }

interface Known {
  stream: RemoteStream
  play: PlayAddresses
  rotation: number
  /** Made when the page subscribes. */
  route: PlayRoute | undefined
}

/** The streams of the others, and which address the page plays of each. */
export class RemoteStreams {
  readonly #prefer: PlayProtocol
  readonly #known = new Map<string, Known>()

  constructor(options: { readonly prefer: PlayProtocol }) {
    this.#prefer = options.prefer
  }

  /** Compares the complete list with the known streams: removed before added. A stream exists once it was live. */
  update(users: readonly User[]): StreamChange[] {
    const next = new Map<string, { stream: RemoteStream; play: PlayAddresses }>()
    for (const user of users) {
      for (const stream of user.streams) {
        if (stream.streamType === 'small') continue
        next.set(keyOf(user.userId, stream.streamType), {
          stream: remoteOf(user.userId, stream.streamType, stream),
          play: stream.play,
        })
      }
    }
    const changes: StreamChange[] = []
    for (const [key, { stream }] of this.#known) {
      if (next.has(key)) continue
      this.#known.delete(key)
      changes.push({ kind: 'removed', stream })
    }
    for (const [key, { stream, play }] of next) changes.push(...this.#take(key, stream, play))
    return changes
  }

  /** Undefined when there is no such stream. */
  subscribe(uid: string, streamType: PlayableType): { readonly url: string; readonly rotation: number } | undefined {
    const known = this.#known.get(keyOf(uid, streamType))
    if (!known) return undefined
    known.route ??= new PlayRoute(known.play, this.#prefer)
    return { url: known.route.url, rotation: known.rotation }
  }

  unsubscribe(uid: string, streamType: PlayableType): void {
    const known = this.#known.get(keyOf(uid, streamType))
    if (known) known.route = undefined
  }

  /** A player's code; answers the address to play from now on, undefined to leave it. */
  handleCode(uid: string, streamType: PlayableType, code: number): string | undefined {
    const route = this.#known.get(keyOf(uid, streamType))?.route
    return route?.handleCode(code) ? route.url : undefined
  }

  /** The addresses that the page plays, to be played again. */
  playing(): { readonly uid: string; readonly streamType: PlayableType; readonly url: string }[] {
    return [...this.#known.values()].flatMap(({ stream: { uid, streamType }, route }) =>
      route === undefined ? [] : [{ uid, streamType, url: route.url }],
    )
  }

  rotate(uid: string, streamType: string, rotation: number): void {
    const known = this.#known.get(`${uid}/${streamType}`)
    if (known) known.rotation = rotation
  }

  /** What a page knew before it entered again: these are not told as added. */
  remember(streams: readonly RemoteStream[], play: PlayAddresses): void {
    for (const stream of streams) {
      const key = keyOf(stream.uid, stream.streamType)
      this.#known.set(key, { stream, play, rotation: 0, route: undefined })
    }
  }

  #take(key: string, stream: RemoteStream, play: PlayAddresses): StreamChange[] {
    const known = this.#known.get(key)
    if (!known) {
      if (!stream.hasAudio && !stream.hasVideo) return []
      this.#known.set(key, { stream, play, rotation: 0, route: undefined })
      return [{ kind: 'added', stream }]
    }
    const before = known.stream
    known.stream = stream
    known.play = play
    const changes: StreamChange[] = []
    if (before.hasAudio !== stream.hasAudio) changes.push({ kind: 'audio', on: stream.hasAudio, stream })
    if (before.hasVideo !== stream.hasVideo) changes.push({ kind: 'video', on: stream.hasVideo, stream })
    if (known.route?.update(play)) changes.push({ kind: 'url', stream, url: known.route.url })
    return changes
  }
}

function keyOf(uid: string, streamType: PlayableType): string {
  return `${uid}/${streamType}`
}

function remoteOf(uid: string, streamType: PlayableType, { hasAudio, hasVideo }: UserStream): RemoteStream {
  return { uid, streamType, hasAudio, hasVideo }
}
