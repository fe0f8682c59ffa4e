import { spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { isRoomId, isUserId } from '@crossroom/protocol'
import { signForDemo } from '../api/index.js'
import type { ServerOptions } from './options.js'
import { CommandError } from './output.js'

type Environment = Readonly<Record<string, string | undefined>>

const TEXT = { type: 'string' } as const
/** Options for signing. The secret is for this command only; the others are passed to the simulator. */
const SIGNING = { secret: TEXT, room: TEXT, user: TEXT, 'user-sig': TEXT, 'sdk-app-id': TEXT } as const

/**
 * `crossroom simulate`: runs the simulator as a child process, because it loads codecs and a document model that no
 * server needs; returns its exit code. This command signs for its user, with `--secret`, the configured one, or that
 * of a demo on this machine. Signatures go through the environment, where `ps` does not show them.
 * @throws CommandError when the optional package is not installed
 */
export function runSimulate(
  args: readonly string[],
  environment: Environment,
  options: ServerOptions,
  nowMs: number,
): Promise<number> {
  const program = simulatorProgram()
  const env = { ...environment, ...signaturesFor(args, options, nowMs) }
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [program, ...withoutSecret(args)], { stdio: 'inherit', env })
    // A terminal sends SIGINT to both processes; stopping only this one should stop both.
    const pass = (signal: NodeJS.Signals): void => void child.kill(signal)
    process.on('SIGINT', pass)
    process.on('SIGTERM', pass)
    child.once('error', reject)
    child.once('exit', (code) => resolve(code ?? 1))
  })
}

function signaturesFor(args: readonly string[], options: ServerOptions, nowMs: number): Environment {
  const { values } = parseArgs({ args: [...args], options: SIGNING, strict: false })
  const { room, user, secret, 'sdk-app-id': sdkAppId } = values
  if (values['user-sig'] !== undefined || !isUserId(user) || !isRoomId(room)) return {}
  const flags = { ...(secret === undefined ? {} : { secret }), ...(sdkAppId === undefined ? {} : { sdkAppId }) }
  const config = options.readForSigning(flags)
  const { userSig, privateMapKey } = signForDemo(
    { sdkAppId: config.sdkAppId, secret: config.secret },
    user,
    room,
    nowMs,
  )
  if (userSig === undefined) return {}
  return { CROSSROOM_USER_SIG: userSig, CROSSROOM_PRIVATE_MAP_KEY: privateMapKey }
}

/** The arguments without `--secret VALUE` and `--secret=VALUE`. */
function withoutSecret(args: readonly string[]): string[] {
  return args.filter(
    (arg, index) => arg !== '--secret' && args[index - 1] !== '--secret' && !arg.startsWith('--secret='),
  )
}

/**
 * The program of the optional package.
 * @throws CommandError when it is not installed
 */
export function simulatorProgram(): string {
  try {
    return fileURLToPath(import.meta.resolve('@crossroom/simulator/main'))
  } catch {
    throw new CommandError('The simulator is not installed: npm install @crossroom/simulator.')
  }
}
