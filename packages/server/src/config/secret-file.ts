import { closeSync, fstatSync, openSync, readFileSync, type Stats } from 'node:fs'
import { ConfigError } from './config-error.js'

/** The lines of a secret file: the current secret and the previous one. */
const MAX_LINES = 2
/** Permission bits. */
const OTHERS = 0o007
const GROUP = 0o070
const GROUP_READ = 0o040

/**
 * Reads the secrets in a file, the current one first. Only its owner may have access. If that is root and this process is
 * not, the group may read it too: orchestrators mount secrets like that.
 * @throws ConfigError
 */
export function readSecretFile(path: string, option: string): readonly string[] {
  const lines = readPrivately(path, option)
    .split(/\r?\n/)
    .map((line) => line.trim())
    .filter((line) => line !== '')
  if (lines.length === 0) throw new ConfigError(`${option}: ${path} is empty. Put the secret into its first line.`)
  if (lines.length > MAX_LINES)
    throw new ConfigError(
      `${option}: ${path} has ${String(lines.length)} lines. It may have two: the secret and the previous one.`,
    )
  return lines
}

function readPrivately(path: string, option: string): string {
  let file: number | undefined
  try {
    file = openSync(path, 'r')
    const stats = fstatSync(file)
    if (isExposed(stats)) {
      const mode = (stats.mode & 0o777).toString(8)
      throw new ConfigError(`${option}: others may read ${path} (mode ${mode}). Run chmod 600 ${path}.`)
    }
    return readFileSync(file, 'utf8')
  } catch (error) {
    if (error instanceof ConfigError) throw error
    const code = (error as NodeJS.ErrnoException).code ?? 'unreadable'
    throw new ConfigError(`${option}: ${path} cannot be read (${code}).`)
  } finally {
    if (file !== undefined) closeSync(file)
  }
}

function isExposed({ mode, uid }: Stats): boolean {
  const isHandedOut = uid === 0 && process.getuid?.() !== 0
  return (mode & (OTHERS | (isHandedOut ? GROUP & ~GROUP_READ : GROUP))) !== 0
}
