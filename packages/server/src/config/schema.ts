import { z } from 'zod'
import { ipcLimits } from './cluster-limits.js'
import { clusterOptions } from './cluster-options.js'
import { recordOptions } from './record-options.js'
import { connectionLimits, shutdownLimits, signalingLimits } from './limits.js'
import {
  address,
  choice,
  count,
  definitionOf,
  flag,
  list,
  metaOf,
  optionalPort,
  plainPort,
  port,
  text,
  url,
  type OptionDefinition,
  type OptionShape,
  type OptionsOf,
} from './option.js'

/**
 * Every option of `crossroom serve` that is no protocol's, once: its name, type, unit, default and description. Flags
 * (`--http-port`), environment (`CROSSROOM_HTTP_PORT`), the file (`http-port:`), `--help` and `Config` all come from this table
 * and from those of the protocols.
 */

const MANY = 1_000_000

/** A file with one or two lines: during a change of the secret the previous one stays valid. */
const secretFile = (what: string, signed: string) =>
  text({
    takes: 'FILE',
    description: `${what} in a file that others cannot read; its second line may hold the previous one, whose ${signed} stay valid; reloaded on SIGHUP`,
  })

const hook = (when: string) =>
  url(['http://', 'https://'], { description: `receives a POST ${when} and decides; no answer within 3 s means no` })

/** The options that are no protocol's, in the order of `--help`. Port numbers are TCP unless said otherwise. */
export const serverOptions = {
  host: text({
    takes: 'ADDRESS',
    description: 'address to listen on (default: 127.0.0.1 without a secret, otherwise 0.0.0.0)',
  }),
  httpPort: plainPort(8080, 'HTTP-FLV, WebSocket-FLV, WHIP, WHEP, REST and pages'),
  tls: choice(['self-signed']).optional().meta({
    takes: 'MODE',
    description: 'self-signed: HTTPS and RTMPS with a certificate generated at start, for trials',
  }),
  tlsCert: text({ takes: 'FILE', description: 'certificate chain (PEM) of HTTPS and RTMPS; reloaded on SIGHUP' }),
  tlsKey: text({ takes: 'FILE', description: 'private key (PEM) of the certificate' }),
  httpsPort: port(8443, 'HTTPS, with a certificate'),
  publicUrl: url(['http://', 'https://'], {
    description: "base of the web addresses that the server hands out (default: the request's Host)",
  }),
  trustProxy: list(z.string().regex(/^[0-9a-fA-F.:]+(\/\d{1,3})?$/, 'must be addresses or CIDR ranges'), {
    takes: 'CIDR',
    description: 'proxies whose X-Forwarded-* headers are trusted, comma-separated',
  }),
  sdkAppId: count(1, 0xffffffff, 1, 'application number of UserSig identities'),
  secret: text({
    takes: 'TEXT',
    secret: true,
    description: 'signs tokens and UserSigs; without it the server is open and stays on loopback',
  }),
  secretFile: secretFile('the secret', 'signatures'),
  userSigPublicKey: text({
    takes: 'FILE',
    description: 'public key (PEM) for UserSigs of version 1, used by applications from before 2019',
  }),
  privateMapKey: choice(['required', 'optional'])
    .default('optional')
    .meta({ takes: 'MODE', description: 'whether a UserSig requires a privateMapKey as well: required or optional' }),
  jwtSecret: text({
    takes: 'TEXT',
    secret: true,
    description: 'accepts JWTs (HS256) signed with it for entering rooms',
  }),
  jwtSecretFile: secretFile('the secret of JWTs', 'tokens'),
  jwksUrl: address(['https://', 'http://']).optional().meta({
    takes: 'URL',
    description: 'accepts JWTs (RS256, ES256) signed with a key of this key set for entering rooms',
  }),
  jwtAudience: text({ takes: 'TEXT', description: 'the audience (aud) that JWTs must have' }),
  demo: flag('for trials: a simulated phone in the room demo, signatures for pages from the server, live/* open'),
  publish: choice(['open', 'token']).optional().meta({
    takes: 'MODE',
    description: 'access for publishing plain streams: open or token (default: open on loopback, otherwise token)',
  }),
  play: choice(['open', 'token'])
    .default('open')
    .meta({ takes: 'MODE', description: 'access for playing plain streams: open or token' }),
  txPlayKey: text({
    takes: 'TEXT',
    secret: true,
    description: 'key of txSecrets for playing (default: the secret, so one txSecret allows both)',
  }),
  onPublish: hook('before a publish'),
  onPlay: hook('before a play'),
  onUnpublish: url(['http://', 'https://'], {
    description: 'receives a POST after a publish ended; retried until it succeeds',
  }),
  onRecord: url(['http://', 'https://'], {
    description:
      'receives a POST when a recording starts, finishes a file, stops or is in trouble; retried until it succeeds',
  }),
  hookSecret: text({
    takes: 'TEXT',
    secret: true,
    description: 'signs hook requests (default: a key derived from the secret, see crossroom token --key)',
  }),
  apiKey: text({
    takes: 'TEXT',
    secret: true,
    description:
      'REST and /metrics require it as Authorization: Bearer (default: generated at the first start and kept in the file that the server names when it listens)',
  }),
  apiKeyFile: secretFile('the API key', 'requests'),
  adminPort: optionalPort(
    'moves REST and /metrics from the HTTP port to this one, on 127.0.0.1 unless --admin-host is given',
  ),
  adminHost: text({
    takes: 'ADDRESS',
    description: 'address of --admin-port; an explicit loopback address needs no API key',
  }),
  adminSocket: text({
    takes: 'PATH',
    description: 'serves REST and /metrics on a Unix socket (mode 0600), which needs no API key',
  }),
  callBusy: choice(['reject', 'waiting']).default('reject').meta({
    takes: 'MODE',
    description: 'a call to a user in another call: reject (the line is busy) or waiting (it rings)',
  }),
  forwardPrivate: flag('allows forwards to private and loopback addresses'),
  pull: list(z.string(), {
    takes: 'PULL',
    description:
      'streams to fetch: APP/STREAM=URL or room:ROOM/USER=URL, comma-separated; behind the URL #on-demand, #udp, #timeout=MS, joined by &',
    secret: true,
  }),
  pullPrivate: list(z.string().regex(/^[0-9a-fA-F.:]+(\/\d{1,3})?$/, 'must be addresses or CIDR ranges'), {
    takes: 'CIDR',
    description: 'private networks from which streams may be pulled, comma-separated; others are refused',
  }),
  pullFiles: list(z.string().min(1), {
    takes: 'DIR',
    description: 'folders whose files may be pulled by file:/// addresses, comma-separated; others are refused',
  }),
  push: list(z.string(), {
    takes: 'PUSH',
    description:
      'streams to send to other servers: APP/STREAM=URL, room:ROOM/USER=URL or room:ROOM=URL (its composite), comma-separated; behind the URL #on-demand, #bearer=TOKEN, joined by &',
    secret: true,
  }),
  pushPrivate: list(z.string().regex(/^[0-9a-fA-F.:]+(\/\d{1,3})?$/, 'must be addresses or CIDR ranges'), {
    takes: 'CIDR',
    description: 'private networks to which streams may be pushed, comma-separated; others are refused',
  }),
  ...recordOptions,
  stateDir: text({
    takes: 'DIR',
    description: 'folder in which jobs made by REST outlive the server (default: beside the generated API key)',
  }),
  allowOrigin: list(z.string().regex(/^(\*|https?:\/\/[^/\s]+)$/, 'must be origins like https://example.org'), {
    takes: 'ORIGIN',
    description: 'additional web origins that may open signaling and WebSocket-FLV, comma-separated',
  }),
  connections: count(
    1,
    MANY,
    connectionLimits.connections,
    'connections of all protocols; one address may hold as many as remain free',
  ),
  pendingConnections: count(1, MANY, connectionLimits.unauthorised, 'connections not yet admitted to publish or play'),
  pendingPerAddress: count(
    1,
    MANY,
    connectionLimits.unauthorisedPerAddress,
    'the same from one address; loopback is limited only by the total',
  ),
  entriesPerSecond: count(
    1,
    MANY,
    signalingLimits.entriesPerSecond,
    'entries into rooms per second from one address, with a burst of twice as many; loopback is exempt',
  ),
  opusBitrate: count(16_000, 510_000, 96_000, 'bitrate of Opus converted from stereo audio, in bit/s; mono gets half'),
  opusChannels: count(1, 2, 2, 'maximum channels of converted Opus; 1 mixes stereo down'),
  font: text({
    takes: 'FILE',
    description:
      'a font (TTF, OTF or TTC) for the names on composites (default: a Noto, WenQuanYi or DejaVu font of the system)',
  }),
  metricsStreamLabel: flag('adds metrics per stream, for at most 1000 streams'),
  drainNotice: count(
    0,
    600,
    shutdownLimits.drainNoticeSeconds,
    'seconds between SIGTERM and the first disconnect, in which /readyz answers 503 and existing connections continue',
  ),
  processes: count(
    1,
    ipcLimits.processes,
    1,
    'processes that share the ports for RTMP and HTTP, one per core; each has a media port of its own, counted up from --rtc-port',
  ),
  ...clusterOptions,
  logLevel: choice(['trace', 'debug', 'info', 'warn', 'error', 'silent'])
    .default('info')
    .meta({ takes: 'LEVEL', description: 'trace, debug, info, warn, error or silent; logs go to stderr' }),
  json: flag('prints one JSON line on stdout when the server listens, and logs JSON'),
} as const

/** The options after parsing, before defaults that depend on other options are filled in. */
export type ParsedOptions = OptionsOf<typeof serverOptions>

/** The server's options and those of others, as one table in the order of `--help`. */
export function allOptions(others: readonly OptionShape[]): ReadonlyMap<string, z.ZodType> {
  const entries = others.flatMap((shape) => Object.entries(shape))
  const own: [name: string, option: z.ZodType][] = Object.entries(serverOptions)
  const placed = own.flatMap((option) => [option, ...entries.filter((other) => metaOf(other[1]).after === option[0])])
  return new Map([...placed, ...entries.filter((option) => !placed.includes(option))])
}

/** Every option in the order of `--help`. */
export function definitionsOf(others: readonly OptionShape[]): OptionDefinition[] {
  return [...allOptions(others)].map(([name, option]) => definitionOf(name, option))
}
