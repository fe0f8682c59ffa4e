import { spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { CommandError } from './output.js'

/** The benchmarks drive a built server from outside: they belong to a checkout, not to the published package. */
const SCRIPT = fileURLToPath(new URL('../../../../bench/run.mjs', import.meta.url))

/**
 * Runs the benchmarks of the checkout with `args` (see bench/README.md); returns the exit code.
 * @throws CommandError without a checkout
 */
export function runBench(args: readonly string[]): Promise<number> {
  if (!existsSync(SCRIPT))
    throw new CommandError('This package does not include the benchmarks: clone the repository and run npm run bench.')
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [SCRIPT, ...args], { stdio: 'inherit' })
    child.once('error', reject)
    child.once('exit', (code) => resolve(code ?? 1))
  })
}
