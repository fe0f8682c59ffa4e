import { ConfigError } from './config-error.js'
import type { ParsedOptions } from './schema.js'
import { readSecretFile } from './secret-file.js'

/** Shorter secrets can be guessed away from the server, with one signed token in hand. */
export const MIN_SECRET_BYTES = 32

/** Secrets that can be changed while the server runs, and the options of their files. */
const FILES = {
  secret: ['secretFile', '--secret', '--secret-file'],
  jwtSecret: ['jwtSecretFile', '--jwt-secret', '--jwt-secret-file'],
  apiKey: ['apiKeyFile', '--api-key', '--api-key-file'],
} as const
type FiledSecret = keyof typeof FILES

/** The ones before the present ones. */
export type PreviousSecrets = Readonly<Partial<Record<FiledSecret, string>>>

/** Whatever signs or opens something here. */
const SECRETS = {
  secret: '--secret',
  jwtSecret: '--jwt-secret',
  apiKey: '--api-key',
  hookSecret: '--hook-secret',
  txPlayKey: '--tx-play-key',
} as const

/**
 * The options with what stands in the files of secrets.
 * @throws ConfigError when one cannot be read, or comes from two places
 */
export function withSecretFiles(options: ParsedOptions): { options: ParsedOptions; previous: PreviousSecrets } {
  const found: Partial<Record<FiledSecret, string>> = {}
  const previous: Partial<Record<FiledSecret, string>> = {}
  for (const name of Object.keys(FILES) as FiledSecret[]) {
    const [fileOption, flag, fileFlag] = FILES[name]
    const path = options[fileOption]
    if (path === undefined) continue
    if (options[name] !== undefined) throw new ConfigError(`${flag} and ${fileFlag} exclude each other: choose one.`)
    const [present, before] = readSecretFile(path, fileFlag)
    found[name] = present!
    if (before !== undefined) previous[name] = before
  }
  return { options: { ...options, ...found }, previous }
}

/** What {@link refuseWeakSecrets} looks at. */
type Secrets = Pick<ParsedOptions, keyof typeof SECRETS | 'jwksUrl'> & { readonly previous: PreviousSecrets }

/**
 * Refuses what can be guessed, or be read on its way. On loopback, where programs are tried, secrets may be short.
 * @throws ConfigError
 */
export function refuseWeakSecrets(config: Secrets, isLoopback: boolean): void {
  const { jwksUrl, txPlayKey, secret } = config
  if (jwksUrl?.startsWith('http://') === true && !isLoopbackName(new URL(jwksUrl).hostname))
    throw new ConfigError(
      'The key set of --jwks-url is fetched by http://, so anyone on the way could insert keys. Use https://.',
    )
  // Who may play "cam" would hold what publishes it: key and stream name stand side by side in a txSecret.
  if (txPlayKey !== undefined && secret !== undefined && txPlayKey !== secret && begins(txPlayKey, secret))
    throw new ConfigError('--tx-play-key and --secret must not begin with each other: take another one.')
  if (isLoopback) return
  for (const [name, flag] of Object.entries(SECRETS) as [keyof typeof SECRETS, string][])
    for (const value of [config[name], (config.previous as Partial<Record<string, string>>)[name]])
      if (value !== undefined && Buffer.byteLength(value) < MIN_SECRET_BYTES)
        throw new ConfigError(
          `${flag} has fewer than ${String(MIN_SECRET_BYTES)} bytes, which others could guess: the server is reached from other machines. Make one by openssl rand -hex 32.`,
        )
}

function begins(one: string, other: string): boolean {
  return one.startsWith(other) || other.startsWith(one)
}

function isLoopbackName(hostname: string): boolean {
  return /^(localhost|127(\.\d{1,3}){3}|\[::1\])$/.test(hostname)
}
