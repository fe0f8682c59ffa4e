import { pollAll, SRTP_PROFILES, protectPacket, rtcpPacket, rtpPacket, srtpPair } from '@crossroom/testkit'
import type { DtlsSession, SrtpInbound } from '@crossroom/webrtc'
import { fragment, nullCipherHello } from './dtls-peers.fake.js'
import { NativeEngine } from './engine.js'
import { srtpKeysForTest, srtpOutboundForTest } from './srtp.js'

/** Inputs that one DTLS session takes before the next begins. */
const INPUTS_PER_SESSION = 200
const MAX_DATAGRAM = 1200

let engine: NativeEngine | undefined
const native = (): NativeEngine => (engine ??= new NativeEngine())

const subject = {
  keys: srtpKeysForTest,
  inbound: (keys: Parameters<typeof srtpOutboundForTest>[0]) => native().srtp.createInbound(keys),
  outbound: srtpOutboundForTest,
}

/** The first flight of our own client, and messages that never end. */
function dtlsSeeds(): Uint8Array[] {
  const client = native().dtls.createSession({ role: 'client', remoteFingerprint: native().dtls.fingerprint })
  const seeds = [nullCipherHello(), fragment(0, 600, 0, 100), fragment(1, 8000, 100, 50)]
  seeds.push(...pollAll(client, 0).outputs)
  client.close(0)
  return seeds
}

let session: DtlsSession | undefined
let taken = 0

function runDtls(input: Uint8Array): void {
  if (!session || ++taken % INPUTS_PER_SESSION === 0) {
    session?.close(0)
    session = native().dtls.createSession({ role: 'server', remoteFingerprint: native().dtls.fingerprint })
  }
  session.handleInput(0, input)
  const { outputs, events } = pollAll(session, 0)
  for (const datagram of outputs)
    if (datagram.length > MAX_DATAGRAM) throw new Error(`a datagram of ${datagram.length} bytes`)
  for (const event of events) throw new Error(`noise made a session tell ${event.kind}`)
}

let inbounds: readonly SrtpInbound[] | undefined

/** Whatever is not what the peer sealed is dropped; what it sealed comes out shorter. */
function runSrtp(kind: 'rtp' | 'rtcp', input: Uint8Array): void {
  inbounds ??= SRTP_PROFILES.map((profile) => srtpPair(profile, subject, subject).inbound)
  for (const inbound of inbounds) {
    const copy = input.slice()
    const length = kind === 'rtp' ? inbound.unprotectRtp(copy, copy.length) : inbound.unprotectRtcp(copy, copy.length)
    if (length >= input.length) throw new Error(`a plaintext of ${length} bytes`)
    if (length < -4) throw new Error(`no such drop: ${length}`)
  }
}

const sealed = (kind: 'rtp' | 'rtcp', plain: Uint8Array): Uint8Array[] =>
  SRTP_PROFILES.map((profile) => protectPacket(srtpPair(profile, subject, subject).out, kind, plain))

export const fuzzTargets = [
  { name: 'native-dtls-datagram', seeds: dtlsSeeds, run: runDtls },
  {
    name: 'native-srtp-rtp',
    seeds: (): Uint8Array[] => sealed('rtp', rtpPacket({ sequence: 7, csrcs: 2, extensionWords: 3 })),
    run: (input: Uint8Array): void => runSrtp('rtp', input),
  },
  {
    name: 'native-srtp-rtcp',
    seeds: (): Uint8Array[] => sealed('rtcp', rtcpPacket(7, new Uint8Array(20))),
    run: (input: Uint8Array): void => runSrtp('rtcp', input),
  },
]
