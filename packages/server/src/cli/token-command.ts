import { InvalidArgumentError, type Command } from 'commander'
import { printEntryToken, type AddressKind } from './entry-token.js'
import type { ServerOptions } from './options.js'
import { CommandError, type Output } from './output.js'
import { printKey, printToken } from './token.js'

const DAY_SECONDS = 86_400
const YEAR_SECONDS = 365 * DAY_SECONDS

/** The server options that `token` uses, reworded if the description of `serve` would mislead. */
const SERVER_OPTIONS = {
  secret: 'the secret of the server (default: the secret of a demo on this machine)',
  secretFile: 'the same in a file',
  sdkAppId: 'the sdkAppId of the server',
  jwtSecret: 'signs a JWT if there is no --secret',
  jwtSecretFile: 'the same in a file',
  jwtAudience: 'the audience (aud) of that JWT',
  host: 'the address that the server listens on',
  rtmpPort: 'its RTMP port',
  httpPort: 'its HTTP port',
  tls: 'self-signed, if the server generates its certificate',
  tlsCert: 'the certificate of the server, if any',
  tlsKey: 'the private key of the certificate',
  rtmpsPort: 'the RTMPS port of the server, used in addresses if the RTMP port is off',
  httpsPort: 'its HTTPS port',
  adminPort: 'the admin port of the server, if any: --play uses it',
  adminHost: 'the address of that port',
  apiKey: 'the API key of the server, for --play (default: the key of a server on this machine)',
  apiKeyFile: 'the same in a file',
  publicUrl: 'the base of its web addresses, if it is behind a proxy',
  publicRtmpUrl: 'the base of its RTMP addresses',
  json: 'prints one JSON object with signatures and addresses',
} as const

interface TokenFlags {
  readonly user?: string
  readonly room?: string
  readonly name?: string
  readonly stream?: string
  readonly publish?: boolean
  readonly push?: boolean
  readonly play?: boolean
  readonly link?: boolean
  readonly expire: number
}

/** Adds `crossroom token`. */
export function addTokenCommand(program: Command, server: ServerOptions, output: Output): void {
  const token = program
    .command('token')
    .description(
      'Create signatures for a user of a room (--user) or a token for a plain stream (--stream), and print addresses.',
    )
    .option('--user <ID>', 'prints a UserSig for this user, or a JWT if only --jwt-secret is given')
    .option('--room <ID>', 'with --user: also prints a privateMapKey for this room')
    .option('--push', 'with --user and --room: prints the complete RTMP address to publish to')
    .option('--play', 'with --user and --room: prints an address that plays the stream of the user')
    .option('--link', 'with --user and --room: prints an invitation to the call page')
    .option('--name <TEXT>', 'with --push and --link: the display name')
    .option('--stream <APP/STREAM>', 'prints a token for this stream, with --publish or --play')
    .option('--publish', 'with --stream: a token to publish')
    .option('--key <PURPOSE>', 'prints the key for the signatures of hook requests (hook) or of txSecrets (tx-secret)')
    .option('--expire <SECONDS>', 'validity from now', parseSeconds, DAY_SECONDS)
  server.addTo(token, SERVER_OPTIONS).action(async (flags: Record<string, unknown>) => {
    const { user, room, name, stream, publish, push, play, link, expire, key, ...options } = flags
    if (key !== undefined) {
      printKey(server.readForSigning(options), key as string, output)
      return
    }
    const request = { user, room, name, stream, publish, push, play, link, expire } as TokenFlags
    if ((request.user === undefined) === (request.stream === undefined))
      throw new CommandError('Choose --user ID for rooms, or --stream APP/STREAM for a plain stream.')
    checkExpiry(request.expire)
    const config = server.readForSigning(options)
    if (request.user === undefined) printToken(config, streamOptions(request), Date.now(), output)
    else await printEntryToken(config, userOptions(request), Date.now(), output)
  })
}

function userOptions({ user, room, name, publish, push, play, link, expire }: TokenFlags) {
  if (publish === true) throw new CommandError('--publish is for plain streams: with --user use --push.')
  const asked = Object.entries({ push, play, link }).filter(([, isAsked]) => isAsked === true)
  if (asked.length > 1)
    throw new CommandError('Choose one of --push, --play and --link, or only --json, which prints all of them.')
  return { user: user!, room, name, expire, address: asked[0]?.[0] as AddressKind | undefined }
}

function streamOptions({ stream, publish, push, play, link, expire }: TokenFlags) {
  if (push === true || link === true)
    throw new CommandError('--push and --link are for rooms: with --stream use --publish or --play.')
  if ((publish === true) === (play === true))
    throw new CommandError('Choose the action of the token: --publish or --play.')
  return { stream: stream!, action: publish === true ? ('publish' as const) : ('play' as const), expire }
}

function checkExpiry(seconds: number): void {
  if (Number.isInteger(seconds) && seconds >= 1 && seconds <= 10 * YEAR_SECONDS) return
  throw new CommandError(`--expire must be a number of seconds from 1 to ${String(10 * YEAR_SECONDS)} (ten years).`)
}

function parseSeconds(text: string): number {
  if (!/^\d+$/.test(text)) throw new InvalidArgumentError('It must be a whole number of seconds.')
  return Number(text)
}
