import { accessSync, constants, mkdirSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { Command, Option } from 'commander'
import { ConfigError, definitionsOf, loadConfig } from '../config/index.js'
import type { ConfigSources, OptionDefinition } from '../config/index.js'
import type { OptionName, Protocol, ServerConfig } from '../endpoints/index.js'
import { findKept, keptPath, makeKept } from './kept-secrets.js'

/** The process's inputs besides its flags. */
export type Environment = Readonly<Record<string, string | undefined>>

/** Descriptions by option name, if a command's wording differs from that of `serve`. */
type OwnWords = Readonly<Partial<Record<OptionName, string>>>

const CONFIG_FILE = new Option('--config <FILE>', 'a YAML file with options of serve, one "name: value" per line')
const PRECEDENCE =
  'Every option is also an environment variable (CROSSROOM_RTMP_PORT) and a line of the file (rtmp-port: 1935).\nFlags override the environment, and the environment overrides the file.'

/** The configuration of a server, and the path of its API key; undefined if it was given as text. */
export interface ReadConfig {
  readonly config: ServerConfig
  readonly apiKeyFile: string | undefined
  /** Why there is no API key, as a sentence. */
  readonly noApiKey?: string
}

type Flags = Readonly<Record<string, unknown>>

/** The options of the server and its protocols on the command line: adds them to commands, and reads their values. */
export class ServerOptions {
  readonly #protocols: readonly Protocol[]
  readonly #environment: Environment
  readonly #definitions: readonly OptionDefinition[]

  constructor(protocols: readonly Protocol[], environment: Environment) {
    this.#protocols = protocols
    this.#environment = environment
    this.#definitions = definitionsOf(protocols.map(({ options }) => options))
  }

  /** Adds all of them to a command as for `serve`, or the named ones with the given descriptions. */
  addTo(command: Command, words?: OwnWords): Command {
    const own: Readonly<Record<string, string>> | undefined = words
    command.addOption(CONFIG_FILE)
    for (const option of this.#definitions)
      if (own === undefined || own[option.name] !== undefined) command.addOption(optionOf(option, own?.[option.name]))
    return command.addHelpText('after', `\n${PRECEDENCE}`)
  }

  /** Adds all of them and shows only the named ones: the others are in the help of `serve`. */
  hideIn(command: Command, words: OwnWords): Command {
    const shown: Readonly<Record<string, string>> = words
    command.addOption(CONFIG_FILE)
    for (const option of this.#definitions) {
      const own = shown[option.name]
      command.addOption(own === undefined ? optionOf(option).hideHelp() : optionOf(option, own))
    }
    const all = 'All options of serve are accepted with the same meaning: crossroom serve --help lists them.'
    return command.addHelpText('after', `\n${all}\n${PRECEDENCE}`)
  }

  /**
   * The configuration from what commander parsed, the environment and the file. The demo's secret is generated if
   * there is none, unless `how` excludes it.
   * @throws ConfigError
   */
  read(flags: Flags, how: Pick<ConfigSources, 'demoSecret' | 'takesWeakSecrets'> = {}): ServerConfig {
    const environment = this.#environment
    const path = (flags['config'] as string | undefined) ?? environment['CROSSROOM_CONFIG']
    const file = path === undefined || path === '' ? undefined : readFile(path)
    const demoSecret = (): string => makeKept(environment, 'demo-secret')[0]!
    return loadConfig({ flags, environment, file, demoSecret, ...how }, this.#protocols)
  }

  /**
   * The same for a command that signs for a server: without a configured secret it uses that of a demo on this
   * machine, and leaves the check of its strength to that server.
   */
  readForSigning(flags: Flags): ServerConfig {
    const given = this.read(flags, { takesWeakSecrets: true })
    const config = { ...given, apiKey: given.apiKey ?? findKept(this.#environment, 'api-key')[0] }
    if (config.secret !== undefined || config.jwtSecret !== undefined) return config
    return { ...config, secret: findKept(this.#environment, 'demo-secret')[0] }
  }

  /**
   * The same for a server: without a configured API key one is generated at the first start, and stored.
   * @throws ConfigError
   */
  readForServer(flags: Flags): ReadConfig {
    const config = this.#withStateDir(this.read(flags))
    if (config.apiKey !== undefined) return { config, apiKeyFile: config.apiKeyFile }
    try {
      const [apiKey, before] = makeKept(this.#environment, 'api-key')
      const previous = before === undefined ? config.previous : { ...config.previous, apiKey: before }
      return { config: { ...config, apiKey, previous }, apiKeyFile: keptPath(this.#environment, 'api-key') }
    } catch (error) {
      if (!(error instanceof ConfigError)) throw error
      const noApiKey = `There is no API key, so REST requires --api-key. ${error.message}`
      return { config, apiKeyFile: undefined, noApiKey }
    }
  }

  #withStateDir(config: ServerConfig): ServerConfig {
    if (config.stateDir === undefined)
      return { ...config, stateDir: join(dirname(keptPath(this.#environment, 'api-key')), 'state') }
    requireFolder(config.stateDir, '--state-dir')
    return config
  }
}

/** Throws a ConfigError: a folder that the operator names must work. */
function requireFolder(path: string, option: string): void {
  try {
    mkdirSync(path, { recursive: true, mode: 0o700 })
    accessSync(path, constants.R_OK | constants.W_OK | constants.X_OK)
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code ?? 'unwritable'
    throw new ConfigError(`${option}: ${path} cannot be used (${code}). Name a writable folder.`)
  }
}

function optionOf(option: OptionDefinition, words = option.description): Option {
  const shown = option.shownDefault === undefined ? '' : ` (default: ${option.shownDefault})`
  const flags = option.takes === undefined ? option.flag : `${option.flag} <${option.takes}>`
  return new Option(flags, `${words}${shown}`)
}

function readFile(path: string): { path: string; text: string } {
  try {
    return { path, text: readFileSync(path, 'utf8') }
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code ?? 'unreadable'
    throw new ConfigError(`The configuration file ${path} cannot be read (${code}). Check --config.`)
  }
}
