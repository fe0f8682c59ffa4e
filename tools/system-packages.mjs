// Programs that only the tests need: real encoders, players, browsers, a proxy and a TURN server.
import { spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { resolve } from 'node:path'
import { holderOfPackageLock } from './package-locks.mjs'

/** Debian package → what proves that it is there: a command to run, or several of which one is enough. */
const NEEDED = {
  ffmpeg: [
    ['ffmpeg', '-version'],
    ['ffprobe', '-version'],
  ],
  chromium: [['chromium', '--version'], ['chromium-browser', '--version'], ['google-chrome', '--version']], // prettier-ignore
  rtmpdump: [['rtmpdump', '--help']],
  'gstreamer1.0-tools': [['gst-launch-1.0', '--version']],
  'gstreamer1.0-plugins-good': [['gst-inspect-1.0', '--exists', 'flvmux']],
  'gstreamer1.0-plugins-bad': [['gst-inspect-1.0', '--exists', 'rtmp2sink']],
  'gstreamer1.0-plugins-ugly': [['gst-inspect-1.0', '--exists', 'x264enc']],
  coturn: [['turnserver', '--version']],
  'nats-server': [['nats-server', '--version'], ['/usr/sbin/nats-server', '--version']], // prettier-ignore
  haproxy: [['haproxy', '-v'], ['/usr/sbin/haproxy', '-v']], // prettier-ignore
  'gir1.2-gst-rtsp-server-1.0': [['/usr/bin/python3', '-c', "import gi; gi.require_version('GstRtspServer', '1.0')"]],
  'python3-gst-1.0': [['/usr/bin/python3', '-c', "import gi; gi.require_version('Gst', '1.0')"]],
  'libnginx-mod-rtmp': [['test', '-e', '/usr/lib/nginx/modules/ngx_rtmp_module.so']],
  nginx: [['nginx', '-v'], ['/usr/sbin/nginx', '-v']], // prettier-ignore
  'xdg-utils': [['xdg-mime', '--version']],
  'desktop-file-utils': [['which', 'desktop-file-validate']],
  'python3-aiortc': [['/usr/bin/python3', '-c', 'import aiortc']],
  openssl: [['openssl', 'version']],
  curl: [['curl', '--version']],
}

/** The same, for tests that are skipped without it: Ubuntu has no package of this name. */
const OPTIONAL = {
  'firefox-esr': [['firefox-esr', '--version']],
}

/** How long another package manager may take: an unattended upgrade of a fresh machine takes some minutes. */
const BUSY_WAIT_MS = 15 * 60_000
const ASK_AGAIN_MS = 2000
/** What apt itself waits for a lock that somebody takes between our look and its own. */
const APT_LOCK_SECONDS = 120
/** apt-get runs that fail for another reason than a lock: a mirror that does not answer, say. */
const ATTEMPTS = 3
const LOCKED = /Could not get lock|Unable to lock|is another process using it|Waiting for cache lock/
const INTERRUPTED = /dpkg was interrupted|dpkg --configure -a/
/** A name that no list has: another attempt changes nothing. */
const UNKNOWN = /Unable to locate package|has no installation candidate/

/**
 * Installs what is missing when this user may, and waits for a package manager that is busy.
 *
 * @throws Error with one sentence that says what to install, when something needed is missing after all
 */
export function installSystemPackages({ needed = NEEDED, optional = OPTIONAL, busyWaitMs = BUSY_WAIT_MS } = {}) {
  const wanted = [...missingOf(needed), ...missingOf(optional)]
  if (wanted.length === 0) return
  const sudo = process.getuid?.() === 0 ? [] : runs(['sudo', '-n', 'true']) ? ['sudo', '-n'] : undefined
  if (sudo !== undefined && runs(['apt-get', '--version'])) {
    console.error(`Installing what only the tests need: ${wanted.join(', ')} …`)
    install(new PackageManager(sudo, Date.now() + busyWaitMs), missingOf(needed), missingOf(optional))
  }
  const missing = missingOf(needed)
  if (missing.length > 0) throw new Error(`The tests need programs that are not installed; as root: apt-get install ${missing.join(' ')}`) // prettier-ignore
  for (const name of missingOf(optional)) console.error(`Without ${name} the tests that need it are skipped.`)
}

function install(manager, missing, optional) {
  // Lists may be there already: what counts is whether the installation succeeds.
  manager.run('apt-get', ['update', '-q'])
  // apt installs nothing at all when it does not know one of the names.
  if (missing.length > 0 && !manager.install(missing)) for (const name of missing) manager.install([name])
  for (const name of optional) manager.install([name])
}

/** apt-get and dpkg, with patience until a deadline. */
class PackageManager {
  #sudo
  #deadlineMs

  constructor(sudo, deadlineMs) {
    this.#sudo = sudo
    this.#deadlineMs = deadlineMs
  }

  install(names) {
    return this.run('apt-get', ['install', '-y', '-q', '--no-install-recommends', ...names])
  }

  /** Whether the program succeeded, in the end. Locks that others hold cost no attempt. */
  run(program, args) {
    for (let attempt = 1; attempt <= ATTEMPTS;) {
      this.#waitForOthers()
      const options = program === 'apt-get' ? ['-o', `DPkg::Lock::Timeout=${APT_LOCK_SECONDS}`] : []
      const { status, said } = this.#start(program, [...options, ...args])
      if (status === 0) return true
      if (UNKNOWN.test(said)) return false
      if (LOCKED.test(said) && Date.now() < this.#deadlineMs) {
        sleep(ASK_AGAIN_MS)
        continue
      }
      if (INTERRUPTED.test(said)) this.#start('dpkg', ['--configure', '-a'])
      attempt++
    }
    return false
  }

  /** Returns when no other package manager holds a lock, or at the deadline. */
  #waitForOthers() {
    let told
    for (let holder = holderOfPackageLock(); holder !== undefined; holder = holderOfPackageLock()) {
      if (Date.now() >= this.#deadlineMs) return
      if (holder !== told) console.error(`Waiting for another package manager: ${holder} …`)
      told = holder
      sleep(ASK_AGAIN_MS)
    }
  }

  #start(program, args) {
    const command = [...this.#sudo, 'env', 'DEBIAN_FRONTEND=noninteractive', 'LC_ALL=C', program, ...args]
    const stdio = ['ignore', 2, 'pipe']
    const { status, stderr } = spawnSync(command[0], command.slice(1), { stdio, encoding: 'utf8' })
    process.stderr.write(stderr ?? '')
    return { status, said: stderr ?? '' }
  }
}

function missingOf(packages) {
  return Object.entries(packages)
    .filter(([name, proofs]) => !(name === 'ffmpeg' ? proofs.every(runs) : proofs.some(runs)))
    .map(([name]) => name)
}

function runs([command, ...args]) {
  return spawnSync(command, args, { stdio: 'ignore', timeout: 20_000 }).status === 0
}

function sleep(ms) {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms)
}

if (resolve(process.argv[1] ?? '') === fileURLToPath(import.meta.url)) {
  try {
    installSystemPackages()
  } catch (error) {
    console.error(error.message)
    process.exitCode = 1
  }
}
