// Figures: `{ name, unit, values: one per run, goal?: { most?, least?, aim? } }`. What is shown is the median of the runs.
import { mkdirSync, writeFileSync } from 'node:fs'
import { cpus, loadavg, totalmem } from 'node:os'

const RESULTS = new URL('../results/', import.meta.url)

/** The value below which `p` percent of `values` lie. */
export function percentile(values, p) {
  const sorted = Float64Array.from(values).sort()
  return sorted[Math.min(sorted.length - 1, Math.floor((sorted.length * p) / 100))]
}

/** The middle value, or what lies between the two middle ones. */
export function median(values) {
  const sorted = Float64Array.from(values).sort()
  const middle = sorted.length / 2
  return (sorted[Math.ceil(middle) - 1] + sorted[Math.floor(middle)]) / 2
}

/** Joins the figures of several runs of one benchmark, which come in the same order each time. */
export function joinRuns(runs) {
  return runs[0].map((figure, i) => ({ ...figure, values: runs.flatMap((run) => run[i].values) }))
}

/** Whether the median keeps to the goal; undefined where there is none. */
export function isReached({ values, goal }) {
  if (goal === undefined) return undefined
  const value = median(values)
  return value <= (goal.most ?? Infinity) && value >= (goal.least ?? -Infinity)
}

/** Prints one figure a line. */
export function printFigures(title, figures) {
  console.log(`\n${title}`)
  for (const figure of figures) {
    const { name, unit, values } = figure
    const verdict = { true: 'reached', false: 'MISSED', undefined: '' }[String(isReached(figure))]
    const spread = values.length > 1 ? `${short(Math.min(...values))} … ${short(Math.max(...values))}` : ''
    const value = `${short(median(values))} ${unit}`.trim()
    console.log(
      `  ${name.padEnd(58)}${value.padStart(14)}   ${spread.padEnd(20)}${goalText(figure).padEnd(24)}${verdict}`.trimEnd(),
    )
  }
}

/** Writes `bench/results/NAME.json`. */
export function saveFigures(name, figures, settings) {
  mkdirSync(RESULTS, { recursive: true })
  const report = {
    bench: name,
    date: new Date().toISOString(),
    machine: {
      cpu: cpus()[0]?.model ?? 'unknown',
      cores: cpus().length,
      memoryGiB: Math.round(totalmem() / 2 ** 30),
      /** What ran beside the benchmark shows here. */
      loadAverage: loadavg().map((value) => Number(value.toFixed(2))),
    },
    node: process.version,
    settings,
    figures: figures.map((figure) => ({
      name: figure.name,
      unit: figure.unit,
      median: median(figure.values),
      values: figure.values,
      goal: figure.goal,
      reached: isReached(figure),
    })),
  }
  writeFileSync(new URL(`${name}.json`, RESULTS), `${JSON.stringify(report, undefined, 2)}\n`)
}

function goalText({ goal }) {
  if (goal === undefined) return ''
  const bound =
    goal.most === undefined ? `>= ${goal.least}` : goal.least === undefined ? `<= ${goal.most}` : `${goal.least}`
  return goal.aim === undefined ? `goal ${bound}` : `goal ${bound}, aim ${goal.aim}`
}

function short(value) {
  return String(Math.abs(value) >= 100 ? Math.round(value) : Number(value.toPrecision(3)))
}
