import { spawn, type ChildProcess, type SpawnOptions } from 'node:child_process'

/** A child process with what it said and a way to end it. Ended at the latest with the test process. */
export interface RunningProcess {
  readonly child: ChildProcess
  /** Everything it wrote to stdout and stderr so far, the last 256 KiB. */
  readonly output: () => string
  /** Resolves with the exit code, or with -1 when a signal ended it. */
  readonly exited: Promise<number>
  /** SIGTERM, and SIGKILL after five seconds. Resolves when it is gone; may be called twice. */
  readonly stop: () => Promise<void>
}

const OUTPUT_LIMIT_CHARS = 256 * 1024
const KILL_AFTER_MS = 5000
const running = new Set<ChildProcess>()

process.once('exit', () => {
  for (const child of running) child.kill('SIGKILL')
})

/** Starts a program. `onLine` gets every whole line of stdout. */
export function start(
  command: string,
  args: readonly string[],
  options: SpawnOptions = {},
  onLine?: (line: string) => void,
): RunningProcess {
  const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'pipe'], ...options })
  let output = ''
  let rest = ''
  running.add(child)
  const keep = (text: string): void => {
    output = (output + text).slice(-OUTPUT_LIMIT_CHARS)
  }
  child.stdout?.setEncoding('utf8').on('data', (text: string) => {
    keep(text)
    if (onLine === undefined) return
    const lines = (rest + text).split('\n')
    rest = lines.pop() ?? ''
    lines.forEach(onLine)
  })
  child.stderr?.setEncoding('utf8').on('data', keep)
  const exited = new Promise<number>((resolve) => {
    child.once('error', (error) => {
      keep(`${command}: ${error.message}\n`)
      running.delete(child)
      resolve(-1)
    })
    child.once('close', (code) => {
      running.delete(child)
      resolve(code ?? -1)
    })
  })
  const stop = async (): Promise<void> => {
    child.kill('SIGTERM')
    const timer = setTimeout(() => child.kill('SIGKILL'), KILL_AFTER_MS)
    await exited
    clearTimeout(timer)
  }
  return { child, output: () => output, exited, stop }
}

/** What a finished program left behind. */
export interface Finished {
  readonly code: number
  readonly stdout: string
  readonly stderr: string
}

/** Runs a program to its end; it is killed after `timeoutMs` (default 30 s). */
export async function run(command: string, args: readonly string[], timeoutMs = 30_000): Promise<Finished> {
  const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'pipe'], timeout: timeoutMs, killSignal: 'SIGKILL' })
  running.add(child)
  let stdout = ''
  let stderr = ''
  child.stdout.setEncoding('utf8').on('data', (text: string) => (stdout += text))
  child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text))
  const code = await new Promise<number>((resolve) => {
    child.once('error', (error) => {
      stderr += `${command}: ${error.message}\n`
      resolve(-1)
    })
    child.once('close', (exitCode) => resolve(exitCode ?? -1))
  })
  running.delete(child)
  return { code, stdout, stderr }
}
