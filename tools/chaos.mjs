// `npm run chaos`: faults drawn from a seed beside rooms on three nodes. Options become the variables that the tests read.
import { spawnSync } from 'node:child_process'
import { dirname, join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'

const ROOT = resolve(dirname(fileURLToPath(import.meta.url)), '..')
const USAGE = `npm run chaos -- [--faults 1000] [--rooms 50] [--seed 1]
  --faults  kill, stop, cut, stall, deaf, mute, leader, drain: one at a time, or two
  --rooms   with four users each, on three nodes, on the memory engine and a virtual clock
  --seed    another seed, other faults; the same seed, the same faults`

const names = ['faults', 'rooms', 'seed']
const options = Object.fromEntries(names.map((name) => [name, { type: 'string' }]))
const { values } = parseArgs({ options: { ...options, help: { type: 'boolean' } } })
if (values.help) {
  console.log(USAGE)
} else {
  const { faults = '1000', rooms = '50', seed = '1' } = values
  const env = { ...process.env, CHAOS_FAULTS: faults, CHAOS_ROOMS: rooms, CHAOS_SEED: seed }
  const vitest = [join(ROOT, 'node_modules/vitest/vitest.mjs'), 'run', 'test/scenarios/cluster-chaos.test.ts']
  process.exitCode = spawnSync(process.execPath, vitest, { cwd: ROOT, stdio: 'inherit', env }).status ?? 1
}
