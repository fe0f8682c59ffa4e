import { readdirSync } from 'node:fs'
import { join, relative, resolve } from 'node:path'
import { expect, test } from 'vitest'
import { fuzz, tryInput } from './runner.js'
import type { Failure, FuzzTarget } from './runner.js'

const ROOT = resolve(import.meta.dirname, '../..')
/** `npm run fuzz` makes more. */
const RUNS = Number(process.env['FUZZ_RUNS'] ?? 50_000)
const SEED = Number(process.env['FUZZ_SEED'] ?? 1)
const ONLY = process.env['FUZZ_TARGET'] ?? ''
const INPUT = process.env['FUZZ_INPUT']
/** The runner is slow on a busy machine; a parser that hangs is found by its own guard. */
const TIMEOUT_MS = 60_000 + RUNS

const files = readdirSync(join(ROOT, 'packages'), { recursive: true, encoding: 'utf8' })
  .filter((path) => path.endsWith('.fuzz.ts') && !path.includes('node_modules'))
  .map((path) => join(ROOT, 'packages', path))
  .sort()

interface FuzzModule {
  readonly fuzzTargets?: readonly FuzzTarget[]
}

const found = await Promise.all(
  files.map(async (file) => ({ file, targets: ((await import(file)) as FuzzModule).fuzzTargets ?? [] })),
)
const targets = found.flatMap(({ targets }) => targets)

test('every fuzz file has targets, and no two have the same name', () => {
  expect(found.filter((one) => one.targets.length === 0).map((one) => relative(ROOT, one.file))).toEqual([])
  const names = targets.map((target) => target.name)
  expect([...new Set(names)]).toEqual(names)
  expect(names).not.toEqual([])
})

const chosen = targets.filter((target) => target.name.includes(ONLY))
test.each(chosen)(
  '$name',
  async (target) => {
    if (INPUT !== undefined) {
      expect(tryInput(target, Uint8Array.from(Buffer.from(INPUT, 'hex')))).toBeUndefined()
      return
    }
    const failure = await fuzz(target, RUNS, SEED)
    if (failure !== undefined) expect.fail(describe(target, failure))
  },
  TIMEOUT_MS,
)

function describe(target: FuzzTarget, failure: Failure): string {
  const hex = Buffer.from(failure.input).toString('hex')
  return [
    `${target.name} breaks at input ${String(failure.iteration)} of seed ${String(SEED)}: ${failure.reason}`,
    `Again: npm run fuzz -- --target ${target.name} --input ${hex}`,
  ].join('\n')
}
