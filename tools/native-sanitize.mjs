// Builds packages/native with AddressSanitizer and UndefinedBehaviorSanitizer and runs its tests and the SRTP contract
// under them. Needs gcc's libasan and libubsan. Leaks are not looked for: Node keeps what it has at exit.
import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { compile } from './build-native.mjs'

const folder = mkdtempSync(join(tmpdir(), 'crossroom-sanitize-'))
const binary = join(folder, 'crossroom.node')

function library(name) {
  const compiler = process.env.CC ?? 'cc'
  return spawnSync(compiler, [`-print-file-name=${name}`], { encoding: 'utf8' }).stdout.trim()
}

compile(binary, [
  '-O1',
  '-g',
  '-fsanitize=address,undefined',
  '-fno-sanitize-recover=undefined',
  '-fno-omit-frame-pointer',
])
const run = spawnSync(
  process.execPath,
  ['node_modules/vitest/vitest.mjs', 'run', 'packages/native', '--pool=forks', '--testTimeout=120000'],
  {
    stdio: 'inherit',
    env: {
      ...process.env,
      CROSSROOM_NATIVE: binary,
      LD_PRELOAD: `${library('libasan.so')} ${library('libubsan.so')}`,
      ASAN_OPTIONS: 'detect_leaks=0:abort_on_error=1:handle_segv=0:detect_odr_violation=0',
      UBSAN_OPTIONS: 'print_stacktrace=1:halt_on_error=1',
    },
  },
)
rmSync(folder, { recursive: true })
process.exit(run.status ?? 1)
