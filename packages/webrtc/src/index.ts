export type {
  CertificateFingerprint,
  DtlsEngine,
  DtlsEvent,
  DtlsFailure,
  DtlsRole,
  DtlsSession,
  DtlsSessionOptions,
} from './engine/dtls.js'
export type {
  Egress,
  EgressCounters,
  EgressEvent,
  EgressExtensionIds,
  EgressFrame,
  EgressOptions,
  FrameNumber,
  PlayoutDelay,
  RtxOptions,
  SourceId,
  SourceOptions,
  TrackChange,
  TrackId,
  TrackOptions,
  ViewerChange,
  ViewerCounters,
  ViewerId,
  ViewerOptions,
  ViewerRoute,
} from './engine/egress.js'
export { SENT_ROW } from './engine/egress.js'
export type { WebRtcEngine } from './engine/engine.js'
export type {
  SrtpEngine,
  SrtpInbound,
  SrtpInboundCounters,
  SrtpKeys,
  SrtpOutbound,
  SrtpProfile,
} from './engine/srtp.js'
export { MAX_SRTP_OVERHEAD, SRTP_DROP } from './engine/srtp.js'
export type {
  UdpAddress,
  UdpBatch,
  UdpEndpoint,
  UdpEngine,
  UdpPort,
  UdpPortCounters,
  UdpPortOptions,
} from './engine/udp-port.js'
export { FIRST_TCP_ADDRESS } from './engine/udp-port.js'
