import { statsOf } from '../statistics/stats-report.js'

/** How often the connections are looked at. */
const LOOK_MS = 250
/** So long nothing comes of what came all the time: the browser itself would wait several seconds before it says so. */
const STALL_MS = 700
/** So many looks in a row must have seen something new before its absence means anything. */
const STEADY_LOOKS = 4

/** Tells a flow that stops from one that never was. */
export class Flow {
  #value: number | undefined
  #changedMs = 0
  #streak = 0

  /** The observer itself was away: what came meanwhile may not have been counted yet. */
  forgive(nowMs: number): void {
    this.#changedMs = nowMs
  }

  /** Takes a counter; true once when what flowed steadily has stood still for {@link STALL_MS}. */
  observe(value: number | undefined, nowMs: number): boolean {
    if (value !== this.#value) {
      this.#streak = value === undefined ? 0 : this.#streak + 1
      this.#value = value
      this.#changedMs = nowMs
      return false
    }
    if (this.#streak === 0 || nowMs - this.#changedMs < STALL_MS) return false
    const wasSteady = this.#streak > STEADY_LOOKS
    this.#streak = 0
    return wasSteady
  }
}

/** The connections to be watched; undefined while there is none. */
export interface WatchedConnections {
  readonly uplink: RTCPeerConnection | undefined
  readonly downlink: RTCPeerConnection | undefined
}

/** Calls `stalled` when what came all the time by a connection stops coming; returns what ends that. */
export function watchStalls(
  connections: () => WatchedConnections,
  stalled: (direction: 'up' | 'down') => void,
): () => void {
  const up = new Flow()
  const down = new Flow()
  let lastMs = performance.now()
  const look = async (): Promise<void> => {
    const { uplink, downlink } = connections()
    const received = await packetsReceived(uplink)
    const nowMs = performance.now()
    // A page that was busy or hidden saw nothing, whatever came.
    if (nowMs - lastMs > 2 * LOOK_MS) for (const flow of [up, down]) flow.forgive(nowMs)
    lastMs = nowMs
    if (up.observe(received, nowMs)) stalled('up')
    if (down.observe(newestArrival(downlink), nowMs)) stalled('down')
  }
  const timer = setInterval(() => void look(), LOOK_MS)
  return () => clearInterval(timer)
}

/** Of the up side: the server's feedback comes many times a second while anything is sent. */
async function packetsReceived(connection: RTCPeerConnection | undefined): Promise<number | undefined> {
  if (connection?.connectionState !== 'connected') return undefined
  for (const { type, packetsReceived } of (await statsOf(connection)).values()) {
    if (type === 'transport') return packetsReceived
  }
  return undefined
}

/** Of the down side: when the newest sound or picture came. Asked of the receivers, which costs less than statistics of all. */
function newestArrival(connection: RTCPeerConnection | undefined): number | undefined {
  if (connection?.connectionState !== 'connected') return undefined
  const arrivals = connection.getReceivers().map((receiver) => receiver.getSynchronizationSources()[0]?.timestamp ?? 0)
  return arrivals.length === 0 ? undefined : Math.max(...arrivals)
}
