import { readFileSync } from 'node:fs'
import { Command, Option } from 'commander'
import { ConfigError, loadConfig, optionDefinitions } from '../config/index.js'
import type { Config, OptionDefinition } from '../config/index.js'
import { findDemoSecret, makeDemoSecret } from './demo-secret.js'

/** What the process has been given around its flags. */
export type Environment = Readonly<Record<string, string | undefined>>

/** Adds the options of the schema to a command, all of them or those named. */
export function addConfigOptions(command: Command, names?: readonly OptionDefinition['name'][]): Command {
  command.addOption(new Option('--config <FILE>', 'a YAML file with the options below, one "name: value" per line'))
  for (const option of optionDefinitions) {
    if (names !== undefined && !names.includes(option.name)) continue
    const shown = option.shownDefault === undefined ? '' : ` (default: ${option.shownDefault})`
    const flags = option.takes === undefined ? option.flag : `${option.flag} <${option.takes}>`
    command.addOption(new Option(flags, `${option.description}${shown}`))
  }
  return command.addHelpText(
    'after',
    '\nEvery option is an environment variable as well (CROSSROOM_RTMP_PORT) and a line of the file (rtmp-port: 1935).\nA flag wins over the environment, the environment over the file.',
  )
}

/**
 * The configuration from what commander parsed, the environment and the file. `demoSecret` is asked with `--demo`; by
 * default it is made when there is none yet.
 * @throws ConfigError
 */
export function readConfig(
  flags: Readonly<Record<string, unknown>>,
  environment: Environment,
  demoSecret: () => string = () => makeDemoSecret(environment),
): Config {
  const path = (flags['config'] as string | undefined) ?? environment['CROSSROOM_CONFIG']
  const file = path === undefined || path === '' ? undefined : readFile(path)
  return loadConfig({ flags, environment, file, demoSecret })
}

/** The same for a command that signs for a server: without a secret of its own it takes that of a demo on this machine. */
export function readSigningConfig(flags: Readonly<Record<string, unknown>>, environment: Environment): Config {
  const config = readConfig(flags, environment)
  if (config.secret !== undefined || config.jwtSecret !== undefined) return config
  return { ...config, secret: findDemoSecret(environment) }
}

function readFile(path: string): { path: string; text: string } {
  try {
    return { path, text: readFileSync(path, 'utf8') }
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code ?? 'unreadable'
    throw new ConfigError(`The configuration file ${path} cannot be read (${code}). Check --config.`)
  }
}
