import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { start, type RunningProcess } from './process.js'

/** The built `crossroom`. */
export const COMMAND = fileURLToPath(new URL('../../packages/server/bin/crossroom.js', import.meta.url))
/** Opens REST of every server that a test starts, unless `--api-key` says otherwise. */
export const TEST_API_KEY = 'a-key-for-the-servers-of-all-tests'
const START_TIMEOUT_MS = 30_000

/** A server of its own for one test file, on free ports of 127.0.0.1. */
export interface TestServer {
  /** Ports by the names of the `listening` line: rtmp, http, rtc, … */
  readonly ports: Readonly<Record<string, number>>
  /** `rtmp://127.0.0.1:PORT` */
  readonly rtmp: string
  /** `http://127.0.0.1:PORT` */
  readonly http: string
  /** `ws://127.0.0.1:PORT` */
  readonly ws: string
  readonly process: RunningProcess
  /** What the server wrote so far: log lines and the listening line. */
  readonly log: () => string
  readonly stop: () => Promise<void>
}

/** What a test asks of its server. */
export interface TestServerOptions {
  /** More flags of `crossroom serve`. */
  readonly args?: readonly string[]
  /** More environment variables. */
  readonly env?: Readonly<Record<string, string>>
}

/**
 * Starts the built server (`npm run build` first) with every port free, and resolves when it listens.
 *
 * ```ts
 * const server = await startServer()
 * const push = pushFfmpeg({ url: `${server.rtmp}/live/a` })
 * …
 * await push.stop()
 * await server.stop()
 * ```
 */
export async function startServer(options: TestServerOptions = {}): Promise<TestServer> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await startOnce(options)
    } catch (error) {
      // A UDP port that is free may be taken as a TCP port, by another test that starts at the same moment.
      if (attempt === 3 || !String(error).includes('is used by another program')) throw error
    }
  }
}

async function startOnce(options: TestServerOptions): Promise<TestServer> {
  if (!existsSync(COMMAND)) throw new Error(`${COMMAND} is not there: run npm run build`)
  const freePorts = [
    '--host',
    '127.0.0.1',
    '--drain-notice',
    '0',
    '--rtmp-port',
    '0',
    '--http-port',
    '0',
    '--rtc-port',
    '0',
  ]
  const args = [COMMAND, 'serve', '--json', '--log-level', 'debug', ...freePorts, ...(options.args ?? [])]
  const stateDir = mkdtempSync(join(tmpdir(), 'crossroom-state-'))
  let announce: (ports: Record<string, number>) => void
  const listening = new Promise<Record<string, number>>((resolve) => (announce = resolve))
  const server = start(
    process.execPath,
    args,
    { env: { ...process.env, CROSSROOM_API_KEY: TEST_API_KEY, CROSSROOM_STATE_DIR: stateDir, ...options.env } },
    (line) => {
      const ports = portsOf(line)
      if (ports !== undefined) announce(ports)
    },
  )
  void server.exited.then(() => rmSync(stateDir, { recursive: true, force: true }))
  let timer: NodeJS.Timeout | undefined
  const tooLate = new Promise<undefined>((resolve) => (timer = setTimeout(() => resolve(undefined), START_TIMEOUT_MS)))
  const ports = await Promise.race([listening, tooLate, server.exited.then(() => undefined)])
  clearTimeout(timer)
  if (ports === undefined) {
    await server.stop()
    throw new Error(`The server did not start:\n${server.output()}`)
  }
  const at = (scheme: string, name: string): string => `${scheme}://127.0.0.1:${String(ports[name])}`
  return {
    ports,
    rtmp: at('rtmp', 'rtmp'),
    http: at('http', 'http'),
    ws: at('ws', 'http'),
    process: server,
    log: server.output,
    stop: server.stop,
  }
}

/** The ports in `{"event":"listening","rtmp":1935,…}`; undefined for any other line. */
function portsOf(line: string): Record<string, number> | undefined {
  if (!line.startsWith('{"event":"listening"')) return undefined
  const fields = Object.entries(JSON.parse(line) as Record<string, unknown>)
  return Object.fromEntries(fields.filter((field): field is [string, number] => typeof field[1] === 'number'))
}
