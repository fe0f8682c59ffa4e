import { addMixMetrics, addTranscodeMetrics } from '../transcode/index.js'
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
  const stillHelp = 'Seconds in which the process stood still; they count for no deadline of others'
  metrics.addCounter('stood_still_seconds_total', stillHelp, () => clock.stoodStill / 1_000_000)
  metrics.addGauge('sockets', 'TCP connections of all listeners', () => sockets.size)
  metrics.addGauge('strangers', 'TCP connections that were not admitted to anything yet', () => pending.size)
  metrics.addCounter('connections_refused_total', 'Connections of addresses that had their share', () => door.refused)
  metrics.addCounter('strangers_evicted_total', 'Strangers that made room for newer ones', () => pending.evicted)
  metrics.addCounter(
    'sockets_cut_total',
    'Connections that were cut because their other side did not read: `stalled`, or too much waited: `overflow`',
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
export function observeRooms({ metrics }: Core, { mixer, rooms, signaling, signatures }: RoomsPart): void {
  const { counters } = signaling
  addMixMetrics(metrics, mixer)
  metrics.addGauge('rooms', 'Rooms with members, and those empty for less than a minute', () => rooms.counts.rooms)
  metrics.addGauge(
    'room_members',
    'Members of all rooms: participants have a socket, devices push by RTMP or WHIP alone',
    () => [
      { labels: { kind: 'participant' }, value: rooms.counts.participants },
      { labels: { kind: 'device' }, value: rooms.counts.devices },
    ],
    ['kind'],
  )
  const addressHelp =
    'Addresses of room streams that are good: /r/TOKEN, for members and for players without membership'
  metrics.addGauge('room_addresses', addressHelp, () => rooms.tokens.size)
  const usedHelp = 'One-time tokens that were used and are remembered until they run out'
  metrics.addGauge('one_time_tokens', usedHelp, () => signatures.usedTokens)
  metrics.addGauge('signaling_sockets', 'Open sockets of signaling, entered or not', () => signaling.sockets)
  metrics.addCounter('signaling_entries_total', 'Entries and resumptions', () => counters.entries)
  metrics.addCounter(
    'signaling_messages_total',
    'Messages of signaling',
    () => [
      { labels: { direction: 'in' }, value: counters.messagesIn },
      { labels: { direction: 'out' }, value: counters.messagesOut },
    ],
    ['direction'],
  )
  metrics.addCounter(
    'signaling_refused_total',
    'Requests and sockets of signaling that were refused, by error code',
    () => [...counters.refusals].map(([code, value]) => ({ labels: { code }, value })),
    ['code'],
  )
}
