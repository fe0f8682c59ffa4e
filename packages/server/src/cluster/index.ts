export type {
  ClusterEngine,
  EngineChange,
  EngineEntry,
  EngineMessage,
  EnginePass,
  EngineState,
} from './engine/engine.js'
export { EngineLostError } from './engine/engine.js'
export { openNatsEngine } from './engine/open-engine.js'
export type { NatsOptions } from './engine/nats-engine.js'
export { MemoryEngine, MemoryStore, type Deliver } from './engine/memory-engine.js'
export { EngineHost } from './engine/ipc/engine-host.js'
export { IpcEngine } from './engine/ipc/ipc-engine.js'
export type { EngineAsk, EnginePort, EngineTell } from './engine/ipc/messages.js'
export { asWord, isSubject, matches, readWord } from './engine/subject.js'
export { CLUSTER_VERSION, type NodeRecord, type NodeState } from './nodes/node-record.js'
export { ClusterError, type ClusterErrorCode } from './cluster-error.js'
export { Nodes, type NodesDeps } from './nodes/nodes.js'
export { meetOthers, type MetNode } from './nodes/hello.js'
export { NoAnswerError, NodeRequests, type NodeAnswer } from './nodes/node-requests.js'
export type { RecordChange } from './nodes/own-record.js'
export type { KnownNode, NodeDirectory } from './nodes/node-directory.js'
export type { StreamLocation, StreamLocations } from './claims/stream-locations.js'
export { StreamClaims, type ClaimAnswer, type StreamClaimsDeps } from './claims/stream-claims.js'
export { ClaimingGate } from './claims/claiming-gate.js'
export type { Claim } from './claims/claim.js'
export { RoomDocuments, type RoomDocumentsDeps } from './documents/room-documents.js'
export { SharedTokens } from './claims/shared-tokens.js'
export { loadRelaySecurity, Relay, StreamRelays, type RelaySecurity, type RelaySecurityOption } from './relay/index.js'
