import { Command, CommanderError, InvalidArgumentError } from 'commander'
import { ConfigError } from '../config/index.js'
import { VERSION } from '../version.js'
import { runBench } from './bench.js'
import { addDesktopCommand } from './desktop/command.js'
import { runDoctor } from './doctor.js'
import { startDemoPhone } from './demo-phone.js'
import { findDemoSecret } from './demo-secret.js'
import { printEntryToken } from './entry-token.js'
import { addConfigOptions, readConfig, readSigningConfig } from './options.js'
import { CommandError, processOutput } from './output.js'
import type { Output } from './output.js'
import { serve } from './serve.js'
import type { ServeHost } from './serve.js'
import { runSimulate } from './simulate.js'
import { StatusLine } from './status-line.js'
import { printToken } from './token.js'

/** What the commands need of the process; tests bring their own. */
export interface CommandHost {
  readonly environment: Readonly<Record<string, string | undefined>>
  readonly output: Output
  readonly serveHost: ServeHost
}

const DAY_SECONDS = 86_400
const DEMO_SECRET_TO_BE = '0'.repeat(64)
const YEAR_SECONDS = 365 * DAY_SECONDS

const processHost: CommandHost = {
  environment: process.env,
  output: processOutput,
  serveHost: {
    output: processOutput,
    status: new StatusLine(process.stdout),
    onSignal: (signal, handle) => void process.on(signal, handle),
    exit: (code) => process.exit(code),
    startDemoPhone,
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
    // A doctor makes nothing: what the demo will make is stood in for.
    const demoSecret = (): string => findDemoSecret(environment) ?? DEMO_SECRET_TO_BE
    exit(await runDoctor(() => readConfig(flags, environment, demoSecret), flags['json'] === true, output))
  })
  addTokenCommand(program, host)
  addSimulateCommand(program, host, exit)
  addDesktopCommand(program, environment, output)
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

function addTokenCommand(program: Command, { environment, output }: CommandHost): void {
  const token = program
    .command('token')
    .description('Sign for a user who enters rooms (--user), or for one plain stream (--stream).')
    .option('--user <ID>', 'a UserSig for this user, or with --jwt-secret alone a JWT')
    .option('--room <ID>', 'with --user: a privateMapKey for this room as well')
    .option('--stream <APP/STREAM>', 'a token for this stream, with --publish or --play')
    .option('--publish', 'for publishing')
    .option('--play', 'for playing')
    .option('--expire <SECONDS>', 'how long it is good, from now', parseSeconds, DAY_SECONDS)
  const names = ['secret', 'sdkAppId', 'jwtSecret', 'jwtAudience', 'json'] as const
  addConfigOptions(token, names).action(async (flags: Record<string, unknown>) => {
    const { user, room, stream, publish, play, expire: seconds, ...options } = flags
    if ((user === undefined) === (stream === undefined))
      throw new CommandError('Say whom the token is for: --user ID for rooms, or --stream APP/STREAM.')
    const config = readSigningConfig(options, environment)
    const expire = checkedExpiry(seconds as number)
    if (user !== undefined) {
      const wish = { user: user as string, room: room as string | undefined, expire }
      await printEntryToken(config, wish, Date.now(), output)
      return
    }
    if ((publish === true) === (play === true))
      throw new CommandError('Say what the token is for: --publish or --play, one of them.')
    const action = publish === true ? 'publish' : 'play'
    printToken(config, { stream: stream as string, action, expire }, Date.now(), output)
  })
}

/** Knows only what signing needs; the rest, and `--help`, is the simulator's. */
function addSimulateCommand(program: Command, { environment }: CommandHost, exit: (code: number) => void): void {
  program
    .command('simulate')
    .description('Enter a room as a simulated Mini Program: crossroom simulate --server ORIGIN --room ID --user ID.')
    .argument('[ARGUMENTS...]')
    .allowUnknownOption()
    .helpOption(false)
    .action(async (args: string[]) => {
      exit(await runSimulate(args, environment, Date.now()))
    })
}

function checkedExpiry(seconds: number): number {
  if (Number.isInteger(seconds) && seconds >= 1 && seconds <= 10 * YEAR_SECONDS) return seconds
  throw new CommandError(`--expire must be a number of seconds from 1 to ${String(10 * YEAR_SECONDS)} (ten years).`)
}

function parseSeconds(text: string): number {
  if (!/^\d+$/.test(text)) throw new InvalidArgumentError('It must be a whole number of seconds.')
  return Number(text)
}
