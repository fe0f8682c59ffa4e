/** The value below which `p` percent of `values` lie. */
export function percentile(values, p) {
  const sorted = [...values].sort((a, b) => a - b)
  return sorted[Math.min(sorted.length - 1, Math.floor((sorted.length * p) / 100))]
}

const show = (value) => (Array.isArray(value) ? value.map(show).join(' / ') : typeof value === 'number' ? Number(value.toPrecision(3)) : value)

/** Prints one result a line. */
export function print(results) {
  for (const { name, value, unit, goal } of results)
    console.log(`  ${name.padEnd(62)} ${String(show(value)).padStart(12)} ${unit}${goal === undefined ? '' : `   (goal ${goal})`}`)
}
