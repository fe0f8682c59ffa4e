import { existsSync } from 'node:fs'
import { createRequire } from 'node:module'
import { fileURLToPath } from 'node:url'

declare const handle: unique symbol

/** A C object; which kind, the addon checks by its type tag. */
export interface Handle<Kind extends string> {
  readonly [handle]: Kind
}

export type ContextHandle = Handle<'dtls-context'>
export type SessionHandle = Handle<'dtls-session'>
export type KeysHandle = Handle<'srtp-keys'>
export type InboundHandle = Handle<'srtp-inbound'>
export type OutboundHandle = Handle<'srtp-outbound'>
export type PortHandle = Handle<'udp-port'>
export type EgressHandle = Handle<'egress'>

/** States of a DTLS session: enum dtls_state of c/dtls.h. */
export const DTLS_STATE = {
  handshaking: 0,
  connected: 1,
  closed: 2,
  fingerprintMismatch: 3,
  noSrtpProfile: 4,
  protocolFailure: 5,
} as const

/** What c/js_*.c exports. Every function checks its handles and lengths and throws on wrong ones. */
export interface Addon {
  dtlsContext(): ContextHandle
  dtlsContextClose(context: ContextHandle): void
  dtlsFingerprint(context: ContextHandle, out: Uint8Array): void
  dtlsSession(context: ContextHandle, server: boolean, fingerprint: Uint8Array): SessionHandle
  dtlsInput(session: SessionHandle, datagram: Uint8Array): number
  dtlsTick(session: SessionHandle): number
  /** Microseconds, -1 for never. */
  dtlsTimeout(session: SessionHandle): number
  dtlsOutput(session: SessionHandle, out: Uint8Array): number
  dtlsExport(session: SessionHandle): KeysHandle
  dtlsShutdown(session: SessionHandle): void
  dtlsClose(session: SessionHandle): void

  srtpKeysForTest(
    profile: number,
    localKey: Uint8Array,
    localSalt: Uint8Array,
    remoteKey: Uint8Array,
    remoteSalt: Uint8Array,
    areSessionKeys: boolean,
  ): KeysHandle
  /** 0 for GCM, 1 for SHA1_80. */
  srtpKeysProfile(keys: KeysHandle): number
  srtpInbound(keys: KeysHandle): InboundHandle
  srtpInboundClose(inbound: InboundHandle): void
  /** RTP, RTCP, malformed, forged and replayed packets. */
  srtpInboundCounters(inbound: InboundHandle, out: Float64Array): void
  srtpUnprotectRtp(inbound: InboundHandle, packet: Uint8Array, length: number): number
  srtpUnprotectRtcp(inbound: InboundHandle, packet: Uint8Array, length: number): number
  srtpOutboundForTest(keys: KeysHandle): OutboundHandle
  srtpOutboundClose(outbound: OutboundHandle): void
  srtpProtectRtp(outbound: OutboundHandle, packet: Uint8Array, length: number): number
  srtpProtectRtcp(outbound: OutboundHandle, packet: Uint8Array, length: number): number

  udpOpen(host: string, port: number, receiveBuffer: number, sendBuffer: number): PortHandle
  udpBoundPort(port: PortHandle): number
  udpStart(
    port: PortHandle,
    bytes: Uint8Array,
    lengths: Uint16Array,
    addresses: Uint32Array,
    arrivedAt: Float64Array,
    opened: Int16Array,
    onBatch: (count: number) => void,
  ): void
  udpClose(port: PortHandle): void
  /** 0, or the errno. */
  udpSend(port: PortHandle, bytes: Uint8Array, address: number): number
  udpAddressOf(port: PortHandle, ip: string, remotePort: number): number
  /** Text of the address; family and port go to `out`. */
  udpEndpointOf(port: PortHandle, address: number, out: Uint32Array): string | undefined
  udpPin(port: PortHandle, address: number, pinned: boolean): void
  udpOpenMedia(port: PortHandle, address: number, inbound: InboundHandle | undefined): void
  udpCounters(port: PortHandle, out: Float64Array): void

  /** Three numbers for each of the first `count` descriptors: bytes acknowledged, bytes that wait, how far the peer lets us send; -1: unknown. */
  tcpProgress(fds: Int32Array, count: number, out: Float64Array): void
  tcpBoundUnsent(fd: number, bytes: number): void

  egressCreate(
    port: PortHandle,
    cname: string,
    queueBytes: number,
    segmentation: boolean,
    onReady: () => void,
  ): EgressHandle
  egressClose(egress: EgressHandle): void
  egressAddSource(egress: EgressHandle, video: boolean, historyBytes: number, historyFrames: number): number
  egressRemoveSource(egress: EgressHandle, source: number): void
  /** `route` is one of ROUTE of egress.ts. */
  egressAddDestination(
    egress: EgressHandle,
    keys: KeysHandle,
    route: number,
    address: number,
    pacingRate: number,
  ): number
  egressRemoveDestination(egress: EgressHandle, destination: number): void
  egressSetRoute(egress: EgressHandle, destination: number, route: number, address: number): void
  egressSetPacing(egress: EgressHandle, destination: number, pacingRate: number): void
  egressAddTrack(egress: EgressHandle, destination: number, fields: Uint32Array, mid: Uint8Array): number
  egressUpdateTrack(egress: EgressHandle, track: number, changes: number, fields: Uint32Array): void
  egressRemoveTrack(egress: EgressHandle, track: number): void
  /** The frame's number, -1 when it was refused. */
  egressFrame(
    egress: EgressHandle,
    source: number,
    payloads: Uint8Array,
    ends: Uint32Array,
    fields: Float64Array,
    targets: Uint32Array,
  ): number
  egressReplay(egress: EgressHandle, track: number, source: number, first: number, timestamps: Uint32Array): void
  egressResend(egress: EgressHandle, track: number, sequences: Uint16Array, count: number): void
  egressRtcp(egress: EgressHandle, destination: number, compound: Uint8Array): void
  egressSenderReport(egress: EgressHandle, track: number, wallClock: number, rtpTimestamp: number): void
  egressStreamWritten(egress: EgressHandle, destination: number, bytes: number): void
  egressPollSent(egress: EgressHandle, rows: Float64Array): number
  /** 1 when there was one: kind, destination, track and since are in `out`. */
  egressPollEvent(egress: EgressHandle, out: Float64Array): number
  /** The destination goes to `destination[0]`. */
  egressPollStream(egress: EgressHandle, destination: Float64Array): Uint8Array | undefined
  /** 0 when the destination is not known. */
  egressDestinationCounters(egress: EgressHandle, destination: number, out: Float64Array): number
  egressCounters(egress: EgressHandle, out: Float64Array): void
}

/** Thrown where the native package cannot be used; `message` says what to do about it. */
export class NativeUnavailableError extends Error {
  readonly code = 'NATIVE_UNAVAILABLE'
}

let loaded: Addon | undefined

/** The binary that was built here, or else the one of the platform's own npm package (tools/pack-native.mjs). */
function findBinary(require: NodeJS.Require): string {
  const built = process.env['CROSSROOM_NATIVE'] ?? fileURLToPath(new URL('../build/crossroom.node', import.meta.url))
  if (existsSync(built)) return built
  try {
    return require.resolve(`@crossroom/native-${process.platform}-${process.arch}`)
  } catch {
    throw new NativeUnavailableError('the native package is not built: run "npm run build" and read what it says')
  }
}

/** The addon, loaded once. Throws NativeUnavailableError. `CROSSROOM_NATIVE` names another binary (the sanitizers' build). */
export function loadAddon(): Addon {
  if (loaded) return loaded
  const require = createRequire(import.meta.url)
  const path = findBinary(require)
  try {
    loaded = require(path) as Addon
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error)
    throw new NativeUnavailableError(`the native package does not load in Node ${process.versions.node}: ${reason}`)
  }
  return loaded
}
