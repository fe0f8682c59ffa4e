import { Command, CommanderError, InvalidArgumentError } from 'commander'
import { ConfigError } from '../config/index.js'
import { VERSION } from '../version.js'
import { runBench } from './bench.js'
import { runDoctor } from './doctor.js'
import { addConfigOptions, readConfig } from './options.js'
import { CommandError, processOutput } from './output.js'
import type { Output } from './output.js'
import { serve } from './serve.js'
import type { ServeHost } from './serve.js'
import { printToken } from './token.js'

/** What the commands need of the process; tests bring their own. */
export interface CommandHost {
  readonly environment: Readonly<Record<string, string | undefined>>
  readonly output: Output
  readonly serveHost: ServeHost
}

const DAY_SECONDS = 86_400

const processHost: CommandHost = {
  environment: process.env,
  output: processOutput,
  serveHost: {
    output: processOutput,
    onSignal: (signal, handle) => void process.on(signal, handle),
    exit: (code) => process.exit(code),
  },
}

/** Runs one command of `crossroom`; answers the exit code. What went wrong is one sentence on stderr. */
export async function runCommand(args: readonly string[], host: CommandHost = processHost): Promise<number> {
  let exitCode = 0
  const program = makeProgram(host, (code) => {
    exitCode = code
  })
  try {
    await program.parseAsync(args, { from: 'user' })
    return exitCode
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode
    if (error instanceof ConfigError || error instanceof CommandError) {
      host.output.complain(error.message)
      return 1
    }
    throw error
  }
}

function makeProgram(host: CommandHost, exit: (code: number) => void): Command {
  const { environment, output } = host
  const program = new Command('crossroom')
    .description('A server where RTMP, HTTP-FLV and WebRTC meet.')
    .version(VERSION)
    .showHelpAfterError('Try crossroom --help.')
    .exitOverride()
    .configureOutput({
      writeOut: (text) => {
        output.print(text.trimEnd())
      },
      writeErr: (text) => {
        output.complain(text.trimEnd())
      },
    })
  addConfigOptions(program.command('serve').description('Run the server until SIGTERM or SIGINT.')).action(
    async (flags: Record<string, unknown>) => {
      exit(await serve(readConfig(flags, environment), host.serveHost))
    },
  )
  const doctor = program.command('doctor').description('Say in words what would stop a stream or a call.')
  addConfigOptions(doctor).action(async (flags: Record<string, unknown>) => {
    exit(await runDoctor(() => readConfig(flags, environment), flags['json'] === true, output))
  })
  const token = program
    .command('token')
    .description('Make a token that lets its holder publish or play one plain stream.')
    .requiredOption('--stream <APP/STREAM>', 'the stream')
    .option('--publish', 'for publishing')
    .option('--play', 'for playing')
    .option('--expire <SECONDS>', 'how long it is good, from now', parseSeconds, DAY_SECONDS)
  addConfigOptions(token, ['secret', 'json']).action((flags: Record<string, unknown>) => {
    if ((flags['publish'] === true) === (flags['play'] === true))
      throw new CommandError('Say what the token is for: --publish or --play, one of them.')
    const { publish: _publish, play: _play, ...options } = flags
    const action = flags['publish'] === true ? 'publish' : 'play'
    const wish = { stream: flags['stream'] as string, action, expire: flags['expire'] as number } as const
    printToken(readConfig(options, environment), wish, Date.now(), output)
  })
  program
    .command('bench')
    .description('Run the benchmarks of a checkout: crossroom bench [NAME …] [--runs N] [--seconds N].')
    .argument('[ARGUMENTS...]')
    .allowUnknownOption()
    .helpOption(false)
    .action(async (args: string[]) => {
      exit(await runBench(args))
    })
  return program
}

function parseSeconds(text: string): number {
  if (!/^\d+$/.test(text)) throw new InvalidArgumentError('It must be a whole number of seconds.')
  return Number(text)
}
