// Everything between a clean clone and a server that runs: npm packages, then the build. Needs nothing but Node and npm.
// What is there and up to date is left alone, so a second run does nothing. `npm ci && npm run build` is the same by hand.
import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readFileSync, readdirSync, writeFileSync } from 'node:fs'
import { dirname, join, relative, resolve } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'

const ROOT = resolve(dirname(fileURLToPath(import.meta.url)), '..')
const STAMP = join(ROOT, '.setup/build')
/** What the build makes and everything else needs. */
const OUTPUT = join(ROOT, 'packages/server/dist/main.js')
const OLDEST_NODE = [20, 19]
/** Folders that hold no source, and files that are in no output. */
const NO_SOURCE = new Set(['node_modules', 'dist', 'build', 'miniprogram_dist'])
const NOT_BUILT = /\.(test|cases|fuzz|bench)\.ts$/

/** A reason to stop that a person can act on. */
class SetupError extends Error {}

/** Installs and builds what is missing or out of date. Throws SetupError. */
export function setUp() {
  checkNode()
  if (!isInstalled()) {
    console.error('Installing npm packages …')
    run('npm', ['ci', '--include=dev', '--no-audit', '--no-fund'], 'Check the network and npm, then start again.')
  }
  const hash = hashSources()
  if (existsSync(OUTPUT) && existsSync(STAMP) && readFileSync(STAMP, 'utf8') === hash) return
  console.error('Building …')
  run('npm', ['run', '--silent', 'build'], 'The lines above say what does not compile.')
  mkdirSync(dirname(STAMP), { recursive: true })
  writeFileSync(STAMP, hash)
}

function checkNode() {
  const [major, minor] = process.versions.node.split('.').map(Number)
  if (major > OLDEST_NODE[0] || (major === OLDEST_NODE[0] && minor >= OLDEST_NODE[1])) return
  throw new SetupError(`Node.js ${process.versions.node} is too old: install ${OLDEST_NODE.join('.')} or newer.`)
}

/** Whether node_modules is what package-lock.json says, whoever installed it: npm leaves a list of what it installed. */
function isInstalled() {
  const installedList = join(ROOT, 'node_modules/.package-lock.json')
  if (!existsSync(installedList)) return false
  const wanted = JSON.parse(readFileSync(join(ROOT, 'package-lock.json'), 'utf8')).packages
  const installed = JSON.parse(readFileSync(installedList, 'utf8')).packages
  return Object.entries(wanted).every(([path, { version, link, optional, devOptional, peer }]) => {
    if (!path.includes('node_modules/')) return true
    if (link) return existsSync(join(ROOT, path))
    // Optional packages are for one platform each; peers may be left out on purpose.
    if (!(path in installed)) return optional || devOptional || peer
    return installed[path].version === version
  })
}

/** One hash over every file the build reads. */
function hashSources() {
  const hash = createHash('sha256').update(`${process.versions.modules} ${process.arch}\n`)
  const single = ['package.json', 'package-lock.json', 'tsconfig.json', 'tsconfig.base.json', 'tools/build-native.mjs']
  const files = [...single.map((name) => join(ROOT, name)), ...sourceFiles(join(ROOT, 'packages'))]
  for (const file of files)
    if (existsSync(file))
      hash
        .update(`${relative(ROOT, file)}\n`)
        .update(readFileSync(file))
        .update('\n')
  return hash.digest('hex')
}

/** Every source file below a folder, in a fixed order. */
function* sourceFiles(folder) {
  const entries = readdirSync(folder, { withFileTypes: true })
  for (const entry of entries.sort((a, b) => (a.name < b.name ? -1 : 1))) {
    const path = join(folder, entry.name)
    if (entry.isDirectory() && !NO_SOURCE.has(entry.name)) yield* sourceFiles(path)
    else if (entry.isFile() && !NOT_BUILT.test(entry.name)) yield path
  }
}

/** Output goes to stderr: stdout belongs to the command that runs after the set-up. */
function run(command, args, advice) {
  const shell = process.platform === 'win32'
  const { status, error } = spawnSync(command, args, { cwd: ROOT, stdio: ['ignore', 2, 2], shell })
  if (error)
    throw new SetupError(`${command} cannot be started (${error.message}). Install npm, which comes with Node.js.`)
  if (status !== 0) throw new SetupError(`"${command} ${args.join(' ')}" failed. ${advice}`)
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  try {
    setUp()
  } catch (error) {
    if (!(error instanceof SetupError)) throw error
    console.error(error.message)
    process.exitCode = 1
  }
}
