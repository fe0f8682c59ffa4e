// `npm run fuzz`: every parser against mutated inputs. Options become the variables that test/fuzz reads.
import { spawnSync } from 'node:child_process'
import { dirname, join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'

const ROOT = resolve(dirname(fileURLToPath(import.meta.url)), '..')
const USAGE = `npm run fuzz -- [--runs 200000] [--seed 1] [--target NAME] [--input HEX]
  --runs    inputs per target
  --seed    another seed, other inputs; the same seed, the same inputs
  --target  only targets whose name contains this
  --input   one input only, as a failure printed it`

const options = Object.fromEntries(['runs', 'seed', 'target', 'input'].map((name) => [name, { type: 'string' }]))
const { values } = parseArgs({ options: { ...options, help: { type: 'boolean' } } })
if (values.help) {
  console.log(USAGE)
} else {
  const variables = Object.entries(values).map(([name, value]) => [`FUZZ_${name.toUpperCase()}`, value])
  const env = { ...process.env, FUZZ_RUNS: '200000', ...Object.fromEntries(variables) }
  const vitest = [join(ROOT, 'node_modules/vitest/vitest.mjs'), 'run', 'test/fuzz/fuzz.test.ts', '--reporter=verbose']
  process.exitCode = spawnSync(process.execPath, vitest, { cwd: ROOT, stdio: 'inherit', env }).status ?? 1
}
