import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { setTimeout as delay } from 'node:timers/promises'
import { signForDemo } from '../api/index.js'
import { isLoopbackHost } from '../config/index.js'
import type { Config } from '../config/index.js'
import type { Log } from '../observe/index.js'
import { simulatorProgram } from './simulate.js'

/** The room that `--demo` has somebody in, and who that is. */
export const DEMO_ROOM = 'demo'
const DEMO_USER = 'phone'

/** Between an end of the phone and its return, doubled up to the last; a phone that lasted is back after the first. */
const RETRY_FIRST_MS = 2_000
const RETRY_MAX_MS = 60_000
const LASTED_MS = 30_000

/** What the phone of a demo is started with. */
export interface DemoPhoneOptions {
  readonly config: Config
  /** The HTTP port in use. */
  readonly httpPort: number
  readonly log: Log
}

/**
 * Keeps a simulated Mini Program in the demo's room, in a process of its own: a moving picture with a clock, and a tone. The
 * answer takes it out. Without the simulator the room is empty, and the log says why.
 */
export function startDemoPhone(options: DemoPhoneOptions): () => void {
  const stopped = new AbortController()
  keepPhone(options, stopped.signal).catch((error: unknown) => {
    if (!stopped.signal.aborted) options.log.warn({ why: String(error) }, 'There is no phone in the demo room')
  })
  return () => stopped.abort()
}

async function keepPhone({ config, httpPort, log }: DemoPhoneOptions, signal: AbortSignal): Promise<void> {
  const program = simulatorProgram()
  const server = `http://${reachableHost(config.host)}:${String(httpPort)}`
  const args = [program, '--server', server, '--room', DEMO_ROOM, '--user', DEMO_USER, '--count-only']
  for (let retryMs = RETRY_FIRST_MS; ;) {
    const from = performance.now()
    const why = await runPhone(args, signaturesOf(config), signal)
    if (performance.now() - from > LASTED_MS) retryMs = RETRY_FIRST_MS
    log.warn({ why, retryMs }, 'The phone left the demo room and comes back')
    await delay(retryMs, undefined, { signal })
    retryMs = Math.min(2 * retryMs, RETRY_MAX_MS)
  }
}

/** Resolves with its last words. */
async function runPhone(args: readonly string[], signatures: NodeJS.ProcessEnv, signal: AbortSignal): Promise<string> {
  const child = spawn(process.execPath, args, {
    // By the channel it notices when this process is gone, however that came about.
    stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
    env: { ...process.env, ...signatures },
    signal,
    killSignal: 'SIGTERM',
  })
  let lastWords = ''
  child.stderr?.on('data', (bytes: Buffer) => (lastWords = bytes.toString().trim().slice(-500)))
  await once(child, 'exit')
  return lastWords
}

/** Good for a day; then the phone is put out, and comes back with new ones. */
function signaturesOf({ sdkAppId, secret }: Config): NodeJS.ProcessEnv {
  const { userSig, privateMapKey } = signForDemo({ sdkAppId, secret }, DEMO_USER, DEMO_ROOM, Date.now())
  return { CROSSROOM_USER_SIG: userSig, CROSSROOM_PRIVATE_MAP_KEY: privateMapKey }
}

/** Where a program on this machine reaches a server that listens on `host`. */
function reachableHost(host: string): string {
  if (host === '0.0.0.0' || isLoopbackHost(host)) return host === '::1' ? '[::1]' : '127.0.0.1'
  if (host === '::') return '[::1]'
  return host.includes(':') ? `[${host}]` : host
}
