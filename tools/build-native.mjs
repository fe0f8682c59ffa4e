// Builds packages/native by one call of the C compiler: no node-gyp, nothing downloaded. A machine where that does not
// work keeps RTMP and FLV: the reason is said in one sentence and the exit code is 0.
import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, readdirSync, renameSync, rmSync, statSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'

const ROOT = resolve(dirname(fileURLToPath(import.meta.url)), '..')
const SOURCES = join(ROOT, 'packages/native/c')
export const ADDON = join(ROOT, 'packages/native/build/crossroom.node')

/** A reason that a person can act on; everything else that is thrown is a defect of this script. */
class CannotBuild extends Error {}

/** The headers of Node-API, libuv and OpenSSL as they come with Node's own archives; distributions put them elsewhere. */
function includeDirectory() {
  const override = process.env.CROSSROOM_NODE_INCLUDE
  const candidates = override
    ? [override]
    : [join(dirname(process.execPath), '../include/node'), '/usr/include/node', '/usr/include/nodejs/src']
  const found = candidates.find((folder) => existsSync(join(folder, 'node_api.h')))
  if (!found) {
    throw new CannotBuild(
      `the headers of Node ${process.versions.node} are not in ${candidates.join(' or ')}: install libnode-dev (Debian, Ubuntu) or Node's own archive, or set CROSSROOM_NODE_INCLUDE`,
    )
  }
  if (!existsSync(join(found, 'openssl/ssl.h')) && !existsSync('/usr/include/openssl/ssl.h')) {
    throw new CannotBuild(`${found} has no OpenSSL headers: install libssl-dev, or use Node's own archive`)
  }
  return found
}

function newestSource() {
  const files = readdirSync(SOURCES).map((name) => join(SOURCES, name))
  return Math.max(...[...files, fileURLToPath(import.meta.url)].map((file) => statSync(file).mtimeMs))
}

/**
 * Compiles every C file into `output`.
 * @param {string} output
 * @param {string[]} flags in addition to the usual ones
 */
export function compile(output, flags = ['-O2']) {
  if (process.platform === 'win32') {
    throw new CannotBuild("Windows' Node does not export what DTLS-SRTP needs: run the server in WSL")
  }
  const compiler = process.env.CC ?? 'cc'
  // nodelete: a worker thread that ends unloads its addons before libuv has called back for the handles they closed.
  const link =
    process.platform === 'darwin' ? ['-bundle', '-undefined', 'dynamic_lookup'] : ['-shared', '-Wl,-z,nodelete']
  const files = readdirSync(SOURCES).filter((name) => name.endsWith('.c'))
  mkdirSync(dirname(output), { recursive: true })
  // Written beside and renamed: a server that runs keeps the file it has mapped.
  const fresh = `${output}.${process.pid}`
  const common = ['-std=c11', '-D_GNU_SOURCE', '-Wall', '-Wextra', '-fPIC', '-fvisibility=hidden', '-g1', '-pthread']
  const run = spawnSync(
    compiler,
    [...common, ...flags, ...link, '-I', includeDirectory(), '-o', fresh, ...files.map((name) => join(SOURCES, name))],
    { encoding: 'utf8' },
  )
  if (run.error) {
    throw new CannotBuild(
      `there is no C compiler named ${compiler}: install gcc (apt-get install gcc libc6-dev) or set CC`,
    )
  }
  if (run.status !== 0) {
    rmSync(fresh, { force: true })
    const hint = /stdlib\.h|stdio\.h|limits\.h/.test(run.stderr) ? ': install libc6-dev' : ''
    throw new CannotBuild(`${compiler} failed${hint}:\n${run.stderr.trim()}`)
  }
  if (run.stderr.trim()) console.error(run.stderr.trim())
  renameSync(fresh, output)
}

function main() {
  if (existsSync(ADDON) && statSync(ADDON).mtimeMs >= newestSource()) return
  try {
    compile(ADDON)
  } catch (error) {
    if (!(error instanceof CannotBuild)) throw error
    console.error(`The native package was not built, so WebRTC is off (RTMP and FLV work): ${error.message}`)
  }
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) main()
