import { z } from 'zod'
import { connectionLimits, shutdownLimits, signalingLimits } from './limits.js'

/**
 * Every option of `crossroom serve`, once: its name, type, unit, default and description. Flags (`--rtmp-port`),
 * environment (`CROSSROOM_RTMP_PORT`), the file (`rtmp-port:`), `--help` and `Config` all come from this table.
 */

/** What an option needs besides its type. */
interface OptionMeta {
  readonly description: string
  /** What stands behind the flag in `--help`; absent for switches. */
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
    .meta({ takes: 'PORT', description: `${description}; 0 takes a free port` })

/** The same for a port without TLS, which may be closed where one with TLS is open. */
const plainPort = (value: number, description: string) =>
  z
    .preprocess(toPortOrOff, z.union([z.literal('off'), portNumber()], 'must be a port from 0 to 65535, or off'))
    .default(value)
    .meta({ takes: 'PORT', description: `${description}; 0 takes a free port, off closes it where TLS is served` })

const portNumber = () => {
  const message = 'must be a port from 0 to 65535'
  return z.int(message).min(0, message).max(65535, message)
}

const list = (item: z.ZodType<string>, meta: OptionMeta) =>
  z
    .preprocess(toList, z.array(item, 'must be a list with commas between'))
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

/** What other addresses begin with, or are told: a slash at the end says nothing. */
const url = (schemes: readonly string[], meta: OptionMeta) =>
  address(schemes)
    .transform((value) => value.replace(/\/+$/, ''))
    .optional()
    .meta({ takes: 'URL', ...meta })

/** One or two lines, so that a secret can be changed while those who have the old one go on. */
const secretFile = (what: string, signed: string) =>
  text({
    takes: 'FILE',
    description: `${what} in a file that others cannot read; a second line is the previous one, whose ${signed} are still taken; read again on SIGHUP`,
  })

const hook = (when: string) =>
  url(['http://', 'https://'], { description: `asked by POST ${when}; 3 s, no answer means no` })

/** The options, in the order of `--help`. Port numbers are TCP unless said otherwise. */
export const optionShape = {
  host: text({
    takes: 'ADDRESS',
    description: 'address to listen on (default: 127.0.0.1 without a secret, else 0.0.0.0)',
  }),
  rtmpPort: plainPort(1935, 'RTMP'),
  httpPort: plainPort(8080, 'HTTP-FLV, WebSocket-FLV, WHIP, WHEP, REST and pages'),
  rtcPort: port(8000, 'WebRTC media, UDP, and TCP on the same number'),
  rtcAddress: list(z.string().max(255), {
    takes: 'LIST',
    description: "IP, NAME or IP:PORT announced to WebRTC peers, with commas between (default: the machine's own)",
  }),
  turnUrl: list(z.string().regex(/^(turns?|stuns?):\S+$/, 'must be addresses like turn:turn.example.org:3478'), {
    takes: 'LIST',
    description: 'TURN or STUN servers that browsers are told of, with commas between',
  }),
  turnSecret: text({
    takes: 'TEXT',
    secret: true,
    description: "the TURN server's shared secret (coturn: static-auth-secret), for credentials good for a day",
  }),
  tls: choice(['self-signed']).optional().meta({
    takes: 'MODE',
    description: 'self-signed: HTTPS and RTMPS with a certificate made at start, for trials',
  }),
  tlsCert: text({ takes: 'FILE', description: 'certificate chain (PEM) of HTTPS and RTMPS; read again on SIGHUP' }),
  tlsKey: text({ takes: 'FILE', description: 'private key (PEM) of the certificate' }),
  httpsPort: port(8443, 'HTTPS, with a certificate'),
  rtmpsPort: port(1936, 'RTMPS, with a certificate'),
  publicUrl: url(['http://', 'https://'], {
    description: "what handed-out web addresses begin with (default: the request's Host)",
  }),
  publicRtmpUrl: url(['rtmp://', 'rtmps://'], {
    description: "what handed-out RTMP addresses begin with (default: the request's Host)",
  }),
  trustProxy: list(z.string().regex(/^[0-9a-fA-F.:]+(\/\d{1,3})?$/, 'must be addresses or CIDR ranges'), {
    takes: 'CIDR',
    description: 'proxies whose X-Forwarded-* headers are believed, with commas between',
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
    description: 'public key (PEM) of UserSigs of version 1, as applications from before 2019 sign them',
  }),
  privateMapKey: choice(['required', 'optional'])
    .default('optional')
    .meta({ takes: 'MODE', description: 'whether a UserSig needs a privateMapKey beside it: required or optional' }),
  jwtSecret: text({ takes: 'TEXT', secret: true, description: 'JWTs (HS256) signed with it let people into rooms' }),
  jwtSecretFile: secretFile('the secret of JWTs', 'tokens'),
  jwksUrl: address(['https://', 'http://'])
    .optional()
    .meta({ takes: 'URL', description: 'JWTs (RS256, ES256) signed with a key of this key set let people into rooms' }),
  jwtAudience: text({ takes: 'TEXT', description: 'JWTs must name it as their audience (aud)' }),
  demo: flag('a trial: a simulated phone is in the room demo, pages get signatures from the server, live/* is open'),
  publish: choice(['open', 'token']).optional().meta({
    takes: 'MODE',
    description: 'who may publish plain streams: open or token (default: open on loopback, else token)',
  }),
  play: choice(['open', 'token'])
    .default('open')
    .meta({ takes: 'MODE', description: 'who may play plain streams: open or token' }),
  txPlayKey: text({
    takes: 'TEXT',
    secret: true,
    description: 'key of txSecret when playing (default: the secret, so that one txSecret does both)',
  }),
  onPublish: hook('before a publish'),
  onPlay: hook('before a play'),
  onUnpublish: url(['http://', 'https://'], {
    description: 'told by POST after a publish ended; tried again until taken',
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
      'REST and /metrics need Authorization: Bearer with it (default: made at the first start, and kept in the file that is named when the server listens)',
  }),
  apiKeyFile: secretFile('the API key', 'requests'),
  adminPort: z.preprocess(toNumber, portNumber()).optional().meta({
    takes: 'PORT',
    description:
      'moves REST and /metrics from the HTTP port to this one, on 127.0.0.1 unless --admin-host is given; 0 takes a free port',
  }),
  adminHost: text({
    takes: 'ADDRESS',
    description: 'address of --admin-port; when it is given and is a loopback address, no API key is needed there',
  }),
  adminSocket: text({
    takes: 'PATH',
    description: 'the same as --admin-port as a unix socket (mode 0600), where no API key is needed',
  }),
  forwardPrivate: flag('REST may start forwards to private and loopback addresses'),
  allowOrigin: list(z.string().regex(/^(\*|https?:\/\/[^/\s]+)$/, 'must be origins like https://example.org'), {
    takes: 'ORIGIN',
    description: 'more web origins that may open signaling and WebSocket-FLV, with commas between',
  }),
  connections: count(
    1,
    MANY,
    connectionLimits.connections,
    'connections of all protocols; one address may hold as many as are left free',
  ),
  pendingConnections: count(1, MANY, connectionLimits.unauthorised, 'connections not yet admitted to publish or play'),
  pendingPerAddress: count(
    1,
    MANY,
    connectionLimits.unauthorisedPerAddress,
    'the same from one address; loopback is only bound by the total',
  ),
  entriesPerSecond: count(
    1,
    MANY,
    signalingLimits.entriesPerSecond,
    'entries into rooms per second from one address, and twice as many at once; loopback is not bound',
  ),
  opusBitrate: count(16_000, 510_000, 96_000, 'bits per second of Opus that is made of stereo sound; mono takes half'),
  opusChannels: count(1, 2, 2, 'channels of it at most; with 1 stereo sound is mixed down'),
  metricsStreamLabel: flag('metrics per stream, for at most 1000 streams'),
  drainNotice: count(
    0,
    600,
    shutdownLimits.drainNoticeSeconds,
    'seconds between SIGTERM and the first goodbye, in which /readyz answers 503 and everything goes on',
  ),
  logLevel: choice(['trace', 'debug', 'info', 'warn', 'error', 'silent'])
    .default('info')
    .meta({ takes: 'LEVEL', description: 'trace, debug, info, warn, error or silent; logs go to stderr' }),
  json: flag('one JSON line on stdout when the server listens, and JSON logs'),
} as const

/** Validates one merged set of options. What is not in the table is an error. */
export const optionSchema = z.strictObject(optionShape)

/** The options after parsing, before what depends on other options is filled in. */
export type ParsedOptions = z.output<typeof optionSchema>

/** One option as the command line and `--help` need it. */
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
  /** As text for `--help`; undefined when there is none or the description says it. */
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
