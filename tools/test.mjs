// `npm test`: the set-up, the programs only tests need, the static checks, then every test. The last line counts.
import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { runChecks } from './check.mjs'
import { setUp } from './setup.mjs'
import { installSystemPackages } from './system-packages.mjs'

const ROOT = resolve(dirname(fileURLToPath(import.meta.url)), '..')
const RESULTS = join(ROOT, '.setup/vitest.json')

/** Runs vitest with what was given on the command line; answers how many tests passed and failed. */
function runTests(args) {
  mkdirSync(dirname(RESULTS), { recursive: true })
  rmSync(RESULTS, { force: true })
  const reporters = ['--reporter=default', '--reporter=json', `--outputFile.json=${RESULTS}`]
  const vitest = [join(ROOT, 'node_modules/vitest/vitest.mjs'), 'run', ...reporters, ...args]
  const { status } = spawnSync(process.execPath, vitest, { cwd: ROOT, stdio: 'inherit' })
  if (!existsSync(RESULTS)) return { passed: 0, failed: 1 }
  const { numPassedTests: passed, numFailedTests, testResults } = JSON.parse(readFileSync(RESULTS, 'utf8'))
  // A file that cannot even be loaded has no failed test in it, but it is one.
  const broken = testResults.filter((file) => file.status === 'failed' && !hasFailedTest(file)).length
  const failed = numFailedTests + broken
  return { passed, failed: status !== 0 && failed === 0 ? 1 : failed }
}

function hasFailedTest(file) {
  return file.assertionResults.some((result) => result.status === 'failed')
}

let passed = 0
let failed = 0
try {
  setUp()
  installSystemPackages()
  const failedChecks = runChecks()
  const tests = runTests(process.argv.slice(2))
  passed = tests.passed
  failed = tests.failed + failedChecks.length
  if (failedChecks.length > 0) console.log(`Failed checks: ${failedChecks.join(', ')}`)
} catch (error) {
  console.error(error instanceof Error ? error.message : error)
  failed++
}
console.log(`${passed} passed, ${failed} failed`)
process.exitCode = failed === 0 ? 0 : 1
