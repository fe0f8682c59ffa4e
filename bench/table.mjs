// `node bench/table.mjs`: the newest results as the table of README.md.
import { existsSync, readFileSync } from 'node:fs'

const ORDER = ['flv', 'ws-flv', 'rtmp-play', 'join', 'rtmp-ingest', 'micro', 'webrtc', 'webrtc-load', 'opus']
const TITLES = { true: 'yes', false: '**no**', undefined: '' }

console.log('| bench | figure | reached | goal | kept |\n| --- | --- | --- | --- | --- |')
for (const name of ORDER) {
  const file = new URL(`results/${name}.json`, import.meta.url)
  if (!existsSync(file)) continue
  for (const { name: figure, unit, median, goal, reached } of JSON.parse(readFileSync(file, 'utf8')).figures) {
    const value = Math.abs(median) >= 100 ? Math.round(median) : Number(median.toPrecision(2))
    console.log(`| ${name} | ${figure} | ${value} ${unit} | ${goalOf(goal)} | ${TITLES[reached]} |`)
  }
}

function goalOf(goal) {
  if (goal === undefined) return ''
  const bound = goal.most === undefined ? `≥ ${goal.least}` : `≤ ${goal.most}`
  return goal.aim === undefined ? bound : `${bound}, aim ${goal.aim}`
}
