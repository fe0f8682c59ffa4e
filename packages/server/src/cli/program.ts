import { Command, CommanderError } from 'commander'
import { ConfigError } from '../config/index.js'
import { protocols, type Protocol, type ServerConfig } from '../endpoints/index.js'
import { VERSION } from '../version.js'
import { runBench } from './bench.js'
import { addClusterCommand } from './cluster-command.js'
import { addCamerasCommand } from './cameras/command.js'
import { addDesktopCommand } from './desktop/command.js'
import { runDoctor } from './doctor.js'
import { startDemoPhone } from './demo-phone.js'
import { findKept } from './kept-secrets.js'
import { ServerOptions } from './options.js'
import { CommandError, processOutput } from './output.js'
import type { Output } from './output.js'
import { PROCESS_VARIABLE } from './processes/messages.js'
import { serve } from './serve.js'
import type { ServeHost } from './serve.js'
import { runSimulate } from './simulate.js'
import { StatusLine } from './status-line.js'
import { addVerifyCommand } from './verify.js'
import { addTokenCommand } from './token-command.js'

/** The process as the commands see it; tests pass their own. */
export interface CommandHost {
  readonly environment: Readonly<Record<string, string | undefined>>
  readonly output: Output
  /** The server's protocols, with their options. */
  readonly protocols: readonly Protocol[]
  readonly serveHost: ServeHost
}

const DEMO_SECRET_TO_BE = '0'.repeat(64)

const processHost: CommandHost = {
  environment: process.env,
  output: processOutput,
  protocols,
  serveHost: {
    output: processOutput,
    status: new StatusLine(process.stdout),
    onSignal: (signal, handle) => void process.on(signal, handle),
    exit: (code) => process.exit(code),
    startDemoPhone,
  },
}

/** Runs one command of `crossroom` and returns the exit code. An error is one sentence on stderr. */
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
  const options = new ServerOptions(host.protocols, environment)
  const program = new Command('crossroom')
    .description('A media server for RTMP, HTTP-FLV and WebRTC in one room.')
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
  options
    .addTo(program.command('serve').description('Run the server until SIGTERM or SIGINT.'))
    .action(async (flags: Record<string, unknown>) => {
      exit(await serveCommand(options, flags, host))
    })
  const doctor = program
    .command('doctor')
    .description('Check what would prevent a stream or a call on a server with these options.')
  options
    .hideIn(doctor, { json: 'prints one JSON object per check' })
    .action(async (flags: Record<string, unknown>) => {
      // A doctor makes nothing: what the demo will make is stood in for.
      const demoSecret = (): string => findKept(environment, 'demo-secret')[0] ?? DEMO_SECRET_TO_BE
      exit(await runDoctor(() => options.read(flags, { demoSecret }), flags['json'] === true, output))
    })
  addTokenCommand(program, options, output)
  addClusterCommand(program, options, output)
  addSimulateCommand(program, host, options, exit)
  addDesktopCommand(program, environment, output)
  addVerifyCommand(program, output, exit)
  addCamerasCommand(program, environment, output)
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

/** One process, several, or one of several. */
async function serveCommand(
  options: ServerOptions,
  flags: Record<string, unknown>,
  { environment, serveHost }: CommandHost,
): Promise<number> {
  const index = environment[PROCESS_VARIABLE]
  if (index !== undefined && process.connected) {
    // Not for the programs that this one starts.
    Reflect.deleteProperty(process.env, PROCESS_VARIABLE)
    const { serveAsProcess } = await import('./processes/own-seat.js')
    const readWith = (own: (config: ServerConfig) => object) =>
      options.readForServer({ ...flags, ...own(options.readForServer(flags).config) })
    return await serveAsProcess(Number(index), readWith, serveHost)
  }
  const given = options.readForServer(flags)
  if (given.config.processes === 1) return await serve(() => options.readForServer(flags), serveHost)
  const { supervise } = await import('./processes/supervise.js')
  return await supervise(given, serveHost)
}

/** Defines only the options for signing; the others, and `--help`, belong to the simulator. */
function addSimulateCommand(
  program: Command,
  { environment }: CommandHost,
  options: ServerOptions,
  exit: (code: number) => void,
): void {
  program
    .command('simulate')
    .description('Enter a room as a simulated Mini Program: crossroom simulate --server ORIGIN --room ID --user ID.')
    .argument('[ARGUMENTS...]')
    .allowUnknownOption()
    .helpOption(false)
    .action(async (args: string[]) => {
      exit(await runSimulate(args, environment, options, Date.now()))
    })
}
