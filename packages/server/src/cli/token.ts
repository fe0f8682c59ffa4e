import { makeStreamToken, refuseName, Secrets } from '../auth/index.js'
import type { StreamAction } from '../auth/index.js'
import { reservedApps, type ServerConfig } from '../endpoints/index.js'
import { addressesOf } from './addresses.js'
import { CommandError } from './output.js'
import type { Output } from './output.js'

/** Options of `crossroom token`. */
export interface TokenOptions {
  /** `APP/STREAM`. */
  readonly stream: string
  readonly action: StreamAction
  /** Seconds from now. */
  readonly expire: number
}

const PURPOSES = { hook: 'hooks', 'tx-secret': 'txPublish' } as const

/** Prints a key that is derived from the secret, for a program that must not have the secret itself. */
export function printKey(config: ServerConfig, purpose: string, output: Output): void {
  if (purpose !== 'hook' && purpose !== 'tx-secret')
    throw new CommandError(`--key must be one of ${Object.keys(PURPOSES).join(', ')}.`)
  const [key] = new Secrets(config)[PURPOSES[purpose]]
  if (key === undefined)
    throw new CommandError('Keys are derived from the secret of the server. Set --secret, --secret-file or --config.')
  output.print(config.json ? JSON.stringify({ purpose, key }) : key)
}

/** Prints a token of a plain stream, signed with the configured secret; `nowMs` is the wall clock. */
export function printToken(config: ServerConfig, options: TokenOptions, nowMs: number, output: Output): void {
  if (config.secret === undefined)
    throw new CommandError(
      'Tokens are signed with the secret of the server. Set --secret, CROSSROOM_SECRET or --config.',
    )
  const [app = '', stream = '', ...rest] = options.stream.split('/')
  const refusal = rest.length > 0 ? undefined : refuseName(app, stream, reservedApps(config))
  if (rest.length > 0 || refusal !== undefined)
    throw new CommandError(`--stream must be APP/STREAM, like live/camera1. ${refusal?.sentence ?? ''}`.trimEnd())
  const expiresAtSeconds = Math.floor(nowMs / 1000) + options.expire
  const token = makeStreamToken(config.secret, { action: options.action, app, stream }, expiresAtSeconds)
  const addresses = addressesFor(config, options, token)
  if (config.json) {
    const { action, stream: name } = options
    output.print(JSON.stringify({ token, action, stream: name, expiresAt: expiresAtSeconds * 1000, ...addresses }))
    return
  }
  output.print(token)
  const until = new Date(expiresAtSeconds * 1000).toISOString()
  output.complain(`The token to ${options.action} ${options.stream} until ${until}. Addresses with it:`)
  output.complain(`  ${addresses.rtmp}`)
  output.complain(
    `  ${addresses.http}${options.action === 'play' ? '' : '   (WHIP; send the token as Authorization: Bearer)'}`,
  )
}

/** As `POST /api/v1/tokens` answers them. */
function addressesFor(config: ServerConfig, { stream, action }: TokenOptions, token: string) {
  const { rtmp, http } = addressesOf(config)
  const web = action === 'play' ? `${http}/${stream}.flv?token=${token}` : `${http}/whip/${stream}`
  return { rtmp: `${rtmp}/${stream}?token=${token}`, http: web }
}
