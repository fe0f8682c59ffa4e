import { KiB, MiB, SECOND } from './units.js'

/**
 * The limits of what peers may use, hold and delay, named, with the unit in the name (`Ms`, `Micros`, `Bytes`,
 * `PerSecond`) or a plain count. Tests and documentation read this file and those that it exports. Constants of a single mechanism (lengths of
 * formats, retry pauses of a command, tuning) stay in its file.
 */

export * from './cluster-limits.js'
export * from './composite-limits.js'
export * from './push-limits.js'
export * from './record-limits.js'
export * from './room-limits.js'

/** TCP connections of all protocols, and what they may do before they are admitted to publish or play. */
export const connectionLimits = {
  /** From accept to a finished RTMP handshake; absolute, so a peer that sends one byte per second gains nothing. */
  handshakeMicros: 5 * SECOND,
  /** From accept to an admitted publish or play; absolute as well. */
  authorisedMicros: 10 * SECOND,
  /** Unfinished messages of all connections not yet admitted. */
  unauthorisedTotalBytes: 64 * MiB,
  /** Connections not yet admitted; a new one closes the oldest, never an admitted one. Configurable. */
  unauthorised: 4096,
  /** The same from one address (IPv4 /32, IPv6 /64); loopback is exempt. Configurable. */
  unauthorisedPerAddress: 64,
  /** Connections of all protocols, admitted or not. One address may hold as many as remain free. Configurable. */
  connections: 32_768,
  /** Pause of accepting after the process ran out of file descriptors. */
  acceptPauseMs: 100,
} as const

/** Every TCP socket of the server, of any protocol. */
export const socketLimits = {
  /** Data that may wait in the server for one socket; a socket with more is destroyed. */
  waitingBytes: 8 * MiB,
  /** Data that the kernel may keep unsent for one socket (with the native package): more would be invisible delay. */
  unsentBytes: 128 * KiB,
  /** A socket whose peer reads nothing for this long while data waits, in the server or in either kernel, is destroyed. */
  stalledMicros: 10 * SECOND,
  /** Data that the peer's kernel took in that time and its program did not read; a reader leaves less there. */
  unreadBytes: 32 * KiB,
  /** Interval of these checks. */
  sweepMicros: 500_000,
} as const

/** RTMP: chunk stream, messages, commands. */
export const rtmpLimits = {
  /** Smaller announced chunk sizes close the connection: they only cost CPU time. */
  minChunkBytes: 128,
  /** Larger announced sizes are clamped; no message is longer, so nothing changes on the wire. */
  maxChunkBytes: 1 * MiB,
  /** The chunk size the server announces and writes. */
  outgoingChunkBytes: 4096,
  /** A message of any type before a publish or play is admitted. */
  unauthorisedMessageBytes: 16 * KiB,
  /** A video message. */
  videoMessageBytes: 4 * MiB,
  /** An audio or command message. */
  otherMessageBytes: 64 * KiB,
  /** Script data: some encoders send the index of a recording in onMetaData. */
  dataMessageBytes: 1 * MiB,
  /** Messages kept between the publish command and its answer; beyond either limit the socket is not read until then. */
  waitingBytes: 4 * MiB,
  waitingMessages: 2048,
  /** Unfinished messages at the same time. */
  partialMessages: 8,
  /** Received bytes of unfinished messages, before and after admission. */
  unauthorisedPartialBytes: 64 * KiB,
  partialBytes: 8 * MiB,
  /** Chunk streams one peer may use. */
  chunkStreams: 64,
  /** Message streams one peer may create. */
  messageStreams: 8,
  commandsPerSecond: 20,
  commandBurst: 50,
  /** The smallest acknowledged amount, whatever window the peer requests. */
  minAcknowledgementBytes: 32 * KiB,
  /** The window the server announces. */
  windowAcknowledgementBytes: 2_500_000,
  /** Parse time that one connection may use per second of wall time. */
  decodeBudgetMicrosPerSecond: 50_000,
} as const

/** AMF0 values. */
export const amfLimits = {
  depth: 16,
  nodes: 1024,
  decodedBytes: 64 * KiB,
} as const

/** Names and query strings from the network. */
export const nameLimits = {
  /** APP and STREAM: 1 to this many characters of `[A-Za-z0-9._-]` each. */
  segmentChars: 128,
  /** The arguments after `?`, wherever the encoder puts them: a JWT of `jwtChars` and further arguments. */
  queryBytes: 6 * KiB,
  /** Arguments read from one query string. */
  queryFields: 32,
} as const

/** Compressed media. */
export const mediaLimits = {
  /** One access unit or coded audio frame. */
  frameBytes: 4 * MiB,
  /** NAL units in one access unit. */
  unitsPerFrame: 512,
  /** Consecutive invalid frames of one track that end a publish. */
  badFrames: 50,
  /** How long an incomplete picture waits for its next piece. */
  pieceMicros: 100_000,
} as const

/** Publishers. */
export const publisherLimits = {
  /** A publisher that sends nothing for this long counts as gone. */
  silentMicros: 10 * SECOND,
  /** Sustained bitrate, enough for 4K; above it the server reads more slowly (TCP back-pressure). */
  bitsPerSecond: 60_000_000,
  /** Burst: twice the bitrate of one second. */
  burstBits: 2 * 60_000_000,
  /** A publisher above the bitrate for this long without a pause is closed. */
  overRateMicros: 30 * SECOND,
  /** How long viewers wait for the return of a publisher. */
  graceMicros: 15 * SECOND,
  /** How long a new stream waits for its second track before headers are sent. */
  headerWaitMicros: 500_000,
  /** New viewers are not announced a track that sent nothing for this long while the other continued. */
  trackSilentMicros: 5 * SECOND,
} as const

/** Streams that are fetched when somebody wants them: from a camera, from another server. */
export const fetchLimits = {
  /** How long a fetch may take until it publishes; those who wait are refused then. */
  deadlineMicros: 10 * SECOND,
  /** A stream that nobody wants any more is fetched for this much longer. */
  lingerMicros: 5 * SECOND,
  /** A push or a recording waits for an absent stream as long as this, and asks for it again after this pause. */
  askMicros: 10 * SECOND,
  askAgainMicros: SECOND,
} as const

/**
 * The cache with which a new viewer starts immediately. Beyond any of these limits it restarts at a recovery point, or is
 * off until the next keyframe.
 */
export const gopCacheLimits = {
  bytes: 8 * MiB,
  frames: 2500,
  /** All caches of the server together. */
  totalBytes: 512 * MiB,
} as const

/** The start of a new viewer. If the cache is too long or has no keyframe, a codec process generates a keyframe. */
export const startLimits = {
  /** Cached media sent to FLV and RTMP players: they play all of it, so it adds to their delay. */
  delayMicros: 10 * SECOND,
  /** The same if the publisher can be asked for a keyframe … */
  askedDelayMicros: 1 * SECOND,
  /** … and the wait for that keyframe before a codec process generates one. */
  askedMicros: 500_000,
  /** The wait for a generated keyframe; then players get the cached frames, one millisecond apart. */
  madeMicros: 2 * SECOND,
  /** Cached frames sent to WebRTC viewers, which decode faster than real time; and the same for a publisher that can be asked for a keyframe. */
  burstFrames: 900,
  burstBytes: 3 * MiB,
  askedBurstFrames: 30,
} as const

/** Viewers. */
export const viewerLimits = {
  /** The queue of one viewer, in size and media time; beyond it video is dropped up to the next keyframe. */
  queueBytes: 4 * MiB,
  queueMicros: 3 * SECOND,
  /** Audio survives such a drop while less than this waits. */
  keptAudioBytes: 64 * KiB,
  /** A viewer that reads nothing for this long is disconnected. */
  noDrainMicros: 10 * SECOND,
  /** How long a player waits for the publisher of a plain stream before 404 or StreamNotFound. */
  waitForPublisherMicros: 2 * SECOND,
  /** Audio waits for the next video frame if that is at most this far away, so both need one write. */
  audioMergeMicros: 25_000,
} as const

/** HTTP. Node's defaults for the first two are 60 and 300 s. */
export const httpLimits = {
  headersTimeoutMs: 5_000,
  requestTimeoutMs: 10_000,
  keepAliveTimeoutMs: 5_000,
  maxHeaderBytes: 8 * KiB,
  maxHeaders: 64,
  /** Requests of one connection that are not answered yet, or whose answers were not read yet; one more ends it. */
  pipelined: 4,
  /** Request bodies of the REST API. */
  bodyBytes: 64 * KiB,
  /** An SDP offer or a trickle fragment. */
  sdpBytes: 64 * KiB,
  /** How long a player may take to read the rest of an ended stream. */
  farewellMicros: 5 * SECOND,
} as const

/** WebSockets. Compression is off: media does not compress, and compression needs memory per connection. */
export const webSocketLimits = {
  /** A message from a player or from a client before authentication. */
  maxPayloadBytes: 16 * KiB,
} as const

/** Tokens, signatures and the protection against guessing them. */
export const authLimits = {
  /** Failures from one address within the window before it gets 429. */
  failuresPerMinute: 10,
  /** The window in which failures are counted. */
  failureWindowMs: 60_000,
  /** Delay of answers to a blocked address. */
  failureDelayMs: 2_000,
  /** Addresses whose failures are counted; the oldest is dropped first. */
  failureAddresses: 10_000,
  /** Delayed answers at the same time; further refusals are sent immediately. */
  delayedAnswers: 256,
  /** Accepted clock difference to the issuers of tokens. */
  clockLeewayMs: 60_000,
  /** Longer tokens are refused unread. */
  tokenChars: 1024,
  /** A UserSig or privateMapKey as text, and decompressed. Real ones have 200 to 700 characters. */
  ticketChars: 2 * KiB,
  ticketBytes: 4 * KiB,
  /** A JWT as text. */
  jwtChars: 4 * KiB,
  /** The furthest expiry of a JWT: one that never expires cannot be revoked. */
  jwtLifetimeMs: 30 * 86_400_000,
  /** The key set of `--jwks-url`: timeout and size of the response, and how long it is cached. */
  jwksTimeoutMs: 3_000,
  jwksBytes: 64 * KiB,
  jwksFreshMs: 600_000,
  /** An unknown key id refreshes the set, at most this often. */
  jwksPauseMs: 30_000,
  /** Consumed one-time tokens, remembered until they expire; beyond it no further one is accepted. */
  oneTimeTokens: 100_000,
  /** Unredeemed tickets of `crossroom://` links, and their lifetime; beyond it the oldest is dropped. */
  entryTickets: 10_000,
  entryTicketMs: 60_000,
  /** Characters of one signature and of the display name in the request for a ticket. */
  ticketSignatureChars: 4 * KiB,
  ticketNameChars: 64,
  /** Minimum length of a secret if other machines can reach the server: one signed token suffices to guess shorter ones offline. */
  minSecretBytes: 32,
} as const

/** HTTP services without authentication: the signatures of the demo, the room service of the old demos. */
export const openServiceLimits = {
  /** Rooms of the old demos, their members, and the time after which a member without heartbeat leaves. */
  demoRooms: 1000,
  demoMembers: 4,
  demoHeartbeatMs: 20_000,
  /** Characters that are stored of one text. */
  demoTextChars: 128,
  /** Requests from one address (IPv4 /32, IPv6 /64); loopback is exempt. */
  requestsPerSecond: 10,
  requestBurst: 40,
  addresses: 10_000,
} as const

/** HTTP hooks to the operator's own servers. */
export const hookLimits = {
  timeoutMs: 3_000,
  responseBytes: 64 * KiB,
  /** Characters of a hook's reason that reach the client, and of the subject it returns. */
  reasonChars: 200,
  inFlight: 64,
  /** Notifications waiting for delivery; beyond it the oldest is dropped and counted. */
  queued: 1000,
  /** Pause before the first retry of a notification, doubled up to the maximum. */
  retryFirstMs: 1_000,
  retryMaxMs: 60_000,
} as const

/** The older routes of pushes, `/forwards`. */
export const forwardLimits = {
  /** Forward rules at the same time. */
  rules: 64,
  targetUrlChars: 1024,
  /** Data waiting for a slow target; beyond it video is skipped up to the next keyframe. */
  targetWaitingBytes: 4 * MiB,
  connectMs: 5_000,
  retryFirstMs: 1_000,
  retryMaxMs: 30_000,
} as const

/** Media jobs: pulls, recordings, pushes. */
export const jobLimits = {
  /** Stored jobs of one kind, and bytes of the document of one. */
  documents: 10_000,
  documentBytes: 64 * KiB,
} as const

/** Streams that are pulled from cameras and other servers. */
export const pullLimits = {
  /** Pulls at the same time, and those that one child process fetches. */
  pulls: 1000,
  perChild: 16,
  /** Characters of an address. */
  urlChars: 2048,
  /** Redirects of HTTP in a row. */
  redirects: 5,
  /** One message of FLV over WebSocket. */
  messageBytes: 8 * MiB,
  /** A source without a frame for this long counts as hung, unless the pull says otherwise; HLS comes in segments. */
  timeoutMs: 5_000,
  hlsTimeoutMs: 20_000,
  /** The shortest and the longest that a pull may say. */
  minTimeoutMs: 500,
  maxTimeoutMs: 60_000,
  /** Pause after a failure, doubled up to the maximum: a camera that comes back is noticed within it. */
  retryFirstMs: 250,
  retryMaxMs: 2_000,
  /** Pauses begin anew after a source was live for this long. */
  steadyMicros: 5 * SECOND,
  /** The same for a source that refuses the credentials: cameras lock out clients that try too often. */
  deniedFirstMs: 5_000,
  deniedMaxMs: 60_000,
  /** A child process without pulls ends after this. */
  childLingerMicros: 10 * SECOND,
  /** A child process that does not answer for this long is ended. */
  childSilentMicros: 10 * SECOND,
  childPingMicros: 2 * SECOND,
  /** Frames that wait in a child for the server; beyond it they are left out up to the next keyframe. */
  childQueueBytes: 16 * MiB,
} as const

/** Logs and metrics. */
export const observeLimits = {
  /** Lines per second and kind; further ones are counted and reported once a second. */
  logLinesPerSecond: 100,
  /** Kinds counted separately. */
  logKinds: 256,
  /** Characters of one text in a log line. */
  logTextChars: 512,
  /** Streams with their own label, with `--metrics-stream-label`. */
  labelledStreams: 1000,
  /** Different codes of one metric; further ones are counted as `OTHER`. */
  metricCodes: 100,
  /** Log lines that wait while stderr is not read; further ones are dropped and counted. */
  logWaitingBytes: 1 * MiB,
} as const

/** WebRTC sessions (WHEP, WHIP). */
export const rtcLimits = {
  /** A session that has not connected after this ends. */
  unconnectedMicros: 15 * SECOND,
  /** Sessions not yet connected: in total, and from one address (IPv6: its /64). */
  pendingSessions: 512,
  pendingPerPeer: 32,
  /** Data waiting for a WebRTC peer on TCP; a connection with more is closed. */
  tcpWaitingBytes: 1 * MiB,
  /** Without a verified STUN check for this long the session ends. */
  consentMicros: 30 * SECOND,
  sdpLines: 2000,
  sdpMediaLines: 40,
  /** Random bytes in the address of a session. */
  sessionIdBytes: 16,
} as const

/** Shutdown of the process. */
export const shutdownLimits = {
  /** From SIGTERM to the first disconnect, in seconds; `/readyz` answers 503 meanwhile (`--drain-notice`). */
  drainNoticeSeconds: 5,
  /** From there to the exit, even with clients still connected. */
  drainMs: 30_000,
  /** Viewers are disconnected over this time, so that they do not all reconnect at once. */
  drainJitterMs: 5_000,
} as const

/** Conversions between codecs, and the processes in which they run. */
export const transcodeLimits = {
  /** Queue to the codec process, and from it, before frames are dropped: twice a cached start. */
  queueBytes: 16 * MiB,
  /** Interval of heartbeats to the codec process, and the interval while it converts nothing. */
  heartbeatMicros: 250_000,
  idleHeartbeatMicros: 2 * SECOND,
  /** A codec process that works through its queue answers at least this often. */
  signOfLifeMs: 200,
  /** Unanswered heartbeats in a row that mean a hang: 1 s for audio, 2 s for video, whose frames take longer. */
  audioHeartbeats: 4,
  videoHeartbeats: 8,
  /** From start to ready, with codecs loaded. */
  startMicros: 10 * SECOND,
  /** A standby process starts this long after a process was first needed. */
  spareMicros: 2 * SECOND,
  /** Pause before a restart: none the first time, then the first value, doubled up to the second. */
  restartFirstMicros: 125_000,
  restartMaxMicros: 1 * SECOND,
  /** This many crashes within the window turn the conversions of that process off for `offMicros`. */
  crashes: 5,
  crashWindowMicros: 60 * SECOND,
  offMicros: 60 * SECOND,
  /** How long a conversion stays after its last viewer. */
  lingerMicros: 5 * SECOND,
  /** Conversions at the same time. */
  audioConversions: 256,
  videoConversions: 8,
  /** A video conversion whose output is this far behind its input lacks CPU. */
  lagMicros: 2 * SECOND,
} as const

/** Snapshots: single pictures of streams as files. */
export const snapshotLimits = {
  /** The smallest width that may be requested; and the largest width and height of a picture. */
  minPixels: 16,
  maxPixels: 4096,
  /** Requests for a picture share it for this long. */
  sharedMicros: 1 * SECOND,
  /** The wait for a keyframe, and for the picture made of it. */
  deadlineMicros: 5 * SECOND,
  /** Pictures that are decoded at the same time, so that conversions of video wait no longer than that … */
  decoding: 2,
  /** … and those that are requested and not there yet; further ones are refused. */
  waiting: 256,
  /** Finished pictures that are kept; the oldest is dropped first. */
  keptBytes: 32 * MiB,
} as const

/** HLS: segments in memory, and the requests for them. */
export const hlsLimits = {
  /** No part is longer. */
  partMicros: 400_000,
  /** A segment ends at the first keyframe after this … */
  minSegmentMicros: 1 * SECOND,
  /** … and here at the latest, with or without a keyframe. */
  segmentMicros: 4 * SECOND,
  /** Media in a playlist, and media that is kept for players with an older playlist. */
  windowMicros: 16 * SECOND,
  /** … besides. */
  keptMicros: 12 * SECOND,
  /** Segments of one stream; beyond it the oldest are dropped, … */
  windowBytes: 64 * MiB,
  /** … and of all streams. */
  totalBytes: 512 * MiB,
  /** Players at the same time. */
  viewers: 10_000,
  /** A player that requests nothing for this long has left. */
  idleMicros: 15 * SECOND,
  /** Requests that wait for a part or a segment at the same time, … */
  waiting: 8192,
  /** … and how long each waits. */
  waitMicros: 8 * SECOND,
} as const

/** Mixed audio. */
export const mixLimits = {
  /** Mixes at the same time. Receivers that hear the same members share one. */
  mixes: 512,
} as const
