/**
 * Every limit of the server, named, with its unit in the name (`Ms`, `Micros`, `Bytes`, `PerSecond`) or a plain count.
 * Tests and documentation read this file; nothing else in the package writes a limit as a number.
 */

const KiB = 1024
const MiB = 1024 * KiB
/** One second in microseconds, the unit between protocols. */
const SECOND = 1_000_000

/** Connections of every protocol before they are allowed to publish or play. */
export const connectionLimits = {
  /** From accept to a finished RTMP handshake; absolute, so a peer of one byte per second gains nothing. */
  handshakeMicros: 5 * SECOND,
  /** From accept to an admitted publish or play; absolute as well. */
  authorisedMicros: 10 * SECOND,
  /** The same for all such connections together. */
  unauthorisedTotalBytes: 64 * MiB,
  /** Connections not yet admitted; when full the oldest of them goes, an admitted one never. */
  unauthorised: 4096,
  /** The same from one address (IPv4 /32, IPv6 /64); loopback is exempt, configurable for benchmarks. */
  unauthorisedPerAddress: 64,
  /** Connections of all protocols, admitted or not. One address may hold as many as are left free; configurable. */
  connections: 32_768,
  /** How long accepting pauses after the process ran out of file descriptors. */
  acceptPauseMs: 100,
} as const

/** Every TCP socket of the server, whatever is written to it. */
export const socketLimits = {
  /** What may wait in the server for one socket; past it the socket is destroyed. */
  waitingBytes: 8 * MiB,
  /** What the kernel may keep unsent for one socket, where it can be told so: more is delay that nobody sees. */
  unsentBytes: 128 * KiB,
  /** A socket whose peer takes no byte for this long while bytes wait, in the server or in the kernel, is destroyed. */
  stalledMicros: 10 * SECOND,
  /** How often sockets are looked at. */
  sweepMicros: 1 * SECOND,
} as const

/** RTMP: chunk stream, messages, commands. */
export const rtmpLimits = {
  /** Smaller announced chunk sizes close the connection: they buy a peer CPU time of ours. */
  minChunkBytes: 128,
  /** Larger announced sizes are clamped: no message is longer, so nothing changes on the wire. */
  maxChunkBytes: 1 * MiB,
  /** The chunk size the server announces and writes. */
  outgoingChunkBytes: 4096,
  /** Any message before publish or play was admitted. */
  unauthorisedMessageBytes: 16 * KiB,
  /** A video message. */
  videoMessageBytes: 4 * MiB,
  /** An audio or command message. */
  otherMessageBytes: 64 * KiB,
  /** Script data: some encoders send the index of a recording in onMetaData. */
  dataMessageBytes: 1 * MiB,
  /** Kept of what a client sends between publish and the answer; past either it is not read until then. */
  waitingBytes: 4 * MiB,
  waitingMessages: 2048,
  /** Messages begun and not finished, at the same time. */
  partialMessages: 8,
  /** Bytes received of unfinished messages, before and after admission. */
  unauthorisedPartialBytes: 64 * KiB,
  partialBytes: 8 * MiB,
  /** Chunk streams one peer may use. */
  chunkStreams: 64,
  /** Message streams one peer may create. */
  messageStreams: 8,
  commandsPerSecond: 20,
  commandBurst: 50,
  /** Acknowledgements are never sent for less, whatever window the peer asks for. */
  minAcknowledgementBytes: 32 * KiB,
  /** The window the server announces. */
  windowAcknowledgementBytes: 2_500_000,
  /** Decode time one connection may use per second of wall time. */
  decodeBudgetMicrosPerSecond: 50_000,
} as const

/** AMF0 values. */
export const amfLimits = {
  depth: 16,
  nodes: 1024,
  decodedBytes: 64 * KiB,
} as const

/** Names and query strings that come from the network. */
export const nameLimits = {
  /** APP and STREAM each: 1 to this many of `[A-Za-z0-9._-]`. */
  segmentChars: 128,
  /** The arguments behind `?`, wherever the encoder puts them: a JWT of `jwtChars` and what is beside it. */
  queryBytes: 6 * KiB,
  /** Arguments kept of one query string. */
  queryFields: 32,
} as const

/** Compressed media. */
export const mediaLimits = {
  /** One access unit or coded audio frame. */
  frameBytes: 4 * MiB,
  /** NAL units in one access unit. */
  unitsPerFrame: 512,
  /** Frames of one track that make no sense before a publisher without a good one is closed. */
  badFrames: 50,
  /** A picture that comes in pieces waits no longer for the next of them. */
  pieceMicros: 100_000,
} as const

/** Publishers. */
export const publisherLimits = {
  /** Without a byte for this long a publisher counts as gone. */
  silentMicros: 10 * SECOND,
  /** Sustained rate, enough for 4K; reading pauses above it (TCP back-pressure). */
  bitsPerSecond: 60_000_000,
  /** What may come at once: twice the rate of one second. */
  burstBits: 2 * 60_000_000,
  /** Above the rate for this long without a pause: closed. */
  overRateMicros: 30 * SECOND,
  /** How long viewers of a stream that ended are kept for its return. */
  graceMicros: 15 * SECOND,
  /** How long a stream waits for its second track before the headers go out. */
  headerWaitMicros: 500_000,
  /** A track that sent nothing for this long, while the other went on, is not promised to new viewers. */
  trackSilentMicros: 5 * SECOND,
} as const

/**
 * The cache that lets a new viewer start at once. Past any of the three it begins at a recovery point, or else is off until
 * the next keyframe.
 */
export const gopCacheLimits = {
  bytes: 8 * MiB,
  frames: 2500,
  /** What all caches of the server hold together. */
  totalBytes: 512 * MiB,
} as const

/** How a new viewer starts. Where what is cached is too long, or begins with no keyframe, a codec process makes one. */
export const startLimits = {
  /** What players of FLV and RTMP are sent of the cache: they show all of it, and stay behind live by as much. */
  delayMicros: 10 * SECOND,
  /** The same where the publisher can be asked for a keyframe … */
  askedDelayMicros: 1 * SECOND,
  /** … and how long the keyframe is waited for before a codec process makes one. */
  askedMicros: 500_000,
  /** So long that keyframe may take; then players are sent what is cached, a millisecond of their time per picture. */
  madeMicros: 2 * SECOND,
  /** Browsers by WebRTC decode what is cached faster than real time, up to so many frames, or so many that came since a publisher could be asked. */
  burstFrames: 900,
  burstBytes: 3 * MiB,
  askedBurstFrames: 30,
} as const

/** Viewers. */
export const viewerLimits = {
  /** What may wait for one viewer, by size and by media time; past it video drops to the next keyframe. */
  queueBytes: 4 * MiB,
  queueMicros: 3 * SECOND,
  /** Audio is kept through a drop while less than this waits. */
  keptAudioBytes: 64 * KiB,
  /** A viewer that drained nothing for this long is closed. */
  noDrainMicros: 10 * SECOND,
  /** How long a play of an absent plain stream waits for its publisher before 404 or StreamNotFound. */
  waitForPublisherMicros: 2 * SECOND,
  /** Waiting audio is held for the next video frame when that is at most this far away: one write for both. */
  audioMergeMicros: 25_000,
} as const

/** Plain HTTP. Node's own defaults are 60 and 300 s. */
export const httpLimits = {
  headersTimeoutMs: 5_000,
  requestTimeoutMs: 10_000,
  keepAliveTimeoutMs: 5_000,
  maxHeaderBytes: 8 * KiB,
  maxHeaders: 64,
  /** Bodies of the REST API. */
  bodyBytes: 64 * KiB,
  /** An SDP offer or a trickle fragment. */
  sdpBytes: 64 * KiB,
  /** How long a player may take to read the rest of a stream that ended. */
  farewellMicros: 5 * SECOND,
} as const

/** WebSockets. Compression is off: media does not compress and its memory is per connection. */
export const webSocketLimits = {
  /** A message from a player (WS-FLV players have nothing to say), or from anybody before authentication. */
  maxPayloadBytes: 16 * KiB,
} as const

/** Signaling, the WebSocket of a room's members. How long one message may be is in `packages/protocol`, where both sides read it. */
export const signalingLimits = {
  /** From the upgrade to an entry. */
  enterMicros: 10 * SECOND,
  /** Everything a socket may send before that: the longest `room.enter` and what frames it. */
  bytesBeforeEntry: 20 * KiB,
  /** Frames that one message may come in. */
  fragments: 64,
  messagesPerSecond: 20,
  messageBurst: 50,
  /** Entries and resumptions of one address (IPv4 /32, IPv6 /64), twice as many at once; loopback is exempt, configurable. */
  entriesPerSecond: 50,
  /** Addresses whose entries are counted; the oldest is forgotten first. */
  entryAddresses: 10_000,
  /** Sockets at the same time. */
  sockets: 20_000,
  /** What may wait for a socket that does not drain; past it the socket is closed, and its member may resume. */
  bufferedBytes: 1 * MiB,
  /** Heartbeats missed before a socket counts as gone. */
  missedHeartbeats: 2,
  /** How often deadlines are looked at. */
  sweepMicros: 1 * SECOND,
  /** From our closing of a socket to its end, whatever the other side does. */
  farewellMicros: 2 * SECOND,
} as const

/** Tokens, passwords and the guard against guessing them. */
export const authLimits = {
  /** Failures of one address within a minute before it gets 429. */
  failuresPerMinute: 10,
  /** The window those failures are counted in. */
  failureWindowMs: 60_000,
  /** How long an answer to a blocked address is held back. */
  failureDelayMs: 2_000,
  /** Addresses remembered; the oldest is forgotten first. */
  failureAddresses: 10_000,
  /** Answers held back at the same time; beyond it a refusal goes out at once. */
  delayedAnswers: 256,
  /** Clocks of token makers may be this far off. */
  clockLeewayMs: 60_000,
  /** A token longer than this is not looked at. */
  tokenChars: 1024,
  /** A UserSig or privateMapKey: as text, and what it may unpack to. Real ones are 200 to 700 characters. */
  ticketChars: 2 * KiB,
  ticketBytes: 4 * KiB,
  /** A JWT as text. */
  jwtChars: 4 * KiB,
  /** The furthest expiry of a JWT: one that never ends cannot be taken back. */
  jwtLifetimeMs: 30 * 86_400_000,
  /** The key set of `--jwks-url`: how long its server may take, how much it may answer, how long that is good for. */
  jwksTimeoutMs: 3_000,
  jwksBytes: 64 * KiB,
  jwksFreshMs: 600_000,
  /** A key id that is not in the set has it fetched again, but not more often than this. */
  jwksPauseMs: 30_000,
  /** One-time tokens remembered until they expire; past it no further one is taken. */
  oneTimeTokens: 100_000,
  /** Tickets of `crossroom://` links that wait to be redeemed, and how long each is good; past it the oldest is forgotten. */
  entryTickets: 10_000,
  entryTicketMs: 60_000,
} as const

/** What signs for, or checks, whoever asks over HTTP: the demo's signatures, the services of the old demos. */
export const openServiceLimits = {
  /** Requests of one address (IPv4 /32, IPv6 /64); loopback is exempt. */
  requestsPerSecond: 10,
  requestBurst: 40,
  addresses: 10_000,
} as const

/** HTTP hooks: the operator's own servers, asked and told. */
export const hookLimits = {
  timeoutMs: 3_000,
  responseBytes: 64 * KiB,
  inFlight: 64,
  /** Notifications waiting for delivery; past it the oldest goes and is counted. */
  queued: 1000,
  /** Waiting time before the second try of a notification, doubled up to the maximum. */
  retryFirstMs: 1_000,
  retryMaxMs: 60_000,
} as const

/** Pulling from and forwarding to other servers. */
export const forwardLimits = {
  /** Forward rules at the same time. */
  rules: 64,
  targetUrlChars: 1024,
  connectMs: 5_000,
  retryFirstMs: 1_000,
  retryMaxMs: 30_000,
} as const

/** Logs and metrics. */
export const observeLimits = {
  /** Lines per second and kind; what is above is counted and told once a second. */
  logLinesPerSecond: 100,
  /** Different kinds that are counted apart. */
  logKinds: 256,
  /** Characters of one text in a log line. */
  logTextChars: 512,
  /** Streams that get a label of their own when that is switched on. */
  labelledStreams: 1000,
} as const

/** WebRTC sessions (WHEP, WHIP). */
export const rtcLimits = {
  /** A session that never connects is gone after this. */
  unconnectedMicros: 15 * SECOND,
  /** Sessions not yet connected: all of them, and those of one address (IPv6: its /64). */
  pendingSessions: 512,
  pendingPerPeer: 32,
  /** Bytes that wait for a WebRTC peer on TCP; one that leaves more unread is closed. */
  tcpWaitingBytes: 1 * MiB,
  /** Without a verified STUN check for this long nothing more is sent. */
  consentMicros: 30 * SECOND,
  sdpLines: 2000,
  sdpMediaLines: 40,
  /** Random bytes in a session address. */
  sessionIdBytes: 16,
} as const

/** The end of the process. */
export const shutdownLimits = {
  /** Between SIGTERM and the first goodbye, `/readyz` answers 503 so long (seconds; `--drain-notice`). */
  drainNoticeSeconds: 5,
  /** From there to exit, whoever is still connected. */
  drainMs: 30_000,
  /** Viewers are let go over this long, so that they do not all come back at once. */
  drainJitterMs: 5_000,
} as const

/** Conversions between codecs and the process they run in. */
export const transcodeLimits = {
  /** What may wait for the codec process, and in it for the server, before frames are left out: twice a cached start. */
  queueBytes: 16 * MiB,
  /** The codec process is asked for a sign of life this often, and while it converts nothing. */
  heartbeatMicros: 250_000,
  idleHeartbeatMicros: 2 * SECOND,
  /** While it works through what waits it gives that sign by itself, this often at least. */
  signOfLifeMs: 200,
  /** So many unanswered heartbeats in a row mean that it hangs: 1 s for audio, 2 s for video, whose frames take longer. */
  audioHeartbeats: 4,
  videoHeartbeats: 8,
  /** From start to ready, codecs loaded. */
  startMicros: 10 * SECOND,
  /** So long after one was needed, the next process stands by for the moment the present one is lost. */
  spareMicros: 2 * SECOND,
  /** Pause before a new process: none the first time, then from the first value, doubling up to the second. */
  restartFirstMicros: 125_000,
  restartMaxMicros: 1 * SECOND,
  /** So many crashes within the window switch the conversions of that process off for as long as `offMicros`. */
  crashes: 5,
  crashWindowMicros: 60 * SECOND,
  offMicros: 60 * SECOND,
  /** A conversion stays for so long after its last viewer. */
  lingerMicros: 5 * SECOND,
  /** Conversions at once. */
  audioConversions: 256,
  videoConversions: 8,
  /** A video conversion whose output is this far behind its input has no CPU left. */
  lagMicros: 2 * SECOND,
} as const

/** Mixed sound. */
export const mixLimits = {
  /** Mixes announced at once: one for each who asks, or one for many who hear the same. */
  mixes: 512,
} as const

/** Rooms and their members. */
export const roomLimits = {
  rooms: 10_000,
  /** Members of one room, audience included; and those who send: owner, anchors, devices. */
  members: 5_000,
  anchors: 100,
  /** A room nobody is in is forgotten after this. */
  emptyMicros: 60 * SECOND,
  /** How often a client says that it is there; two missed and it counts as gone. */
  heartbeatMs: 10_000,
  /** How long a member whose socket is gone is kept, from when that shows: two heartbeats and 30 s. */
  resumeMicros: 2 * 10 * SECOND + 30 * SECOND,
  /** How long a device whose push ended is kept for its return. */
  deviceMicros: 15 * SECOND,
  /** Changes of the list of members that come within this after another one fold into one notification. */
  foldMicros: 50_000,
  /** The number of the audience is told no more often. */
  countMicros: 1 * SECOND,
  /** Sound or picture without a frame for this long counts as absent. */
  staleMicros: 3 * SECOND,
  /** Levels are told no more often … */
  levelsMicros: 250_000,
  /** … and no more often than this in a room with more members than the next line says. */
  levelsManyMicros: 1 * SECOND,
  manyMembers: 200,
  /** Quality of one member's network is told to the others no more often. */
  qualityMicros: 2 * SECOND,
  /** Sounds one browser gets at the same time, the loudest first. */
  audibleTracks: 16,
  /** Before a signature runs out its holder is told so. */
  expiringMicros: 60 * SECOND,
  /** Bans in force; the oldest is forgotten first. */
  bans: 10_000,
  /** Streams played at the same time with one address. */
  playsPerToken: 8,
  /** Addresses for players without membership, per room. */
  sharedAddresses: 1000,
  /** Messages to everybody in one room. */
  messagesPerSecond: 50,
  messageBurst: 100,
  /** Whoever asks for the microphone and was not answered yet. */
  micRequests: 1000,
  /** Invitations of one room that are in force; past it the oldest is forgotten. */
  invitations: 16,
  /** How long the signature is good for that a guest gets for an invitation. */
  guestMs: 12 * 3_600_000,
  /** Members are told to come back over this long when the server goes down. */
  drainRetryMs: 5_000,
} as const
