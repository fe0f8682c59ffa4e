// Nine in a room for ten minutes: a browser, four WebRTC peers and four simulated phones, everybody getting everybody. It is the
// test of `npm test`, for longer.
import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { figure } from './lib/figure.mjs'

export const title = 'Nine in a room'
export const settings = { runs: 1, seconds: 600 }

const ROOT = resolve(fileURLToPath(import.meta.url), '../..')
const VITEST = join(ROOT, 'node_modules/vitest/vitest.mjs')
const TEST = 'test/interop/phone/nine-in-a-room.test.ts'

export async function run({ seconds }) {
  const folder = mkdtempSync(join(tmpdir(), 'crossroom-nine-'))
  const report = join(folder, 'figures.json')
  const env = { ...process.env, CROSSROOM_NINE_SECONDS: String(seconds), CROSSROOM_NINE_REPORT: report }
  try {
    const { stdout } = spawnSync(process.execPath, [VITEST, 'run', TEST], { cwd: ROOT, env, encoding: 'utf8' })
    return figuresOf(readReport(report, stdout))
  } finally {
    rmSync(folder, { recursive: true })
  }
}

/** The figures are there when everybody was counted, whether or not the test thinks them good. */
function readReport(report, stdout) {
  try {
    return JSON.parse(readFileSync(report, 'utf8'))
  } catch {
    throw new Error(`nobody was counted:\n${stdout}`)
  }
}

function figuresOf({ delayBefore, delayAfter, ...shares }) {
  const least = (name, key) =>
    figure(`${name}, of the stream of which the least came`, '', shares[key], { least: 0.85 })
  return [
    least('pictures at the browser', 'pagePictures'),
    least('sound at the browser', 'pageSound'),
    least('pictures at four peers', 'peerPictures'),
    least('sound at four peers', 'peerSound'),
    least('pictures on four phones', 'phonePictures'),
    least('sound on four phones', 'phoneSound'),
    figure("browser's picture on a phone at the start", 'ms', delayBefore),
    figure('the same at the end, less that at the start', 'ms', delayAfter - delayBefore, { most: 50 }),
  ]
}
