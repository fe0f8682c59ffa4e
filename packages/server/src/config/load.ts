import { isIP } from 'node:net'
import { parse } from 'yaml'
import { z } from 'zod'
import { ConfigError } from './config-error.js'
import { refuseWeakSecrets, withSecretFiles, type PreviousSecrets } from './secrets.js'
import type { OptionDefinition, OptionShape } from './option.js'
import { refuseClosedPorts, refuseSharedPorts, serverPorts, type PortUse } from './ports.js'
import { allOptions, definitionsOf, type ParsedOptions } from './schema.js'

/** The complete, validated configuration. Ports are numbers; addresses have no slash at the end. */
export interface Config extends Omit<ParsedOptions, 'host' | 'publish'> {
  readonly host: string
  readonly publish: 'open' | 'token'
  /** The previous secrets, whose signatures stay valid. */
  readonly previous: PreviousSecrets
}

/** Where options come from; earlier ones win. */
export interface ConfigSources {
  /** By camelCase name; options not given are undefined or absent. */
  readonly flags: Readonly<Record<string, unknown>>
  readonly environment: Readonly<Record<string, string | undefined>>
  /** A YAML file, read by the caller. */
  readonly file?: { readonly path: string; readonly text: string } | undefined
  /** Reads or creates the secret of the demo; called with `--demo` if no other secret is given. */
  readonly demoSecret?: (() => string) | undefined
  /** For a command that only signs. */
  readonly takesWeakSecrets?: boolean | undefined
}

/** Whoever has options of its own: `configure` is given them after parsing, with those of the server. */
export interface OptionOwner<Part extends Configured> {
  readonly options: OptionShape
  configure(config: never): Part
}

interface Configured {
  readonly ports: readonly PortUse[]
}

/** The server's options, and what its protocols are with theirs. */
export interface ConfigWith<Protocol extends Configured> extends Config {
  readonly protocols: readonly Protocol[]
}

/**
 * Merges flags over environment over file, validates, and fills in defaults that depend on other options.
 * @throws ConfigError
 */
export function loadConfig<Owner, Part extends Configured>(
  sources: ConfigSources,
  owners: readonly (Owner & OptionOwner<Part>)[],
): ConfigWith<Owner & Part> {
  const shapes = owners.map(({ options }) => options)
  const config = readOptions(sources, shapes)
  // What was parsed has the options of every owner; which ones, only the owner knows.
  const protocols = owners.map((owner) => ({ ...owner, ...owner.configure(config as never) }))
  const ports = portsOf({ ...config, protocols })
  refuseClosedPorts(ports, config)
  refuseSharedPorts(ports, config.processes)
  return { ...config, protocols }
}

/** Every port that a server with this configuration listens on. */
export function portsOf(config: ConfigWith<Configured>): PortUse[] {
  return [...config.protocols.flatMap(({ ports }) => ports), ...serverPorts(config)]
}

function readOptions(sources: ConfigSources, shapes: readonly OptionShape[]): Config {
  const definitions = definitionsOf(shapes)
  const fileOptions = sources.file === undefined ? new Map<string, unknown>() : readFile(sources.file, definitions)
  const merged: Record<string, unknown> = {}
  const origin = new Map<string, string>()
  for (const option of definitions) {
    const variable = sources.environment[option.variable]
    const candidates: [unknown, string][] = [
      [sources.flags[option.name], option.flag],
      // An empty variable counts as not set: compose files pass unset variables on as empty.
      [variable === '' ? undefined : variable, option.variable],
      [fileOptions.get(option.name), `${option.flag.slice(2)} in ${sources.file?.path ?? 'the file'}`],
    ]
    const found = candidates.find(([value]) => value !== undefined && value !== null)
    if (found === undefined) continue
    merged[option.name] = found[0]
    origin.set(option.name, found[1])
  }
  const parsed = z.strictObject(Object.fromEntries(allOptions(shapes))).safeParse(merged)
  if (!parsed.success) throw new ConfigError(describeIssue(parsed.error.issues[0]!, definitions, merged, origin))
  const { options, previous } = withSecretFiles(parsed.data as unknown as ParsedOptions)
  const config = complete(withDemoSecret(options, sources), previous)
  if (sources.takesWeakSecrets !== true) refuseWeakSecrets(config, isForThisMachine(config))
  return config
}

/** Whether only this machine can reach a listening address. */
export function isLoopbackHost(host: string): boolean {
  return host === 'localhost' || host === '::1' || (isIP(host) === 4 && host.startsWith('127.'))
}

function isForThisMachine({ host, adminHost }: Config): boolean {
  return isLoopbackHost(host) && (adminHost === undefined || isLoopbackHost(adminHost))
}

/** Whether entering a room requires a signature. */
export function checksEntries(
  config: Pick<ParsedOptions, 'secret' | 'userSigPublicKey' | 'jwtSecret' | 'jwksUrl'>,
): boolean {
  const { secret, userSigPublicKey, jwtSecret, jwksUrl } = config
  return [secret, userSigPublicKey, jwtSecret, jwksUrl].some((key) => key !== undefined)
}

function withDemoSecret(options: ParsedOptions, { demoSecret }: ConfigSources): ParsedOptions {
  if (!options.demo || options.secret !== undefined) return options
  if (demoSecret === undefined) throw new ConfigError('--demo needs a place to store its secret.')
  return { ...options, secret: demoSecret() }
}

function complete(options: ParsedOptions, previous: PreviousSecrets): Config {
  const checked = checksEntries(options)
  const host = options.host ?? (checked && !options.demo ? '0.0.0.0' : '127.0.0.1')
  const loopback = isLoopbackHost(host)
  if (!checked && !loopback)
    throw new ConfigError(
      `Without a secret anyone who reaches ${host} could publish. Set --secret (or CROSSROOM_SECRET), or omit --host to stay on 127.0.0.1.`,
    )
  // A server with JWT only cannot issue tokens for plain streams, so nobody can publish those.
  const publish = options.publish ?? (loopback ? 'open' : 'token')
  const config: Config = { ...options, host, publish, previous }
  const gated = options.publish === 'token' ? '--publish token' : config.play === 'token' ? '--play token' : undefined
  if (gated !== undefined && config.secret === undefined)
    throw new ConfigError(`${gated} requires --secret (or CROSSROOM_SECRET), which signs the tokens.`)
  if ((config.tlsCert === undefined) !== (config.tlsKey === undefined))
    throw new ConfigError('--tls-cert and --tls-key belong together: only one of them was given.')
  if (config.tls !== undefined && config.tlsCert !== undefined)
    throw new ConfigError('--tls self-signed and --tls-cert exclude each other: choose one.')
  if (config.adminHost !== undefined && config.adminPort === undefined)
    throw new ConfigError('--admin-host requires --admin-port.')
  if (config.cluster.length > 0 && config.secret === undefined)
    throw new ConfigError('--cluster requires --secret (or CROSSROOM_SECRET), the same for all nodes.')
  const isMtls = config.relaySecurity === 'mtls'
  if ([config.relayCert, config.relayKey, config.relayCa].some((file) => (file !== undefined) !== isMtls))
    throw new ConfigError(
      '--relay-security mtls requires --relay-cert, --relay-key and --relay-ca, and only it takes them.',
    )
  return config
}

function readFile(
  file: { readonly path: string; readonly text: string },
  definitions: readonly OptionDefinition[],
): Map<string, unknown> {
  let content: unknown
  try {
    content = parse(file.text) as unknown
  } catch (error) {
    throw new ConfigError(
      `${file.path} is not YAML: ${error instanceof Error ? error.message.split('\n')[0]! : 'unreadable'}`,
    )
  }
  if (content === null || content === undefined) return new Map()
  if (typeof content !== 'object' || Array.isArray(content))
    throw new ConfigError(`${file.path} must contain options as "name: value" lines.`)
  const byKey = new Map<string, OptionDefinition>(definitions.map((option) => [option.flag.slice(2), option]))
  return new Map(
    Object.entries(content).map(([key, value]) => {
      const option = byKey.get(key)
      if (option === undefined)
        throw new ConfigError(
          `${file.path} has an unknown option "${key}". The options are: ${[...byKey.keys()].join(', ')}.`,
        )
      return [option.name, value as unknown]
    }),
  )
}

interface Issue {
  readonly path: readonly PropertyKey[]
  readonly message: string
}

function describeIssue(
  issue: Issue,
  definitions: readonly OptionDefinition[],
  merged: Record<string, unknown>,
  origin: ReadonlyMap<string, string>,
): string {
  const name = String(issue.path[0] ?? '')
  const option = definitions.find((candidate) => candidate.name === name)
  const value = option?.secret === true ? '' : `, but is ${JSON.stringify(merged[name])}`
  return `${origin.get(name) ?? name} ${issue.message}${value}.`
}
