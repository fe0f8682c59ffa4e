import { KiB } from './units.js'

/** Nodes of a cluster. */
export const nodeLimits = {
  heartbeatMs: 500,
  /** A node that is neither heard nor linked for longer is gone. */
  goneMs: 1500,
  /** A server that starts waits this long for its engine. */
  joinMs: 10_000,
  /** A store that takes no writes for longer elects no leader: too few of its servers are up. */
  electionMs: 10_000,
} as const

/** Names of plain streams in a cluster. */
export const claimLimits = {
  /** A publisher waits this long for its name while the engine elects a leader. */
  waitMicros: 8_000_000,
  /** The same for the question whether a one-time token was used. */
  tokenMicros: 3_000_000,
} as const

/** Lists of REST over all nodes of a cluster. */
export const listLimits = {
  /** Streams, or connections, of one other node. */
  perNode: 10_000,
  /** Of one answer between nodes. */
  pageBytes: 256 * KiB,
} as const

/** The engine of a cluster. */
export const engineLimits = {
  /** After this a call has failed: elections take longer, and callers decide what then holds. */
  requestMs: 2000,
  /** Of a value or message; NATS takes 1 MiB. */
  valueBytes: 512 * KiB,
} as const
