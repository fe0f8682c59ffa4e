import { KiB, MiB, SECOND } from './units.js'

/** Nodes of a cluster. */
export const nodeLimits = {
  heartbeatMs: 500,
  /** A node that is neither heard nor linked for longer is gone. */
  goneMs: 1500,
  /** A server that starts waits this long for its engine. */
  joinMs: 10_000,
  /** A store that takes no writes for longer elects no leader: too few of its servers are up. */
  electionMs: 10_000,
  /** A node that is heard and not linked for longer cannot be reached at its relay address. */
  unlinkedMs: 10_000,
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

/** Requests of WHIP and WHEP sessions that reach another node than theirs. */
export const passLimits = {
  /** Those that wait for other nodes, at the same time. */
  requests: 256,
  /** Of a header that goes along. */
  headerChars: 4096,
} as const

/** The engine of a cluster. */
export const engineLimits = {
  /** After this a call has failed: elections take longer, and callers decide what then holds. */
  requestMs: 2000,
  /** Of a value or message; NATS takes 1 MiB. */
  valueBytes: 512 * KiB,
} as const

/** The processes of one server (`--processes`), and the one that started them. */
export const ipcLimits = {
  processes: 128,
  /** How often a process is heard, and asks the parent process to be heard. */
  pingMs: 500,
  /** The engine is lost while the parent process does not answer for longer. */
  silentMs: 1500,
  /** A process that is not heard for longer hangs: it is killed and started again. */
  hungMs: 15_000,
  /** Requests of others that a process has not answered. */
  unanswered: 10_000,
  /** Bytes that wait to be read by a process, or by the parent: a process is killed, a parent is told no more. */
  waitingBytes: 64 * MiB,
  /** A line that a process writes, of its log or a crash; the rest is another line. */
  lineBytes: 64 * KiB,
  /** An answer of a process to a question about itself. */
  answerMs: 1000,
  /** Pause before a process that ended is started again, doubled up to the second while it ends soon again. */
  restartFirstMs: 200,
  restartMaxMs: 30_000,
  /** A process that ran for longer did not end soon. */
  steadyMs: 60_000,
  /** Of a process to listen. */
  startMs: 60_000,
} as const

/** Media between the nodes of a cluster. A peer that exceeds one of these loses its link, and nothing else. */
export const relayLimits = {
  /** From a connection to a finished greeting, with a known node and a right proof. */
  greetingMicros: 5 * SECOND,
  /** A message before that, and a control message after it; a frame has the limit of `wireLimits`. */
  greetingBytes: 4 * KiB,
  controlBytes: 256 * KiB,
  /** Control messages of a peer, with a burst. */
  controlPerSecond: 1000,
  controlBurst: 20_000,
  /** Messages that nobody asked for: late ones of a stream that is no longer wanted, and unknown types. */
  strayPerSecond: 2000,
  strayBurst: 10_000,
  /** Frames and bytes of one stream, with a burst for its cache. */
  framesPerSecond: 1000,
  frameBurst: 10_000,
  bytesPerSecond: 8 * MiB,
  byteBurst: 64 * MiB,
  /** Streams that a peer may want at the same time. */
  wants: 10_000,
  /** Interval of questions on the connection for sound, and on those for pictures. */
  pingMicros: 250_000,
  picturePingMicros: 2 * SECOND,
  /** Intervals without a message from the peer after which the connection is closed. */
  missedPings: 5,
  /** Connections for pictures between two nodes, beside the one for sound. */
  pictureLanes: 8,
  /** Pause before the next attempt to connect, doubled up to the second. */
  retryFirstMicros: 100_000,
  retryMaxMicros: 5 * SECOND,
  /** A stream goes on without a mark when its link is back within this time. */
  linkGraceMicros: 2 * SECOND,
  /** A wanted stream without a publisher at its node, and without a member who may publish it, is given up after this. */
  absentMicros: 2 * SECOND,
} as const

/** Rooms over several nodes. */
export const clusterLimits = {
  /** Changes of a node's document within this time after another one are told as one. */
  documentMicros: 20_000,
  /** The same for changes of its audience alone. */
  audienceMicros: 1 * SECOND,
  /** Audience that one node names in its document; more are counted. */
  namedAudience: 1000,
  /** How long a document says why a member left. */
  leftMs: 10_000,
  /** An entry waits so long for what other nodes know, and so long again for the decision who owns the room. */
  entryMicros: 300_000,
  /** An owner who is in no document for this long is gone. */
  missingOwnerMicros: 1 * SECOND,
  /** A member keeps its media on a node that drains until it is on another one, at most so long. */
  handOverMicros: 10 * SECOND,
  /** A claim that failed is tried again after this. */
  retryMicros: 1 * SECOND,
  /** How often a node tells what it has told, so that what was lost is asked for. */
  digestMicros: 5 * SECOND,
  /** A node that has not told so for this long is asked. */
  silentMicros: 12 * SECOND,
} as const
