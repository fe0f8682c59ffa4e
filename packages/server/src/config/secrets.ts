import { ConfigError } from './config-error.js'
import { authLimits } from './limits.js'
import type { ParsedOptions } from './schema.js'
import { readSecretFile } from './secret-file.js'

/** Secrets that can change while the server runs, and the options of their files. */
const FILES = {
  secret: ['secretFile', '--secret', '--secret-file'],
  jwtSecret: ['jwtSecretFile', '--jwt-secret', '--jwt-secret-file'],
  apiKey: ['apiKeyFile', '--api-key', '--api-key-file'],
} as const
type FiledSecret = keyof typeof FILES

/** The previous secrets, by option. */
export type PreviousSecrets = Readonly<Partial<Record<FiledSecret, string>>>

/** All options that hold a secret, and their flags. */
const SECRETS = {
  secret: '--secret',
  jwtSecret: '--jwt-secret',
  apiKey: '--api-key',
  hookSecret: '--hook-secret',
  txPlayKey: '--tx-play-key',
} as const

/**
 * Adds the contents of the secret files to the options.
 * @throws ConfigError when a file cannot be read, or a secret is given twice
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

/** The options that {@link refuseWeakSecrets} checks. */
type Secrets = Pick<ParsedOptions, keyof typeof SECRETS | 'jwksUrl'> & { readonly previous: PreviousSecrets }

/**
 * Refuses secrets that can be guessed and key sets fetched without TLS. On loopback secrets may be short, for trials.
 * @throws ConfigError
 */
export function refuseWeakSecrets(config: Secrets, isLoopback: boolean): void {
  const { jwksUrl, txPlayKey, secret } = config
  if (jwksUrl?.startsWith('http://') === true && !isLoopbackName(new URL(jwksUrl).hostname))
    throw new ConfigError(
      'The key set of --jwks-url is fetched over http://, so an attacker on the network could insert keys. Use https://.',
    )
  // A txSecret hashes key and stream name side by side: with such keys, one for playing could also publish.
  if (txPlayKey !== undefined && secret !== undefined && txPlayKey !== secret && begins(txPlayKey, secret))
    throw new ConfigError('Neither of --tx-play-key and --secret may begin with the other: choose another key.')
  if (isLoopback) return
  for (const [name, flag] of Object.entries(SECRETS) as [keyof typeof SECRETS, string][])
    for (const value of [config[name], (config.previous as Partial<Record<string, string>>)[name]])
      if (value !== undefined && Buffer.byteLength(value) < authLimits.minSecretBytes)
        throw new ConfigError(
          `${flag} has fewer than ${String(authLimits.minSecretBytes)} bytes and could be guessed, because other machines can reach the server. Generate one with openssl rand -hex 32.`,
        )
}

function begins(one: string, other: string): boolean {
  return one.startsWith(other) || other.startsWith(one)
}

function isLoopbackName(hostname: string): boolean {
  return /^(localhost|127(\.\d{1,3}){3}|\[::1\])$/.test(hostname)
}
