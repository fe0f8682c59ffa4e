import { KiB, MiB, SECOND } from './units.js'

/** Signaling, the WebSocket of room members. `packages/protocol` limits the size of a message, for both sides. */
export const signalingLimits = {
  /** From the upgrade to an entry. */
  enterMicros: 10 * SECOND,
  /** Everything a socket may send before that: the longest `room.enter` with its framing. */
  bytesBeforeEntry: 20 * KiB,
  /** WebSocket frames of one message. */
  fragments: 64,
  messagesPerSecond: 20,
  messageBurst: 50,
  /** Entries and resumptions from one address (IPv4 /32, IPv6 /64), with a burst of twice as many; loopback is exempt. Configurable. */
  entriesPerSecond: 50,
  /** Addresses whose entries are counted; the oldest is dropped first. */
  entryAddresses: 10_000,
  /** Sockets at the same time. */
  sockets: 20_000,
  /** Data that may wait for a socket; beyond it the socket is closed, and its member may resume. */
  bufferedBytes: 1 * MiB,
  /** Missing heartbeats after which a socket counts as lost. */
  missedHeartbeats: 2,
  /** Interval of deadline checks. */
  sweepMicros: 1 * SECOND,
  /** Requests of one socket that wait for their turn. */
  waitingRequests: 64,
  /** From the close frame of the server to the end of the socket, whatever the client does. */
  farewellMicros: 2 * SECOND,
} as const

/** Rooms and their members. */
export const roomLimits = {
  rooms: 10_000,
  /** Members of one room, audience included; and sending members: owner, anchors, devices. */
  members: 5_000,
  anchors: 100,
  /** An empty room is deleted after this. */
  emptyMicros: 60 * SECOND,
  /** Interval of a client's heartbeats; after two missing ones it counts as gone. */
  heartbeatMs: 10_000,
  /** The same in a cluster, where a client that misses the answer to three goes to another node. The server waits as long as alone. */
  clusterHeartbeatMs: 800,
  /** How long a member without a socket may resume, from the detection of the loss: two heartbeats and 30 s. */
  resumeMicros: 2 * 10 * SECOND + 30 * SECOND,
  /** How long a device may return after its push ended. */
  deviceMicros: 15 * SECOND,
  /** Changes of the member list within this time after another one are sent as one notification. */
  foldMicros: 50_000,
  /** Minimum interval between notifications of the audience count. */
  countMicros: 1 * SECOND,
  /** Audio or video without a frame for this long counts as unavailable. */
  staleMicros: 3 * SECOND,
  /** Minimum interval between notifications of audio levels … */
  levelsMicros: 250_000,
  /** … and in a room with more members than the next limit. */
  levelsManyMicros: 1 * SECOND,
  manyMembers: 200,
  /** Minimum interval between notifications of one member's network quality. */
  qualityMicros: 2 * SECOND,
  /** Audio tracks that one browser receives at the same time, the loudest first. */
  audibleTracks: 16,
  /** Warning time before a signature expires. */
  expiringMicros: 60 * SECOND,
  /** Bans in force; the oldest is dropped first. */
  bans: 10_000,
  /** Connections that play one address at the same time. */
  playsPerToken: 8,
  /** How often an address whose holder another node answers for is checked there while it is in use. */
  distantCheckMicros: 10 * SECOND,
  /** Addresses for players outside the room, per room. */
  sharedAddresses: 1000,
  /** Messages to all members of one room. */
  messagesPerSecond: 50,
  messageBurst: 100,
  /** Unanswered requests for the microphone. */
  micRequests: 1000,
  /** Valid invitations of one room; beyond it the oldest is dropped. */
  invitations: 16,
  /** Lifetime of the signature that a guest gets for an invitation. */
  guestMs: 12 * 3_600_000,
  /** A request to a room fails without an answer within this time, wherever the room lives. */
  answerMicros: 5 * SECOND,
  /** Members are told to reconnect over this time when the server shuts down. */
  drainRetryMs: 5_000,
} as const

/** Calls over rooms. */
export const callLimits = {
  /** Calls of the server that ring or go on. */
  calls: 10_000,
  devicesOfUser: 16,
  /** A call goes on for this long without the socket of the device that accepted it. */
  lostMicros: 50 * SECOND,
  /** The room of a call that is over is disbanded after this. */
  leaveMicros: 2 * SECOND,
  /** `call.invite` and `call.add` of one user per second, and at once. */
  invitesPerSecond: 0.5,
  inviteBurst: 10,
  /** The same to one user. */
  ringsPerSecond: 1,
  ringBurst: 20,
  /** Users for whom these are counted. */
  countedUsers: 10_000,
  /** Users on one block list, and block lists. */
  blockedUsers: 1000,
  blockingUsers: 10_000,
} as const
