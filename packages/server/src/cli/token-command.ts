import { InvalidArgumentError, type Command } from 'commander'
import { printEntryToken, type AddressKind } from './entry-token.js'
import { addConfigOptions, readSigningConfig, type Environment } from './options.js'
import { CommandError, type Output } from './output.js'
import { printKey, printToken } from './token.js'

const DAY_SECONDS = 86_400
const YEAR_SECONDS = 365 * DAY_SECONDS

/** What `token` needs to know of the server, in its own words where those of `serve` would mislead. */
const SERVER_OPTIONS = {
  secret: 'the secret of the server (default: that of a demo on this machine)',
  secretFile: 'the same in a file',
  sdkAppId: 'the application number of the server',
  jwtSecret: 'signs a JWT instead, where there is no --secret',
  jwtSecretFile: 'the same in a file',
  jwtAudience: 'the audience (aud) of that JWT',
  host: 'the address that the server listens on',
  rtmpPort: 'its RTMP port',
  httpPort: 'its HTTP port',
  tls: 'self-signed, if it makes its certificate itself',
  tlsCert: 'its certificate, if it has one',
  tlsKey: 'the private key of that',
  rtmpsPort: 'its RTMPS port, which addresses have where the RTMP port is off',
  httpsPort: 'its HTTPS port',
  adminPort: 'its admin port, if it has one: --play asks there',
  adminHost: 'the address of that port',
  apiKey: 'its API key, for --play (default: the one that a server on this machine keeps)',
  apiKeyFile: 'the same in a file',
  publicUrl: 'what its web addresses begin with, where a proxy stands before it',
  publicRtmpUrl: 'what its RTMP addresses begin with',
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
export function addTokenCommand(program: Command, environment: Environment, output: Output): void {
  const token = program
    .command('token')
    .description('Sign for a user who enters a room (--user), or for a plain stream (--stream), and print addresses.')
    .option('--user <ID>', 'prints a UserSig of this user, or with --jwt-secret alone a JWT')
    .option('--room <ID>', 'with --user: prints a privateMapKey of this room as well')
    .option('--push', 'with --user and --room: prints the whole RTMP address to publish to')
    .option('--play', 'with --user and --room: prints an address that plays what the user sends')
    .option('--link', 'with --user and --room: prints an invitation to the call page')
    .option('--name <TEXT>', 'with --push and --link: what the others see instead of the user id')
    .option('--stream <APP/STREAM>', 'prints a token of this stream, with --publish or --play')
    .option('--publish', 'with --stream: to publish it')
    .option(
      '--key <PURPOSE>',
      'prints the key that hook requests are signed with (hook), or txSecrets made (tx-secret)',
    )
    .option('--expire <SECONDS>', 'how long it is good, from now', parseSeconds, DAY_SECONDS)
  addConfigOptions(token, SERVER_OPTIONS).action(async (flags: Record<string, unknown>) => {
    const { user, room, name, stream, publish, push, play, link, expire, key, ...options } = flags
    if (key !== undefined) {
      printKey(readSigningConfig(options, environment), key as string, output)
      return
    }
    const wish = { user, room, name, stream, publish, push, play, link, expire } as TokenFlags
    if ((wish.user === undefined) === (wish.stream === undefined))
      throw new CommandError('Say what to sign for: --user ID for rooms, or --stream APP/STREAM for a plain stream.')
    checkExpiry(wish.expire)
    const config = readSigningConfig(options, environment)
    if (wish.user === undefined) printToken(config, streamWish(wish), Date.now(), output)
    else await printEntryToken(config, userWish(wish), Date.now(), output)
  })
}

function userWish({ user, room, name, publish, push, play, link, expire }: TokenFlags) {
  if (publish === true) throw new CommandError('--publish is for plain streams: with --user say --push.')
  const asked = Object.entries({ push, play, link }).filter(([, isAsked]) => isAsked === true)
  if (asked.length > 1)
    throw new CommandError('Choose one of --push, --play and --link; --json alone prints all of them.')
  return { user: user!, room, name, expire, address: asked[0]?.[0] as AddressKind | undefined }
}

function streamWish({ stream, publish, push, play, link, expire }: TokenFlags) {
  if (push === true || link === true)
    throw new CommandError('--push and --link are for rooms: with --stream say --publish or --play.')
  if ((publish === true) === (play === true))
    throw new CommandError('Say what the token is for: add --publish or --play.')
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
