import { spawn } from 'node:child_process'
import { createInterface } from 'node:readline'
import { setTimeout as delay } from 'node:timers/promises'
import { DEMO_ROOM, signForDemo } from '../api/index.js'
import { privilegesOf } from '../auth/index.js'
import type { Config } from '../config/index.js'
import type { Log } from '../observe/index.js'
import { localHost, type Addresses } from './addresses.js'
import { DemoView } from './demo-view.js'
import { simulatorProgram } from './simulate.js'
import type { StatusLine } from './status-line.js'

/** The participant in the demo's room. */
const DEMO_USER = 'phone'

/** From the end of the phone to its return, doubled up to the last; after a phone that lasted, the first. */
const RETRY_FIRST_MS = 2_000
const RETRY_MAX_MS = 60_000
const LASTED_MS = 30_000
/** Time to leave the room before the process is killed. */
const LEAVE_MS = 3000
/** How often the line on the terminal is brought up to date. */
const SHOW_MS = 1000
/** The simulator's exit code when trying again is of no use: its codecs are not there. */
const CANNOT_RUN = 3
const MAX_LAST_WORDS = 500

/** Options of a demo's phone. */
export interface DemoPhoneOptions {
  readonly config: Config
  /** The HTTP port in use. */
  readonly httpPort: number
  readonly log: Log
  /** Display of what the phone receives; absent: none. */
  readonly status: StatusLine | undefined
  /** Makes the room, which the phone itself may not. */
  readonly openRoom: (roomId: string) => void
}

/**
 * Keeps a simulated Mini Program in the demo's room, as a separate process: a moving picture with a clock, and a tone.
 * The returned function removes it. Without the simulator the room is empty, and the log says why.
 */
export function startDemoPhone(options: DemoPhoneOptions): () => void {
  const stopped = new AbortController()
  const view = new DemoView()
  const timer = setInterval(() => options.status?.show(view.line(performance.now()), performance.now()), SHOW_MS)
  stopped.signal.addEventListener('abort', () => {
    clearInterval(timer)
    options.status?.show(undefined, performance.now())
  })
  keepPhone(options, view, stopped.signal).catch((error: unknown) => {
    if (!stopped.signal.aborted) options.log.warn({ why: sentenceOf(error) }, 'The demo room has no phone')
  })
  return () => stopped.abort()
}

async function keepPhone(options: DemoPhoneOptions, view: DemoView, signal: AbortSignal): Promise<void> {
  const { config, httpPort, log } = options
  const server = `http://${localHost(config.host)}:${String(httpPort)}`
  const args = [simulatorProgram(), '--server', server, '--room', DEMO_ROOM, '--user', DEMO_USER, '--json']
  for (let retryMs = RETRY_FIRST_MS; ;) {
    options.openRoom(DEMO_ROOM)
    const from = performance.now()
    const { code, lastWords } = await runPhone(args, signaturesOf(config), view, signal)
    if (signal.aborted) return
    if (code === CANNOT_RUN) throw new Error(lastWords)
    if (performance.now() - from > LASTED_MS) retryMs = RETRY_FIRST_MS
    log.warn({ why: lastWords, retryMs }, 'The phone left the demo room and will return')
    await delay(retryMs, undefined, { signal })
    retryMs = Math.min(2 * retryMs, RETRY_MAX_MS)
  }
}

interface Ended {
  readonly code: number | null
  /** The last lines of its error output. */
  readonly lastWords: string
}

/** Resolves when the phone has ended, by itself or because of the signal. It ends by itself when this process is gone. */
function runPhone(
  args: readonly string[],
  signatures: NodeJS.ProcessEnv,
  view: DemoView,
  signal: AbortSignal,
): Promise<Ended> {
  const env = { ...process.env, ...signatures }
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'pipe', 'ipc'], env })
  let lastWords = ''
  let killTimer: NodeJS.Timeout | undefined
  const leave = (): void => {
    child.kill('SIGTERM')
    killTimer = setTimeout(() => child.kill('SIGKILL'), LEAVE_MS)
  }
  signal.addEventListener('abort', leave, { once: true })
  // Neither is there when the process has no file descriptor left for a child.
  if (child.stdout !== null && child.stdout !== undefined)
    createInterface({ input: child.stdout }).on('line', (line) => view.handleLine(line, performance.now()))
  child.stderr?.on('data', (bytes: Buffer) => (lastWords = bytes.toString().trim().slice(-MAX_LAST_WORDS)))
  return new Promise((resolve, reject) => {
    const end = (): void => {
      clearTimeout(killTimer)
      signal.removeEventListener('abort', leave)
    }
    child.once('error', (error) => {
      end()
      reject(error)
    })
    child.once('close', (code) => {
      end()
      resolve({ code, lastWords })
    })
  })
}

function sentenceOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}

/**
 * Valid for a day; then the phone is disconnected and returns with new ones. They permit sending and receiving but
 * not creating the room: its creator owns it, and the demo's room belongs to its first visitor.
 */
function signaturesOf({ sdkAppId, secret }: Config): NodeJS.ProcessEnv {
  const privileges = privilegesOf(['enter', 'sendAudio', 'receiveAudio', 'sendVideo', 'receiveVideo'])
  const signer = { sdkAppId, secret }
  const { userSig, privateMapKey } = signForDemo(signer, DEMO_USER, DEMO_ROOM, Date.now(), privileges)
  return { CROSSROOM_USER_SIG: userSig, CROSSROOM_PRIVATE_MAP_KEY: privateMapKey }
}

/** How to join the phone: a line each for a browser, an encoder and a Mini Program. */
export function describeDemo(config: Config, { web, http, rtmp }: Addresses): string[] {
  const { sdkAppId, secret } = config
  const { userSig, privateMapKey } = signForDemo({ sdkAppId, secret }, 'obs', DEMO_ROOM, Date.now())
  const mapKey = config.privateMapKey === 'required' ? `&privatemapkey=${privateMapKey ?? ''}` : ''
  const key = `${DEMO_ROOM}?userid=obs&name=OBS${userSig === undefined ? '' : `&usersig=${userSig}${mapKey}`}`
  return [
    `A simulated phone is in the room "${DEMO_ROOM}"; the first person to join owns the room. Join with`,
    `  a browser       ${web}/?room=${DEMO_ROOM}   (open it twice for a third participant)`,
    `  OBS             server ${rtmp}/push   stream key ${key}`,
    `  a Mini Program  examples/mini-program   with server ${http} in config.js, room ${DEMO_ROOM}`,
  ]
}
