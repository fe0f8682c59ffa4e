import { accessSync, constants, linkSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Log } from '../observe/index.js'

const LOCK = 'lock'

/**
 * The folder in which media jobs outlive the server, as JSON documents that only its user reads. One server at a time
 * uses it: another one on the same machine would run the same jobs again. Without a usable folder jobs are kept in memory only,
 * and the log says why.
 */
export class StateDirectory {
  /** Undefined: nothing is kept. */
  readonly path: string | undefined
  readonly log: Log
  readonly #lock: string | undefined

  private constructor(path: string | undefined, log: Log) {
    this.path = path
    this.log = log
    this.#lock = path === undefined ? undefined : join(path, LOCK)
  }

  static open(path: string | undefined, log: Log): StateDirectory {
    if (path === undefined) return new StateDirectory(undefined, log)
    const problem = takeDirectory(path)
    if (problem === undefined) return new StateDirectory(path, log)
    log.warn({ stateDir: path, why: problem }, 'Jobs made by REST do not outlive this server')
    return new StateDirectory(undefined, log)
  }

  /** Lets another server use it. Idempotent. */
  close(): void {
    if (this.#lock !== undefined && readLock(this.#lock) === ownLock()) rmSync(this.#lock, { force: true })
  }
}

/** Why the folder cannot be used, as a sentence; undefined once it is ours. */
function takeDirectory(path: string): string | undefined {
  try {
    mkdirSync(path, { recursive: true, mode: 0o700 })
    accessSync(path, constants.R_OK | constants.W_OK | constants.X_OK)
    const holder = takeLock(join(path, LOCK))
    return holder === undefined
      ? undefined
      : `Another server (process ${holder}) uses ${path}. Give each its own --state-dir.`
  } catch (error) {
    return `${path} cannot be used (${(error as NodeJS.ErrnoException).code ?? 'unwritable'}).`
  }
}

/** Takes the lock, or answers the process that has it. A lock of a process that is gone is taken over. */
function takeLock(path: string): string | undefined {
  const own = `${path}.${String(process.pid)}`
  writeFileSync(own, ownLock(), { mode: 0o600 })
  try {
    for (let tries = 0; tries < 2; tries++) {
      try {
        linkSync(own, path)
        return undefined
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
      }
      const [pid = '', startedAt = ''] = readLock(path)?.split(' ') ?? []
      if (`${pid} ${startedAt}` !== ownLock() && isRunning(Number(pid), startedAt)) return pid
      rmSync(path, { force: true })
    }
    return 'unknown'
  } finally {
    rmSync(own, { force: true })
  }
}

function ownLock(): string {
  return `${String(process.pid)} ${startOf(process.pid) ?? ''}`
}

function readLock(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return undefined
  }
}

/** Numbers of processes are given again, in a container always: the time at which it started tells them apart. */
function isRunning(pid: number, startedAt: string): boolean {
  if (!Number.isInteger(pid) || pid < 1) return false
  const start = startOf(pid)
  if (start !== undefined) return start === startedAt
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM'
  }
}

/** Field 22 of `/proc/PID/stat` (proc(5)): clock ticks since boot. Undefined where there is no such process or no `/proc`. */
function startOf(pid: number): string | undefined {
  try {
    const stat = readFileSync(`/proc/${String(pid)}/stat`, 'latin1')
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19]
  } catch {
    return undefined
  }
}
