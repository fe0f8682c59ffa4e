import { randomBytes } from 'node:crypto'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { homedir } from 'node:os'
import { dirname, join } from 'node:path'
import { ConfigError } from '../config/index.js'

/**
 * The secret of `crossroom serve --demo`: random, made at the first start, and kept where nobody but this user reads it, so
 * that `token` and `simulate` on the same machine find it.
 */

type Environment = Readonly<Record<string, string | undefined>>

/** Hexadecimal digits of 256 bits. */
const SECRET = /^[0-9a-f]{64}$/

/** `$XDG_STATE_HOME/crossroom/demo-secret` (XDG Base Directory Specification). */
export function demoSecretPath(environment: Environment): string {
  const state = environment['XDG_STATE_HOME']
  const home = environment['HOME'] ?? homedir()
  return join(state === undefined || state === '' ? join(home, '.local', 'state') : state, 'crossroom', 'demo-secret')
}

/** The secret that a demo on this machine made; undefined when none did. */
export function findDemoSecret(environment: Environment): string | undefined {
  try {
    const text = readFileSync(demoSecretPath(environment), 'utf8').trim()
    return SECRET.test(text) ? text : undefined
  } catch {
    return undefined
  }
}

/**
 * The same, made when there is none yet.
 * @throws ConfigError when it cannot be kept
 */
export function makeDemoSecret(environment: Environment): string {
  const found = findDemoSecret(environment)
  if (found !== undefined) return found
  const path = demoSecretPath(environment)
  const secret = randomBytes(32).toString('hex')
  try {
    mkdirSync(dirname(path), { recursive: true, mode: 0o700 })
    // Never over a file that is there: it would keep its mode, and may be somebody's.
    writeFileSync(path, `${secret}\n`, { mode: 0o600, flag: 'wx' })
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code ?? 'unwritable'
    throw new ConfigError(`The demo's secret cannot be kept in ${path} (${code}). Set --secret, or XDG_STATE_HOME.`)
  }
  return secret
}
