import { z } from 'zod'
import { connectionLimits, shutdownLimits, signalingLimits } from './limits.js'

/**
 * Every option of `crossroom serve`, once: its name, type, unit, default and description. Flags (`--rtmp-port`),
 * environment (`CROSSROOM_RTMP_PORT`), the file (`rtmp-port:`), `--help` and `Config` all come from this table.
 */

/** What an option needs besides its type. */
interface OptionMeta {
  readonly description: string
  /** The placeholder of the value in `--help`; absent for switches. */
  readonly takes?: string
  /** Never shown: neither in `--help` as a default nor in an error message. */
  readonly secret?: true
}

const MANY = 1_000_000

const toNumber = (value: unknown): unknown =>
  typeof value === 'string' && /^\d{1,12}$/.test(value.trim()) ? Number(value) : value

/** Some writers of YAML take `off` for false. */
const toPortOrOff = (value: unknown): unknown =>
  value === false || (typeof value === 'string' && /^off$/i.test(value.trim())) ? 'off' : toNumber(value)

const toBoolean = (value: unknown): unknown => {
  if (typeof value !== 'string') return value
  if (/^(1|true|yes|on)$/i.test(value)) return true
  return /^(0|false|no|off|)$/i.test(value) ? false : value
}

const toList = (value: unknown): unknown =>
  typeof value === 'string'
    ? value
        .split(',')
        .map((item) => item.trim())
        .filter((item) => item !== '')
    : value

const text = (meta: OptionMeta) =>
  z
    .string(`must be a text`)
    .trim()
    .min(1, 'must not be empty')
    .optional()
    .meta({ ...meta })

const wholeNumber = (min: number, max: number) => {
  const message = `must be a whole number from ${String(min)} to ${String(max)}`
  return z.int(message).min(min, message).max(max, message)
}

const count = (min: number, max: number, value: number, description: string) =>
  z.preprocess(toNumber, wholeNumber(min, max).default(value)).meta({ takes: 'N', description })

const port = (value: number, description: string) =>
  z
    .preprocess(toNumber, portNumber())
    .default(value)
    .meta({ takes: 'PORT', description: `${description}; 0 selects a free port` })

/** A port without TLS, which may be closed if one with TLS is open. */
const plainPort = (value: number, description: string) =>
  z
    .preprocess(toPortOrOff, z.union([z.literal('off'), portNumber()], 'must be a port from 0 to 65535, or off'))
    .default(value)
    .meta({ takes: 'PORT', description: `${description}; 0 selects a free port, off closes it (requires TLS)` })

const portNumber = () => {
  const message = 'must be a port from 0 to 65535'
  return z.int(message).min(0, message).max(65535, message)
}

const list = (item: z.ZodType<string>, meta: OptionMeta) =>
  z
    .preprocess(toList, z.array(item, 'must be a comma-separated list'))
    .default([])
    .meta({ ...meta })

const flag = (description: string) =>
  z.preprocess(toBoolean, z.boolean('must be true or false')).default(false).meta({ description })

const choice = <const T extends readonly [string, ...string[]]>(values: T) =>
  z.enum(values, `must be one of ${values.join(', ')}`)

const address = (schemes: readonly string[]) =>
  z
    .string('must be a text')
    .refine((value) => isUrl(value, schemes), `must be an address beginning with ${schemes.join(' or ')}`)

/** A base address, without a slash at its end. */
const url = (schemes: readonly string[], meta: OptionMeta) =>
  address(schemes)
    .transform((value) => value.replace(/\/+$/, ''))
    .optional()
    .meta({ takes: 'URL', ...meta })

/** A file with one or two lines: during a change of the secret the previous one stays valid. */
const secretFile = (what: string, signed: string) =>
  text({
    takes: 'FILE',
    description: `${what} in a file that others cannot read; its second line may hold the previous one, whose ${signed} stay valid; reloaded on SIGHUP`,
  })

const hook = (when: string) =>
  url(['http://', 'https://'], { description: `receives a POST ${when} and decides; no answer within 3 s means no` })

/** The options, in the order of `--help`. Port numbers are TCP unless said otherwise. */
export const optionShape = {
  host: text({
    takes: 'ADDRESS',
    description: 'address to listen on (default: 127.0.0.1 without a secret, otherwise 0.0.0.0)',
  }),
  rtmpPort: plainPort(1935, 'RTMP'),
  httpPort: plainPort(8080, 'HTTP-FLV, WebSocket-FLV, WHIP, WHEP, REST and pages'),
  rtcPort: port(8000, 'WebRTC media, UDP, and TCP on the same number'),
  rtcAddress: list(z.string().max(255), {
    takes: 'LIST',
    description: "IP, NAME or IP:PORT announced to WebRTC peers, comma-separated (default: the machine's own)",
  }),
  turnUrl: list(z.string().regex(/^(turns?|stuns?):\S+$/, 'must be addresses like turn:turn.example.org:3478'), {
    takes: 'LIST',
    description: 'TURN or STUN servers for browsers, comma-separated',
  }),
  turnSecret: text({
    takes: 'TEXT',
    secret: true,
    description: "the TURN server's shared secret (coturn: static-auth-secret), for credentials valid for a day",
  }),
  tls: choice(['self-signed']).optional().meta({
    takes: 'MODE',
    description: 'self-signed: HTTPS and RTMPS with a certificate generated at start, for trials',
  }),
  tlsCert: text({ takes: 'FILE', description: 'certificate chain (PEM) of HTTPS and RTMPS; reloaded on SIGHUP' }),
  tlsKey: text({ takes: 'FILE', description: 'private key (PEM) of the certificate' }),
  httpsPort: port(8443, 'HTTPS, with a certificate'),
  rtmpsPort: port(1936, 'RTMPS, with a certificate'),
  publicUrl: url(['http://', 'https://'], {
    description: "base of the web addresses that the server hands out (default: the request's Host)",
  }),
  publicRtmpUrl: url(['rtmp://', 'rtmps://'], {
    description: "base of the RTMP addresses that the server hands out (default: the request's Host)",
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
  adminPort: z.preprocess(toNumber, portNumber()).optional().meta({
    takes: 'PORT',
    description:
      'moves REST and /metrics from the HTTP port to this one, on 127.0.0.1 unless --admin-host is given; 0 selects a free port',
  }),
  adminHost: text({
    takes: 'ADDRESS',
    description: 'address of --admin-port; an explicit loopback address needs no API key',
  }),
  adminSocket: text({
    takes: 'PATH',
    description: 'serves REST and /metrics on a Unix socket (mode 0600), which needs no API key',
  }),
  forwardPrivate: flag('allows forwards to private and loopback addresses'),
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
  metricsStreamLabel: flag('adds metrics per stream, for at most 1000 streams'),
  drainNotice: count(
    0,
    600,
    shutdownLimits.drainNoticeSeconds,
    'seconds between SIGTERM and the first disconnect, in which /readyz answers 503 and existing connections continue',
  ),
  logLevel: choice(['trace', 'debug', 'info', 'warn', 'error', 'silent'])
    .default('info')
    .meta({ takes: 'LEVEL', description: 'trace, debug, info, warn, error or silent; logs go to stderr' }),
  json: flag('prints one JSON line on stdout when the server listens, and logs JSON'),
} as const

/** Validates one merged set of options. Unknown options are errors. */
export const optionSchema = z.strictObject(optionShape)

/** The options after parsing, before defaults that depend on other options are filled in. */
export type ParsedOptions = z.output<typeof optionSchema>

/** One option, for the command line and `--help`. */
export interface OptionDefinition {
  /** camelCase, the field of `Config`. */
  readonly name: keyof typeof optionShape
  /** `--rtmp-port`, without the dashes it is the name in the file. */
  readonly flag: string
  /** `CROSSROOM_RTMP_PORT`. */
  readonly variable: string
  /** `PORT`; undefined for switches. */
  readonly takes: string | undefined
  readonly description: string
  /** Whether its value must never be shown. */
  readonly secret: boolean
  /** As text for `--help`; undefined if there is no default or the description contains it. */
  readonly shownDefault: string | undefined
}

/** Every option in the order of `--help`. */
export const optionDefinitions: readonly OptionDefinition[] = (
  Object.keys(optionShape) as (keyof typeof optionShape)[]
).map((name) => {
  const meta = optionShape[name].meta() as unknown as OptionMeta
  const kebab = name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)
  const value = optionShape[name].safeParse(undefined).data
  return {
    name,
    flag: `--${kebab}`,
    variable: `CROSSROOM_${kebab.replaceAll('-', '_').toUpperCase()}`,
    takes: meta.takes,
    description: meta.description,
    secret: meta.secret ?? false,
    shownDefault: typeof value === 'string' || typeof value === 'number' ? String(value) : undefined,
  }
})

function isUrl(value: string, schemes: readonly string[]): boolean {
  return schemes.some((scheme) => value.startsWith(scheme)) && URL.canParse(value)
}
