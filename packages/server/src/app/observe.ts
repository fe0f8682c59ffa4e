import { addCompositeMetrics, addMixMetrics, addTranscodeMetrics } from '../transcode/index.js'
import type { Core } from './core.js'
import type { RoomsPart } from './rooms.js'

/** Adds what the parts themselves do not count to the metrics. */
export function observeCore({
  clock,
  connections,
  door,
  hooks,
  hub,
  metrics,
  pending,
  sockets,
  transcoder,
}: Core): void {
  const lostHelp = 'on_unpublish notifications that were not delivered'
  metrics.addCounter('hook_lost_total', lostHelp, () => hooks?.lost ?? 0)
  const stillHelp = 'Seconds in which the process was suspended; they do not count towards timeouts of clients'
  metrics.addCounter('stood_still_seconds_total', stillHelp, () => clock.stoodStill / 1_000_000)
  metrics.addGauge('sockets', 'TCP connections of all listeners', () => sockets.size)
  metrics.addGauge('strangers', 'TCP connections not yet admitted to publish or play', () => pending.size)
  metrics.addCounter(
    'connections_refused_total',
    'Connections refused because their address had its share',
    () => door.refused,
  )
  metrics.addCounter(
    'strangers_evicted_total',
    'Unadmitted connections closed in favour of newer ones',
    () => pending.evicted,
  )
  metrics.addCounter(
    'sockets_cut_total',
    'Connections closed because their peer did not read: `stalled`, or too much data waited: `overflow`',
    () => Object.entries(sockets.cuts).map(([reason, value]) => ({ labels: { reason }, value })),
    ['reason'],
  )
  addTranscodeMetrics(metrics, transcoder)
  metrics.watchStreams(() =>
    hub.list().map((stream) => {
      const viewers = connections.list(stream.key).filter((connection) => connection.role === 'viewer')
      const bytesOut = viewers.reduce((sum, viewer) => sum + viewer.bytes(), 0)
      return { name: stream.key.label, viewers: viewers.length, bytesIn: stream.bytesIn, bytesOut }
    }),
  )
}

/** The same for rooms and signaling. */
export function observeRooms(
  { metrics }: Core,
  { calls, composer, mixer, rooms, signaling, signatures }: RoomsPart,
): void {
  const { counters } = signaling
  addMixMetrics(metrics, mixer)
  addCompositeMetrics(metrics, composer)
  metrics.addGauge('rooms', 'Rooms, including those that became empty less than a minute ago', () => rooms.counts.rooms)
  metrics.addGauge(
    'room_members',
    'Members of all rooms: participants have a signaling socket, devices only publish over RTMP or WHIP',
    () => [
      { labels: { kind: 'participant' }, value: rooms.counts.participants },
      { labels: { kind: 'device' }, value: rooms.counts.devices },
    ],
    ['kind'],
  )
  const addressHelp = 'Valid addresses of room streams: /r/TOKEN, for members and for players outside the room'
  metrics.addGauge('room_addresses', addressHelp, () => rooms.tokens.size)
  const usedHelp = 'Consumed one-time tokens, remembered until they expire'
  metrics.addGauge('one_time_tokens', usedHelp, () => signatures.usedTokens)
  metrics.addGauge('calls', 'Calls that ring or go on', () => calls.counts.calls)
  metrics.addGauge('users_online', 'Users who can be called', () => calls.counts.users)
  metrics.addGauge('signaling_sockets', 'Open signaling sockets, entered or not', () => signaling.sockets)
  metrics.addCounter('signaling_entries_total', 'Entries and resumptions', () => counters.entries)
  metrics.addCounter(
    'signaling_messages_total',
    'Signaling messages',
    () => [
      { labels: { direction: 'in' }, value: counters.messagesIn },
      { labels: { direction: 'out' }, value: counters.messagesOut },
    ],
    ['direction'],
  )
  metrics.addCounter(
    'signaling_refused_total',
    'Refused signaling requests and sockets, by error code',
    () => [...counters.refusals].map(([code, value]) => ({ labels: { code }, value })),
    ['code'],
  )
}
