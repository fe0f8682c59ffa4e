const KiB = 1024

/** The version of the signaling protocol that this package speaks; the first field of `room.enter`. */
export const PROTOCOL_VERSION = 1

/** Limits of one signaling message. Characters are Unicode code points unless the name says otherwise. */
export const limits = {
  /** Bytes of a message before its sender has entered a room. */
  messageBytesBeforeEntry: 16 * KiB,
  /** Bytes of a message after that: an SDP that JSON escapes may make twice as long, and its frame. */
  messageBytes: 160 * KiB,
  /** Bytes of a message that a client takes from its server: the list of a large room is long. */
  serverMessageBytes: 4 * KiB * KiB,
  /** Objects and lists inside each other. Looked at before `JSON.parse`, whose cost it bounds. */
  nesting: 16,
  /** Characters of a request's id when that is a string. */
  requestIdLength: 64,
  roomIdLength: 64,
  userIdLength: 32,
  userNameLength: 64,
  /** UTF-8 bytes of the `data` of a text or custom message. */
  dataBytes: 8 * KiB,
  /** UTF-16 code units of an SDP, which is ASCII. */
  sdpLength: 64 * KiB,
  /** A UserSig, a JWT or a privateMapKey. */
  tokenLength: 8 * KiB,
  /** A resume token: in a cluster it carries the membership. */
  resumeTokenLength: 512,
  /** The version of a client. */
  versionLength: 64,
  candidateLength: 1 * KiB,
  /** `mid` of an m-line (RFC 9143): a browser writes "0", "1", …. */
  midLength: 32,
  /** m-lines that one browser publishes. */
  publishedTracks: 16,
  /** Streams in one subscription, and users in one mix. */
  subscribedStreams: 256,
  /** Pixels of `maxWidth`. */
  maxWidth: 16_384,
  /** Milliseconds of the longest ban: what a 32-bit timer can wait, 24.8 days. */
  banMs: 2 ** 31 - 1,
  /** The longest that an invitation may be good for, in milliseconds, and the most guests of one. */
  inviteMs: 24 * 3_600_000,
  inviteUses: 50,
  /** UTF-16 code units of a link. */
  linkLength: 2 * KiB,
  /** Figures in one `media.report`, and characters of each name or text in it. */
  netstatusFields: 64,
  netstatusTextLength: 256,
  /** Users in one `call.invite`, and in one call with its inviter. */
  invitedUsers: 49,
  callMembers: 50,
  /** Calls that ring or go on for one user. */
  callsOfUser: 16,
  /** The longest that a call may ring, in milliseconds. */
  ringMs: 300_000,
  /** Characters of the reason of a rejection or a hang-up. */
  reasonLength: 128,
} as const

/** Milliseconds that a kicked user stays out when `room.kick` does not say. */
export const DEFAULT_BAN_MS = 60_000

/** Milliseconds that a call rings when `call.invite` does not say. */
export const DEFAULT_RING_MS = 30_000

/** Milliseconds that an invitation is good for when `room.invite` does not say. */
export const DEFAULT_INVITE_MS = 3_600_000
