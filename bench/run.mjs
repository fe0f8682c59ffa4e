// `npm run bench -- [NAME …] [--runs N] [--seconds N]`: runs the benchmarks and says which goals they reach.
import { parseArgs } from 'node:util'
import { killAll } from './lib/children.mjs'
import { joinRuns, printFigures, saveFigures } from './lib/report.mjs'

/** In the order in which they run. Each is a file of this folder: `title`, `settings`, `run({seconds})`. */
const BENCHES = [
  'micro',
  'flv',
  'ws-flv',
  'rtmp-play',
  'join',
  'rtmp-ingest',
  'webrtc',
  'webrtc-load',
  'opus',
  'mix',
  'levels',
  'rooms',
  'call',
  'cluster',
  'cluster-processes',
  'jobs',
]
/** Take minutes or a browser: only by name. */
const BY_NAME = ['whip', 'whip-load', 'loss', 'phone', 'page', 'nine']

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { runs: { type: 'string' }, seconds: { type: 'string' }, help: { type: 'boolean', short: 'h' } },
})
const unknown = positionals.filter((name) => ![...BENCHES, ...BY_NAME].includes(name))
if (values.help || unknown.length > 0) {
  if (unknown.length > 0) console.error(`There is no benchmark called ${unknown.join(', ')}.`)
  console.error(`npm run bench -- [--runs N] [--seconds N] [${[...BENCHES, ...BY_NAME].join(' | ')}] …`)
  process.exit(unknown.length > 0 ? 1 : 0)
}

let failures = 0
for (const name of positionals.length > 0 ? positionals : BENCHES) {
  try {
    await runBench(name)
  } catch (error) {
    console.error(`\n${name} failed: ${error.message}`)
    failures++
    killAll()
  }
}
process.exit(failures === 0 ? 0 : 1)

async function runBench(name) {
  const bench = await import(`./${name}.mjs`)
  const runs = Number(values.runs ?? bench.settings.runs ?? 2)
  const seconds = Number(values.seconds ?? bench.settings.seconds ?? 4)
  const results = []
  for (let i = 0; i < runs; i++) results.push(await bench.run({ seconds }))
  const figures = joinRuns(results)
  printFigures(bench.title, figures)
  saveFigures(name, figures, { ...bench.settings, runs, seconds })
}
