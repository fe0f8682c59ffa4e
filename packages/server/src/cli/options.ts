import { readFileSync } from 'node:fs'
import { Command, Option } from 'commander'
import { ConfigError, loadConfig, optionDefinitions } from '../config/index.js'
import type { Config, ConfigSources, OptionDefinition } from '../config/index.js'
import { findKept, keptPath, makeKept } from './kept-secrets.js'

/** What the process has been given around its flags. */
export type Environment = Readonly<Record<string, string | undefined>>

/** Descriptions by name of option, where a command says it in other words than `serve`. */
type OwnWords = Readonly<Partial<Record<OptionDefinition['name'], string>>>

const CONFIG_FILE = new Option('--config <FILE>', 'a YAML file with options of serve, one "name: value" per line')
const PRECEDENCE =
  'Every option is also an environment variable (CROSSROOM_RTMP_PORT) and a line of the file (rtmp-port: 1935).\nFlags override the environment, and the environment overrides the file.'

/** Adds the options of the schema to a command: all of them as `serve` takes them, or those named, in the words given. */
export function addConfigOptions(command: Command, words?: OwnWords): Command {
  command.addOption(CONFIG_FILE)
  for (const option of optionDefinitions)
    if (words === undefined || words[option.name] !== undefined)
      command.addOption(optionOf(option, words?.[option.name]))
  return command.addHelpText('after', `\n${PRECEDENCE}`)
}

/** Adds every option of `serve`, and shows only those named: what such a server is told is in the help of `serve`. */
export function hideConfigOptions(command: Command, words: OwnWords): Command {
  command.addOption(CONFIG_FILE)
  for (const option of optionDefinitions) {
    const own = words[option.name]
    command.addOption(own === undefined ? optionOf(option).hideHelp() : optionOf(option, own))
  }
  const all = 'All options of serve are accepted with the same meaning: crossroom serve --help lists them.'
  return command.addHelpText('after', `\n${all}\n${PRECEDENCE}`)
}

function optionOf(option: OptionDefinition, words = option.description): Option {
  const shown = option.shownDefault === undefined ? '' : ` (default: ${option.shownDefault})`
  const flags = option.takes === undefined ? option.flag : `${option.flag} <${option.takes}>`
  return new Option(flags, `${words}${shown}`)
}

/**
 * The configuration from what commander parsed, the environment and the file. The secret of the demo is made when there is
 * none yet, unless `how` says otherwise.
 * @throws ConfigError
 */
export function readConfig(
  flags: Readonly<Record<string, unknown>>,
  environment: Environment,
  how: Pick<ConfigSources, 'demoSecret' | 'takesWeakSecrets'> = {},
): Config {
  const path = (flags['config'] as string | undefined) ?? environment['CROSSROOM_CONFIG']
  const file = path === undefined || path === '' ? undefined : readFile(path)
  const demoSecret = (): string => makeKept(environment, 'demo-secret')[0]!
  return loadConfig({ flags, environment, file, demoSecret, ...how })
}

/**
 * The same for a command that signs for a server: without a secret of its own it takes that of a demo on this machine, and
 * whether a secret is good enough is for that server to say.
 */
export function readSigningConfig(flags: Readonly<Record<string, unknown>>, environment: Environment): Config {
  const given = readConfig(flags, environment, { takesWeakSecrets: true })
  const config = { ...given, apiKey: given.apiKey ?? findKept(environment, 'api-key')[0] }
  if (config.secret !== undefined || config.jwtSecret !== undefined) return config
  return { ...config, secret: findKept(environment, 'demo-secret')[0] }
}

/** The configuration of a server, and where its API key is; undefined when it was given as text. */
export interface ServerConfig {
  readonly config: Config
  readonly apiKeyFile: string | undefined
  /** Why there is no API key, as a sentence: then nobody has it. */
  readonly noApiKey?: string
}

/**
 * The same for a server: an API key that nobody gave is made at the first start, and kept.
 * @throws ConfigError
 */
export function readServerConfig(flags: Readonly<Record<string, unknown>>, environment: Environment): ServerConfig {
  const config = readConfig(flags, environment)
  if (config.apiKey !== undefined) return { config, apiKeyFile: config.apiKeyFile }
  try {
    const [apiKey, before] = makeKept(environment, 'api-key')
    const previous = before === undefined ? config.previous : { ...config.previous, apiKey: before }
    return { config: { ...config, apiKey, previous }, apiKeyFile: keptPath(environment, 'api-key') }
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error
    return {
      config,
      apiKeyFile: undefined,
      noApiKey: `There is no API key, so REST requires --api-key. ${error.message}`,
    }
  }
}

function readFile(path: string): { path: string; text: string } {
  try {
    return { path, text: readFileSync(path, 'utf8') }
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code ?? 'unreadable'
    throw new ConfigError(`The configuration file ${path} cannot be read (${code}). Check --config.`)
  }
}
