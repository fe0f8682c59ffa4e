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
export {
  absSendTimeFromMicros,
  byteLengthOfHeaderExtensions,
  findHeaderExtension,
  HEADER_EXTENSION_URIS,
  microsFromAbsSendTime,
  parseHeaderExtensions,
  readTransportSequence,
  writeHeaderExtensions,
  type HeaderExtensionIds,
  type HeaderExtensionName,
  type HeaderExtensions,
} from './rtp/extensions.js'
export {
  createRtpHeader,
  isRtcp,
  parseRtpHeader,
  RTP_FIXED_HEADER_LENGTH,
  rtpPayload,
  writeRtpHeader,
  type RtpHeader,
  type RtpHeaderFields,
} from './rtp/header.js'
export {
  compactNtp,
  compactNtpFromMicros,
  microsFromCompactNtp,
  microsFromNtp,
  ntpFromMicros,
  type NtpTime,
} from './rtp/ntp.js'
export { restoreFromRtx, RTX_OSN_LENGTH, writeRtx } from './rtp/rtx.js'
export { sequenceDistance, SequenceUnwrapper, timestampDistance, TimestampUnwrapper } from './rtp/sequence.js'
export type { Bye } from './rtcp/bye.js'
export {
  buildCompound,
  byteLengthOfRtcp,
  parseCompound,
  writeRtcp,
  type RtcpPacket,
  type UnusedRtcpPacket,
} from './rtcp/compound.js'
export type { FullIntraRequest } from './rtcp/fir.js'
export type { Nack } from './rtcp/nack.js'
export type { PictureLossIndication } from './rtcp/pli.js'
export type { ReceiverReport } from './rtcp/receiver-report.js'
export type { ReceiverEstimate } from './rtcp/remb.js'
export type { ReportBlock } from './rtcp/report-block.js'
export type { SenderReport } from './rtcp/sender-report.js'
export type { SourceDescription, SourceDescriptionChunk } from './rtcp/source-description.js'
export {
  ARRIVAL_TICK,
  NOT_RECEIVED,
  REFERENCE_TIME_UNIT,
  TICKS_PER_REFERENCE,
  type TransportFeedback,
} from './rtcp/transport-feedback.js'
