export { equalSecrets } from './constant-time.js'
export type { UsedTokens } from './one-time-tokens.js'
export { EntrySignatures, entrySignaturesOf } from './entry-signatures.js'
export type { EntrySignatureDeps, EntrySignatureOptions } from './entry-signatures.js'
export { EntryTickets } from './entry-tickets.js'
export type { TicketedEntry } from './entry-tickets.js'
export type { EntryCredentials, EntryRefusal, EntryVerifier, UserCredentials } from './entry-verifier.js'
export { FailureGuard } from './failure-guard.js'
export type {
  Admission,
  Grant,
  Refusal,
  RefusalCode,
  StreamAction,
  StreamEndReason,
  StreamGate,
  StreamProtocol,
  StreamRequest,
} from './gate.js'
export { GateByApp } from './gate-by-app.js'
export { signHook } from './hook-request.js'
export type { HookPost } from './hook-request.js'
export { Hooks, hooksOf } from './hooks.js'
export type { HookAnswer, HookDeps, HookOptions, PublishEnd } from './hooks.js'
export { ALL_PERMISSIONS } from './identity.js'
export type { Identity, Permissions } from './identity.js'
export { remoteKeys } from './json-web-keys.js'
export { RESERVED_APPS, isSegment, refuseName } from './names.js'
export { PlainStreams } from './plain-streams.js'
export type { PlainStreamDeps, PlainStreamOptions } from './plain-streams.js'
export { ALL_PRIVILEGES, makeBoundUserSig, makePrivateMapKey, privilegesOf, recordRoomOf } from './private-map-key.js'
export type { RoomRecord } from './private-map-key.js'
export { makeRoomJwt } from './room-jwt.js'
export { deriveKey, type KeyPurpose } from './derived-key.js'
export type { Ring } from './ring.js'
export { Seal } from './seal.js'
export { Secrets } from './secrets.js'
export { makeStreamToken, verifyStreamToken } from './stream-token.js'
export type { StreamTokenScope, TokenVerdict } from './stream-token.js'
export { makeTxSecret, verifyTxSecret } from './tx-secret.js'
export { makeTicket } from './user-sig.js'
export type { TicketOptions } from './user-sig.js'
