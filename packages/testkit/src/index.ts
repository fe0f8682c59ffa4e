export { pollAll, type PolledAll } from './poll-all.js'
export { VirtualClock } from './virtual-clock/virtual-clock.js'
export { Link, type BurstLoss, type LinkCounters, type LinkOptions } from './netem/link.js'
export { seededRandom } from './netem/seeded-random.js'
export { SRTP_CONTRACT } from './srtp-contract/contract.js'
export {
  PROFILES as SRTP_PROFILES,
  pair as srtpPair,
  protect as protectPacket,
  rtcpPacket,
  rtpPacket,
} from './srtp-contract/subject.js'
export type { ContractCase, RtpFields, SrtpSubject } from './srtp-contract/subject.js'
export { OracleSrtpInbound } from './srtp-oracle/inbound.js'
export { OracleSrtpOutbound } from './srtp-oracle/outbound.js'
export { oracleSrtpKeys } from './srtp-oracle/session-keys.js'
export type { SrtpMaster } from './srtp-oracle/session-keys.js'
export { IceClient, type IceClientEvent, type IceClientOptions } from './rtc-peer/ice-client.js'
export { PEER_PAYLOAD_TYPES, writePeerOffer, type PeerOffer } from './rtc-peer/offer.js'
export { RtcPeer, type RtcPeerCounters, type RtcPeerEvent, type RtcPeerOptions } from './rtc-peer/rtc-peer.js'
export { RoomPlayer, type RoomPlayerOptions } from './rtc-peer/room-player.js'
export { nodeClock, nowMicros } from './rtc-peer/peer-socket.js'
export { WhepClient, type WhepClientOptions, type WhepEngine, type WhepTimes } from './rtc-peer/whep-client.js'
export { UdpProxy, type UdpProxyOptions } from './netem/udp-proxy.js'
export { NatsServer, NatsServers, type NatsServersOptions } from './nats/nats-servers.js'
