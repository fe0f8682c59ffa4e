import { StreamKey, type Clock, type Connection, type Connections, type Stream, type StreamHub } from '../hub/index.js'
import type { AddressOptions, Origins } from '../net/index.js'
import type { ConnectionInfo, DerivedInfo, StreamInfo } from './schemas.js'

/** What streams and connections are described by. */
export interface DescriptionDeps extends Pick<AddressOptions, 'play'> {
  readonly hub: StreamHub
  readonly connections: Connections
  readonly clock: Clock
  /** Wall clock in milliseconds. */
  readonly nowMs: () => number
  /** The forms derived from the stream for viewers that cannot play the original. */
  readonly derivedOf?: (key: StreamKey) => readonly DerivedInfo[]
}

/** Without origins: for another node, which has addresses of its own. */
export function describeStream(stream: Stream, deps: DescriptionDeps, origins?: Origins): StreamInfo {
  const publication = stream.publication
  const { video, audio } = stream.promised
  const derived = deps.derivedOf?.(stream.key) ?? []
  return {
    name: stream.key.label,
    ...stream.key.of,
    ...(derived.length === 0 ? {} : { derived: [...derived] }),
    state: stream.state,
    since: wallClock(stream.createdAt, deps),
    ...(publication === undefined
      ? {}
      : {
          publisher: {
            id: publication.info.id,
            protocol: publication.info.protocol,
            remoteAddress: publication.info.remoteAddress,
            since: wallClock(publication.startedAt, deps),
          },
          ...(publication.refusals.size === 0 ? {} : { refused: [...publication.refusals.values()] }),
        }),
    ...(video === undefined
      ? {}
      : {
          video: {
            codec: video.codec,
            codecString: video.codecString,
            width: video.width,
            height: video.height,
            ...(video.frameRate === undefined ? {} : { frameRate: video.frameRate }),
          },
        }),
    ...(audio === undefined
      ? {}
      : {
          audio: {
            codec: audio.codec,
            codecString: audio.codecString,
            sampleRate: audio.sampleRate,
            channels: audio.channels,
          },
        }),
    subscribers: stream.subscribers,
    viewers: deps.connections.list(stream.key).filter((connection) => connection.role === 'viewer').length,
    framesIn: stream.framesIn,
    bytesIn: stream.bytesIn,
    ...(origins !== undefined && isPlayable(stream.key) && { play: deps.play(origins, stream.key.name) }),
  }
}

/** By its name: streams of rooms have addresses of their own, layers have none. */
function isPlayable({ space, layer }: StreamKey): boolean {
  return space === 'plain' && layer === 'best'
}

export function describeConnection(connection: Connection, deps: DescriptionDeps): ConnectionInfo {
  const { id, role, protocol, remoteAddress, streamKey, startedAt } = connection
  const figures = { bytes: connection.bytes(), droppedFrames: connection.droppedFrames() }
  return { id, role, protocol, remoteAddress, stream: streamKey.label, since: wallClock(startedAt, deps), ...figures }
}

/** A moment of the server's monotonic clock as unix time in milliseconds. */
function wallClock(micros: number, deps: DescriptionDeps): number {
  return Math.round(deps.nowMs() - (deps.clock.now() - micros) / 1000)
}

/** Streams of rooms that are copies have no readable name: they are listed where they are published. */
export function listStreams({ hub }: DescriptionDeps, name?: string): Stream[] {
  const streams = name === undefined ? hub.list() : [hub.get(StreamKey.plain(name))]
  return streams.filter(
    (stream) => stream !== undefined && (stream.key.space === 'plain' || stream.key.of !== undefined),
  ) as Stream[]
}

/** `APP/STREAM`, and not a layer or a stream of a room. */
export function isPlainName(name: string): boolean {
  return name.split('/').length === 2
}

/** Which connections are listed. */
export interface ConnectionFilter {
  readonly id?: string | undefined
  readonly stream?: string | undefined
  readonly role?: string | undefined
}

export function listConnections({ id, stream, role }: ConnectionFilter, deps: DescriptionDeps): ConnectionInfo[] {
  return deps.connections
    .list(stream === undefined ? undefined : StreamKey.plain(stream))
    .filter((one) => (role === undefined || one.role === role) && (id === undefined || one.id === id))
    .map((connection) => describeConnection(connection, deps))
}

/** How many it ended; undefined where there is none of that name. So do the next two. */
export function endStream(key: StreamKey, { connections, hub }: DescriptionDeps): number | undefined {
  const stream = hub.get(key)
  if (stream === undefined) return undefined
  const count = connections.list(key).length
  stream.end('kicked')
  return count
}

/** A copy's publisher is on another node. */
export function endPublisher(key: StreamKey, { hub }: DescriptionDeps): number | undefined {
  const stream = hub.get(key)
  if (stream === undefined || stream.publication?.info.isCopy === true) return undefined
  return stream.kickPublisher() ? 1 : 0
}

export function endConnection(id: string, { connections }: DescriptionDeps): number | undefined {
  const connection = connections.get(id)
  connection?.kick()
  return connection && 1
}
