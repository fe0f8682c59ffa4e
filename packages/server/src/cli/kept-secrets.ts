import { randomBytes } from 'node:crypto'
import { linkSync, mkdirSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { homedir } from 'node:os'
import { dirname, join } from 'node:path'
import { authLimits, ConfigError, readSecretFile } from '../config/index.js'

/**
 * Secrets that the server generates: random, created at the first start, and stored readable only by this user, so that
 * other commands on the same machine find them.
 */

type Environment = Readonly<Record<string, string | undefined>>

/** `demo-secret` signs with `--demo`, `api-key` opens REST. */
export type KeptSecret = 'demo-secret' | 'api-key'

const SECRET_BYTES = 32

/** `$XDG_STATE_HOME/crossroom/NAME` (XDG Base Directory Specification). */
export function keptPath(environment: Environment, name: KeptSecret): string {
  const state = environment['XDG_STATE_HOME']
  const home = environment['HOME'] ?? homedir()
  return join(state === undefined || state === '' ? join(home, '.local', 'state') : state, 'crossroom', name)
}

/**
 * The secret stored by a server on this machine, and after a manual change the previous one; empty without one.
 * Throws ConfigError.
 */
export function findKept(environment: Environment, name: KeptSecret): readonly string[] {
  const path = keptPath(environment, name)
  if (!isThere(path)) return []
  const found = readSecretFile(path, 'The stored secret')
  if (found.some((secret) => Buffer.byteLength(secret) < authLimits.minSecretBytes))
    throw new ConfigError(`${path} holds no secret of sufficient length. Delete it, and the next start generates one.`)
  return found
}

/**
 * The same, made when there is none yet.
 * @throws ConfigError when it cannot be kept, or others can read it
 */
export function makeKept(environment: Environment, name: KeptSecret): readonly string[] {
  const found = findKept(environment, name)
  if (found.length > 0) return found
  const path = keptPath(environment, name)
  const fresh = `${path}.${randomBytes(6).toString('hex')}`
  try {
    mkdirSync(dirname(path), { recursive: true, mode: 0o700 })
    writeFileSync(fresh, `${randomBytes(SECRET_BYTES).toString('hex')}\n`, { mode: 0o600, flag: 'wx' })
    linkUnlessThere(fresh, path)
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code ?? 'unwritable'
    throw new ConfigError(`The secret cannot be stored in ${path} (${code}). Set XDG_STATE_HOME to a writable folder.`)
  } finally {
    rmSync(fresh, { force: true })
  }
  return findKept(environment, name)
}

/** Writes atomically, and never over the secret of a server that starts at the same time. */
function linkUnlessThere(fresh: string, path: string): void {
  try {
    linkSync(fresh, path)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
  }
}

function isThere(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false }) !== undefined
}
