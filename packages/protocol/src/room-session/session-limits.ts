import type { Micros } from '@crossroom/media'

const MILLISECOND: Micros = 1000
const SECOND: Micros = 1000 * MILLISECOND

/** How long a session waits, and how much it holds. Times in microseconds. */
export interface SessionLimits {
  /** From `enter` to being in the room, every attempt included. Default 15 s. */
  readonly enterMicros: Micros
  /** One attempt to open a socket. Default 6 s: after a network change a phone may still try the dead network. */
  readonly connectMicros: Micros
  /**
   * The first attempt to come back to a server whose heartbeats are that short: a frozen machine takes connections and says
   * nothing. One and a half heartbeats, no less than this, doubled with each attempt up to the limit above. Default 1.2 s.
   */
  readonly firstConnectMicros: Micros
  /** Any request. Default 10 s. */
  readonly requestMicros: Micros
  /** For the answer to `room.leave`, before the socket is closed without it. Default 1 s. */
  readonly leaveMicros: Micros
  /** The longest wait before the first attempt to reconnect, which may come at once; doubled each time. Default 200 ms. */
  readonly firstRetryMicros: Micros
  /** The longest wait before any attempt. Default 10 s. */
  readonly lastRetryMicros: Micros
  /** What a server may ask to wait at most. Default 60 s. */
  readonly retryAfterMicros: Micros
  /** A connection that lasted this long counts as good: the reconnect delays restart. Default 5 s. */
  readonly stableMicros: Micros
  /** Attempts are not closer than this when the network changes again and again. Default 1 s. */
  readonly networkChangeMicros: Micros
  /** For a sign of life after the timers stood still (a hidden page, a phone in a pocket). Default 2 s. */
  readonly probeMicros: Micros
  /** Heartbeats are not sent more often or more seldom, whatever the server says. Default 500 ms, 60 s. */
  readonly minHeartbeatMicros: Micros
  readonly maxHeartbeatMicros: Micros
  /** Requests without an answer. Default 64. */
  readonly pendingRequests: number
  /** Users in the list. Default 4096. */
  readonly users: number
}

export const DEFAULT_SESSION_LIMITS: SessionLimits = {
  enterMicros: 15 * SECOND,
  connectMicros: 6 * SECOND,
  firstConnectMicros: 1_200 * MILLISECOND,
  requestMicros: 10 * SECOND,
  leaveMicros: 1 * SECOND,
  firstRetryMicros: 200 * MILLISECOND,
  lastRetryMicros: 10 * SECOND,
  retryAfterMicros: 60 * SECOND,
  stableMicros: 5 * SECOND,
  networkChangeMicros: 1 * SECOND,
  probeMicros: 2 * SECOND,
  minHeartbeatMicros: 500 * MILLISECOND,
  maxHeartbeatMicros: 60 * SECOND,
  pendingRequests: 64,
  users: 4096,
}
