import { statsOf } from '../media/stats-report.js'

/** How often the connections are looked at … */
const LOOK_MS = 150
/** … and while one of them stands still. */
const LOOK_CLOSER_MS = 75
/** A continuous flow that is late by this much needs a check. */
const DOUBT_MS = 250
/** So long nothing comes of it: the browser itself would wait several seconds before it says so. */
const STALL_MS = 600
/** So many looks in a row must have seen something new before its absence means anything. */
const STEADY_LOOKS = 6
/** A timer that fires this rarely was delayed or the page was hidden. */
const AWAY_MS = 500

/** Distinguishes a flow that stops from one that never existed. */
export class Flow {
  #value: number | undefined
  #changedMs = 0
  #streak = 0
  #isDoubted = false
  #isOld = false

  /** Nothing new was seen at the last look, of what may go on. */
  get isStill(): boolean {
    return this.#streak > 0 && this.#isOld
  }

  /** The timer itself was suspended: media that arrived meanwhile may not be counted yet. */
  forgive(nowMs: number): void {
    this.#changedMs = nowMs
  }

  /** Takes a counter. Of what flowed steadily and stands still it says once that this is doubtful, and once that it stalled. */
  observe(value: number | undefined, nowMs: number): 'doubtful' | 'stalled' | undefined {
    this.#isOld = value === this.#value
    if (!this.#isOld) {
      this.#streak = value === undefined ? 0 : this.#streak + 1
      this.#value = value
      this.#changedMs = nowMs
      this.#isDoubted = false
      return undefined
    }
    const stillMs = nowMs - this.#changedMs
    const isSteady = this.#streak > STEADY_LOOKS
    if (stillMs >= STALL_MS) {
      this.#streak = 0
      return isSteady ? 'stalled' : undefined
    }
    if (stillMs < DOUBT_MS || this.#isDoubted || !isSteady) return undefined
    this.#isDoubted = true
    return 'doubtful'
  }
}

/** The connections to be watched; undefined while there is none. */
export interface WatchedConnections {
  readonly uplink: RTCPeerConnection | undefined
  readonly downlink: RTCPeerConnection | undefined
}

/** Reports when continuous media of a connection is late, and when it stops. */
export interface StallHandlers {
  doubted(direction: 'up' | 'down'): void
  stalled(direction: 'up' | 'down'): void
}

/** Watches both connections; returns what ends that. */
export function watchStalls(connections: () => WatchedConnections, handlers: StallHandlers): () => void {
  const flows = { up: new Flow(), down: new Flow() }
  let lastMs = performance.now()
  let timer: ReturnType<typeof setTimeout> | undefined
  let isOver = false
  const look = async (): Promise<void> => {
    const { uplink, downlink } = connections()
    const received = await packetsReceived(uplink)
    if (isOver) return
    const nowMs = performance.now()
    // A page that was busy or hidden saw nothing, whatever came.
    if (nowMs - lastMs > AWAY_MS) for (const flow of Object.values(flows)) flow.forgive(nowMs)
    lastMs = nowMs
    const counters = { up: received, down: newestArrival(downlink) }
    for (const direction of ['up', 'down'] as const) {
      const verdict = flows[direction].observe(counters[direction], nowMs)
      if (verdict === 'doubtful') handlers.doubted(direction)
      if (verdict === 'stalled') handlers.stalled(direction)
    }
  }
  const lookAgain = (): void => {
    if (isOver) return
    const isStill = flows.up.isStill || flows.down.isStill
    timer = setTimeout(() => void look().finally(lookAgain), isStill ? LOOK_CLOSER_MS : LOOK_MS)
  }
  lookAgain()
  return () => {
    isOver = true
    clearTimeout(timer)
  }
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
