// `npm test`: the set-up, the programs only tests need, the static checks, then every test. The last line counts.
import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs'
import { dirname, join, relative, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { runChecks } from './check.mjs'
import { setUp } from './setup.mjs'
import { installSystemPackages } from './system-packages.mjs'

const ROOT = resolve(dirname(fileURLToPath(import.meta.url)), '..')
const RESULTS = join(ROOT, '.setup/vitest.json')

/**
 * Tests with real programs (ffmpeg, GStreamer, Chromium) run one file at a time, so that none waits for another's CPU, and
 * a failed one is tried again: what such a program does on a busy machine is not all ours. Nothing else is tried twice.
 */
const WITH_PROGRAMS = ['test/interop', 'test/threats']
const ONE_BY_ONE = ['--no-file-parallelism', '--retry=2']
const PURE = ['packages', 'test/docs', 'test/fuzz', 'test/harness', 'test/scenarios', 'test/tools']

/** Runs vitest; answers how many tests passed and failed. */
function runTests(args) {
  mkdirSync(dirname(RESULTS), { recursive: true })
  rmSync(RESULTS, { force: true })
  const reporters = ['--reporter=default', '--reporter=json', `--outputFile.json=${RESULTS}`]
  const vitest = [join(ROOT, 'node_modules/vitest/vitest.mjs'), 'run', ...reporters, ...args]
  const { status } = spawnSync(process.execPath, vitest, { cwd: ROOT, stdio: 'inherit' })
  if (!existsSync(RESULTS)) return { passed: 0, failed: 1 }
  const { numPassedTests: passed, numFailedTests, testResults } = JSON.parse(readFileSync(RESULTS, 'utf8'))
  for (const file of testResults) noteFailures(file)
  // A file that cannot even be loaded has no failed test in it, but it is one.
  const broken = testResults.filter((file) => file.status === 'failed' && !hasFailedTest(file)).length
  const failed = numFailedTests + broken
  return { passed, failed: status !== 0 && failed === 0 ? 1 : failed }
}

function hasFailedTest(file) {
  return file.assertionResults.some((result) => result.status === 'failed')
}

/** Keeps what failed for the end of the output: whoever sees only the last lines learns what it was. */
function noteFailures(file) {
  const name = relative(ROOT, file.name)
  if (file.status === 'failed' && !hasFailedTest(file)) failures.push(`${name}: ${file.message}`)
  for (const { status, fullName, failureMessages } of file.assertionResults) {
    if (status === 'failed') failures.push(`${name} > ${fullName}\n  ${failureMessages.join('\n').slice(0, 1000)}`)
  }
}

const failures = []
let passed = 0
let failed = 0
try {
  setUp()
  installSystemPackages()
  const failedChecks = runChecks()
  const chosen = process.argv.slice(2)
  const runs = chosen.length > 0 ? [chosen] : [PURE, [...ONE_BY_ONE, ...WITH_PROGRAMS]]
  for (const tests of runs.map(runTests)) {
    passed += tests.passed
    failed += tests.failed
  }
  failed += failedChecks.length
  if (failedChecks.length > 0) console.log(`Failed checks: ${failedChecks.join(', ')}`)
} catch (error) {
  console.error(error instanceof Error ? error.message : error)
  failed++
}
if (failures.length > 0) console.log(`Failed tests:\n${failures.join('\n')}`)
console.log(`${passed} passed, ${failed} failed`)
process.exitCode = failed === 0 ? 0 : 1
