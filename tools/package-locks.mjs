// Who is installing just now: the locks of apt and dpkg, and npm in this folder. Linux says both in /proc; elsewhere nobody.
import { readFileSync, readdirSync, readlinkSync, statSync } from 'node:fs'

/** What apt, dpkg and unattended upgrades lock; the last one for the whole of a daily run. */
const LOCK_FILES = [
  '/var/lib/dpkg/lock-frontend',
  '/var/lib/dpkg/lock',
  '/var/lib/apt/lists/lock',
  '/var/cache/apt/archives/lock',
  '/var/lib/apt/daily_lock',
]

/**
 * Who holds a lock of the system's package manager, as `NAME (process PID) holds FILE`; undefined: nobody. Names of
 * processes alone would mislead: Ubuntu's `unattended-upgrade-shutdown` waits for ever and holds nothing.
 */
export function holderOfPackageLock(files = LOCK_FILES) {
  const locks = readText('/proc/locks')
  if (locks === undefined) return undefined
  const byInode = new Map()
  // 1: POSIX  ADVISORY  WRITE 1234 08:01:131090 0 EOF; a "->" before the type is somebody who waits.
  for (const [, pid, inode] of locks.matchAll(/^\d+: (?!->)\S+ +\S+ +\S+ +(-?\d+) \w+:\w+:(\d+) /gm))
    byInode.set(inode, pid)
  for (const file of files) {
    const pid = byInode.get(inodeOf(file))
    if (pid !== undefined) return `${nameOf(pid)} (process ${pid}) holds ${file}`
  }
  return undefined
}

/** The npm that installs into `folder` just now, as `npm ci (process PID)`; undefined: none. */
export function npmAtWorkIn(folder) {
  for (const pid of listed('/proc')) {
    if (!/^\d+$/.test(pid)) continue
    const title = readText(`/proc/${pid}/cmdline`)?.split('\0')[0] ?? ''
    if (!/^npm (ci|clean-install|i|install|add|update|rebuild|prune)\b/.test(title)) continue
    if (workingFolderOf(pid) === folder) return `${title} (process ${pid})`
  }
  return undefined
}

/** Whether that process is there. */
export function isRunning(pid) {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return error.code === 'EPERM'
  }
}

function workingFolderOf(pid) {
  try {
    return readlinkSync(`/proc/${pid}/cwd`)
  } catch {
    return undefined
  }
}

function inodeOf(file) {
  try {
    return String(statSync(file, { bigint: true }).ino)
  } catch {
    return undefined
  }
}

function nameOf(pid) {
  return readText(`/proc/${pid}/comm`)?.trim() ?? 'another program'
}

function readText(path) {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return undefined
  }
}

function listed(folder) {
  try {
    return readdirSync(folder)
  } catch {
    return []
  }
}
