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
  DestinationChange,
  DestinationCounters,
  DestinationId,
  DestinationOptions,
  DestinationRoute,
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
export { formatIp, parseIp, type IpEndpoint } from './stun/address.js'
export type { HmacSha1, StunClass, StunMessage } from './stun/message.js'
export { hasValidIntegrity, isStun, parseStun } from './stun/parse.js'
export { asciiBytes, encodeStun, type StunDraft } from './stun/write.js'
export {
  CONSENT_TIMEOUT,
  IceAgent,
  type IceAgentOptions,
  type IceCounters,
  type IceEvent,
  type IceInput,
  type IceOutput,
} from './ice/agent.js'
export { formatCandidate, hostCandidates, type AnnouncedAddress, type IceCandidate } from './ice/candidates.js'
export { areValidIceCredentials, makeIceCredentials, type IceCredentials } from './ice/credentials.js'
export { IceDemux } from './ice/demux.js'
export { FRAME_HEADER_BYTES, FrameReader, MAX_FRAMED_PACKET_BYTES, writeFrame } from './ice/framing.js'
export { announceableAddresses, type InterfaceAddress } from './ice/interfaces.js'
export { isTcp, type PeerAddress } from './ice/tuple.js'
export { microsFromRtpTicks, OPUS_CLOCK_RATE, rtpTimestampFromMicros, VIDEO_CLOCK_RATE } from './rtp/timestamp.js'
export { Av1Packetizer } from './packetizer/av1.js'
export { H265Packetizer } from './packetizer/h265.js'
export { H264Packetizer } from './packetizer/h264.js'
export { OpusPacketizer } from './packetizer/opus.js'
export type { Packetizer } from './packetizer/packetizer.js'
export { MAX_FRAME_PACKETS, MAX_RTP_PAYLOAD, PayloadBuffer } from './packetizer/payload-buffer.js'
export { RedPacketizer } from './packetizer/red.js'
export { Vp8Packetizer } from './packetizer/vp8.js'
export { MAX_FRAME_BYTES, MAX_PACKETS_PER_FRAME } from './depacketizer/depacketizer.js'
export type { DepacketizedFrame, Depacketizer } from './depacketizer/depacketizer.js'
export { FrameStore } from './depacketizer/frame-store.js'
export { H264Depacketizer } from './depacketizer/h264.js'
export { OpusDepacketizer } from './depacketizer/opus.js'
export { parseRed, type RedBlock } from './depacketizer/red.js'
export { Vp8Depacketizer } from './depacketizer/vp8.js'
export { Av1Depacketizer } from './depacketizer/av1.js'
export { H265Depacketizer } from './depacketizer/h265.js'
export { Vp9Depacketizer } from './depacketizer/vp9.js'
export { writeAnswer } from './sdp/answer.js'
export type { LocalDescription } from './sdp/description-lines.js'
export {
  chooseCodec,
  isFragmentable,
  nearestCodec,
  type CodecPreference,
  type NegotiatedCodec,
  type RtcCodec,
} from './sdp/codec-choice.js'
export { SdpError, type SdpErrorCode } from './sdp/error.js'
export { h264ProfileOf, type H264Profile } from './sdp/h264-profile.js'
export {
  dtlsRoleFor,
  negotiate,
  planPlay,
  planPublish,
  planUplink,
  trackOptionsOf,
  type NegotiatedMedia,
  type TrackPlan,
} from './sdp/negotiate.js'
export { acceptedBundle } from './sdp/session-rules.js'
export { negotiateAnswer, OFFERED_CODECS, writeOffer, type OfferedMedia, type OfferLocal } from './sdp/offer.js'
export { OfferLines, type OfferLineLimits, type OfferTrack } from './sdp/offer-lines.js'
export type { LocalStream } from './sdp/ssrc-source.js'
export {
  MAX_MEDIA_LINES,
  MAX_SDP_CHARACTERS,
  MAX_SDP_LINES,
  parseRemoteDescription,
  type RemoteDescription,
  type SetupRole,
} from './sdp/remote-description.js'
export { layersOf } from './sdp/remote-media.js'
export type { RemoteCodec, RemoteMedia, RemoteStream, SdpDirection } from './sdp/remote-media.js'
export { datagramKind, type DatagramKind } from './transport/datagram-kind.js'
export {
  CONNECT_DEADLINE,
  MAX_RTCP_PER_SECOND,
  PeerTransport,
  type MediaReceiver,
  type PeerDatagram,
  type PeerTransportCounters,
  type PeerTransportEvent,
  type PeerTransportOptions,
  type TransportFailure,
} from './transport/peer-transport.js'
export { parseTrickleFragment, writeTrickleFragment, type TrickleFragment } from './sdp/trickle.js'
export { BandwidthEstimator, START_BITRATE, type BandwidthEstimatorOptions } from './bwe/bandwidth-estimator.js'
export {
  LONG_BURST_PACKETS,
  planBurst,
  type BurstOptions,
  type BurstPlan,
  type CachedFrame,
} from './sender/burst-plan.js'
export type { GatedFrame } from './sender/frame-gate.js'
export { LayerAllocation, type LayerChange, type LayeredVideo } from './sender/layer-allocation.js'
export {
  PlaySender,
  type PlaySenderEvent,
  type PlaySenderOptions,
  type PlaySenderOutput,
  type PlaySenderStats,
} from './sender/play-sender.js'
export type { PlayTrack } from './sender/sent-track.js'
export type { ResendCounters } from './sender/resend-ledger.js'
export { Throttle, VIEWER_KEYFRAME_INTERVAL } from './sender/throttle.js'
export {
  RtpReceiver,
  type RtpReceiverCounters,
  type RtpReceiverEvent,
  type RtpReceiverOptions,
} from './receiver/rtp-receiver.js'
export type { ReceivedStream } from './receiver/received-stream.js'
export type { ReceivedMedia } from './receiver/source-table.js'
