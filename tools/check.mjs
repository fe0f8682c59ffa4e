// What can be said about the code without running it: types, lint, format, one-way imports. `npm run check`.
import { spawnSync } from 'node:child_process'
import { dirname, resolve } from 'node:path'
import { performance } from 'node:perf_hooks'
import { fileURLToPath, pathToFileURL } from 'node:url'

const ROOT = resolve(dirname(fileURLToPath(import.meta.url)), '..')
const script = (path) => ['node', `node_modules/${path}`]

const CHECKS = {
  types: [...script('typescript/bin/tsc'), '-p', 'tsconfig.test.json'],
  'types of the pages': ['npm', 'run', '--silent', 'typecheck', '--workspaces', '--if-present'],
  lint: [...script('eslint/bin/eslint.js'), '.', '--max-warnings', '0'],
  format: [...script('prettier/bin/prettier.cjs'), '--check', '--log-level', 'warn', '.'],
  layers: ['node', 'tools/layers.mjs'],
}

/** Runs every check, whatever the others say. Answers the names of those that failed. */
export function runChecks() {
  const failed = []
  for (const [name, [command, ...args]] of Object.entries(CHECKS)) {
    const startedMs = performance.now()
    const shell = process.platform === 'win32'
    const program = command === 'node' ? process.execPath : command
    const { status } = spawnSync(program, args, { cwd: ROOT, stdio: 'inherit', shell })
    if (status !== 0) failed.push(name)
    const seconds = ((performance.now() - startedMs) / 1000).toFixed(1)
    console.log(`check: ${name} ${status === 0 ? 'ok' : 'FAILED'} (${seconds} s)`)
  }
  return failed
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href && runChecks().length > 0) process.exitCode = 1
