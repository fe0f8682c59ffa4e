import { allowsOpusNack, sessionIdOf, withOpusNack, withStereo } from './sdp.js'

const SEED = [
  'v=0',
  'o=- 4611 2 IN IP4 0.0.0.0',
  'm=audio 9 UDP/TLS/RTP/SAVPF 111 63',
  'a=rtpmap:111 opus/48000/2',
  'a=rtcp-fb:111 transport-cc',
  'a=fmtp:111 minptime=10;useinbandfec=1',
  'm=video 9 UDP/TLS/RTP/SAVPF 96',
  'a=rtpmap:96 H264/90000',
  'a=fmtp:96 packetization-mode=1',
  '',
].join('\r\n')

/** Whatever a server writes: what is added is added once, and nothing that was there is lost. */
function run(input: Uint8Array): void {
  const sdp = String.fromCharCode(...input.subarray(0, 4096))
  sessionIdOf(sdp)
  allowsOpusNack(sdp)
  for (const add of [withStereo, withOpusNack]) {
    const once = add(sdp)
    if (once.length < sdp.length) throw new Error(`${add.name} lost something`)
    if (add(once) !== once) throw new Error(`${add.name} adds twice`)
  }
}

/** What the browser's and the server's descriptions go through before they are set. */
export const fuzzTargets = [
  { name: 'client-sdp', seeds: (): Uint8Array[] => [Uint8Array.from(SEED, (it) => it.charCodeAt(0))], run },
]
