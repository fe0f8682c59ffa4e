// Everything between a clean clone and a server that runs: npm packages, then the build. Needs nothing but Node and npm.
// What is there and up to date is left alone, so a second run does nothing. `npm ci && npm run build` is the same by hand.
import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import {
  existsSync,
  linkSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  realpathSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { dirname, join, relative, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { isRunning, npmAtWorkIn } from './package-locks.mjs'

const ROOT = resolve(dirname(fileURLToPath(import.meta.url)), '..')
const STAMP = join(ROOT, '.setup/build')
/** Holds the process id of the set-up that runs. */
const LOCK = join(ROOT, '.setup/lock')
const BUSY_WAIT_MS = 10 * 60_000
const ASK_AGAIN_MS = 500
/** npm fails when a mirror hiccups or somebody writes into node_modules; the second time it mostly does not. */
const NPM_ATTEMPTS = 2
/** What the build makes and everything else needs. */
const OUTPUT = join(ROOT, 'packages/server/dist/main.js')
const OLDEST_NODE = [20, 19]
/** Folders that hold no source, and files that are in no output. */
const NO_SOURCE = new Set(['node_modules', 'dist', 'build', 'miniprogram_dist'])
const NOT_BUILT = /\.(test|cases|fake|fuzz|bench)\.ts$/

/** A reason to stop that a person can act on. */
class SetupError extends Error {}

/** Installs and builds what is missing or out of date, one set-up at a time. Throws SetupError. */
export function setUp() {
  checkNode()
  takeLock()
  try {
    installPackages()
    build()
  } finally {
    rmSync(LOCK, { force: true })
  }
}

function installPackages() {
  waitWhile(() => npmAtWorkIn(realpathSync(ROOT)))
  if (isInstalled()) return
  console.error('Installing npm packages …')
  const args = ['ci', '--include=dev', '--no-audit', '--no-fund']
  for (let attempt = 1; ; attempt++) {
    try {
      run('npm', args, 'Check the network and npm, then start again.')
      return
    } catch (error) {
      if (attempt === NPM_ATTEMPTS || error.isFinal) throw error
      console.error('npm failed; trying once more …')
    }
  }
}

function build() {
  const hash = hashSources()
  if (existsSync(OUTPUT) && existsSync(STAMP) && readFileSync(STAMP, 'utf8') === hash) return
  console.error('Building …')
  run('npm', ['run', '--silent', 'build'], 'The lines above say what does not compile.')
  mkdirSync(dirname(STAMP), { recursive: true })
  writeFileSync(STAMP, hash)
}

/** Two set-ups at once (`npm start` here, `npm test` there) would install into each other's folders: the second waits. */
function takeLock() {
  mkdirSync(dirname(LOCK), { recursive: true })
  const own = `${LOCK}.${process.pid}`
  writeFileSync(own, String(process.pid))
  // A link is there with its content or not at all.
  while (!isLinked(own)) {
    waitWhile(lockHolder)
    rmSync(LOCK, { force: true })
  }
  rmSync(own)
}

function isLinked(own) {
  try {
    linkSync(own, LOCK)
    return true
  } catch (error) {
    if (error.code === 'EEXIST') return false
    throw error
  }
}

/** The set-up that holds the lock and is alive. */
function lockHolder() {
  if (!existsSync(LOCK)) return undefined
  const pid = Number(readFileSync(LOCK, 'utf8'))
  return pid > 0 && isRunning(pid) ? `the set-up of process ${pid}` : undefined
}

function waitWhile(busy) {
  const deadline = Date.now() + BUSY_WAIT_MS
  let told
  for (let who = busy(); who !== undefined; who = busy()) {
    if (Date.now() > deadline) throw new SetupError(`Waited 10 minutes for ${who}: end it, then start again.`)
    if (who !== told) console.error(`Waiting for ${who} …`)
    told = who
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ASK_AGAIN_MS)
  }
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
    return installed[path].version === version && versionOnDisk(path) === version
  })
}

/** npm writes its list last but one may delete folders afterwards: the package itself says what is there. */
function versionOnDisk(path) {
  try {
    return JSON.parse(readFileSync(join(ROOT, path, 'package.json'), 'utf8')).version
  } catch {
    return undefined
  }
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
    throw Object.assign(new SetupError(`${command} cannot be started (${error.message}). Install npm, which comes with Node.js.`), { isFinal: true }) // prettier-ignore
  if (status !== 0) throw new SetupError(`"${command} ${args.join(' ')}" failed. ${advice}`)
}

if (resolve(process.argv[1] ?? '') === fileURLToPath(import.meta.url)) {
  try {
    setUp()
  } catch (error) {
    if (!(error instanceof SetupError)) throw error
    console.error(error.message)
    process.exitCode = 1
  }
}
