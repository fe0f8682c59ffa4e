// `npm test`: the set-up, the programs only tests need, the static checks, then every test. The last line counts.
import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs'
import { dirname, join, relative, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { runChecks } from './check.mjs'
import { RETRIED } from './retried-tests.mjs'
import { setUp } from './setup.mjs'
import { installSystemPackages } from './system-packages.mjs'

const ROOT = resolve(dirname(fileURLToPath(import.meta.url)), '..')
const RESULTS = join(ROOT, '.setup/vitest.json')

/**
 * Tests with real programs (ffmpeg, GStreamer, Chromium) that judge pictures a second, delay, loss or memory run one file at
 * a time, so that none waits for another's CPU. The others wait for a clock most of their time, and run two at a time. A failed
 * one is tried again, twice: what such a program does on a busy machine is not all ours. Pure tests are tried again once. Each
 * that needed it is named at the end with its first failure: it is a fault to find.
 */
const MEASURED = [
  'test/interop/browser',
  'test/interop/client/fallback',
  'test/interop/client/layers',
  'test/interop/client/many',
  'test/interop/client/network',
  'test/interop/firefox',
  'test/interop/foreign-publishers',
  'test/interop/pages/call',
  'test/interop/phone/four-in-a-call',
  'test/interop/phone/nine-in-a-room',
  'test/interop/publisher-clocks',
  'test/interop/rooms/mix',
  'test/interop/rooms/narrow-path',
  'test/interop/simulator/crowd-on-android',
  'test/interop/simulator/phone-and-browser',
  'test/interop/webrtc',
  'test/threats/churn',
  'test/threats/unread',
]
const WITH_PROGRAMS = ['test/cluster', 'test/interop', 'test/threats', 'test/worked-example']
const without = (paths) => paths.map((path) => `--exclude=${path}{.test.ts,/**}`)
/** Excludes, not includes: a folder that nobody thought of is run. */
const PURE = ['--retry=1', ...without(WITH_PROGRAMS)]
const TWO_AT_A_TIME = ['--retry=2', ...without(MEASURED), ...WITH_PROGRAMS]
const ONE_AT_A_TIME = ['--retry=2', '--no-file-parallelism', ...MEASURED]

/** Runs vitest; answers how many tests passed and failed. */
function runTests(args) {
  mkdirSync(dirname(RESULTS), { recursive: true })
  rmSync(RESULTS, { force: true })
  const named = ['--reporter=default', '--reporter=json', `--reporter=${join(ROOT, 'tools/retried-tests.mjs')}`]
  const reporters = [...named, `--outputFile.json=${RESULTS}`]
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
  rmSync(RETRIED, { force: true })
  const chosen = process.argv.slice(2)
  const runs = chosen.length > 0 ? [chosen] : [PURE, TWO_AT_A_TIME, ONE_AT_A_TIME]
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
if (existsSync(RETRIED)) console.log(`Passed only when tried again:\n${readFileSync(RETRIED, 'utf8')}`)
if (failures.length > 0) console.log(`Failed tests:\n${failures.join('\n')}`)
console.log(`${passed} passed, ${failed} failed`)
process.exitCode = failed === 0 ? 0 : 1
