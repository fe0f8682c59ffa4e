import { spawn, spawnSync } from 'node:child_process'
import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import { afterEach, beforeEach, expect, test } from 'vitest'

const TOOLS = pathToFileURL(resolve(import.meta.dirname, '../../tools')).href

let folder: string

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'crossroom-apt-'))
})
afterEach(() => {
  rmSync(folder, { recursive: true })
})

/** A program on the PATH of the set-up, before those of this machine. */
function program(name: string, script: string): void {
  const path = join(folder, name)
  writeFileSync(path, `#!/bin/sh\ncd "${folder}"\n${script}\n`)
  chmodSync(path, 0o755)
}

/** An apt-get that writes down what it was asked for. `update` and `install` are shell lines; `$@` are the names. */
function apt(update: string, install: string): void {
  program(
    'apt-get',
    `if [ "$1" = -o ]; then echo "$2" >> options; shift 2; fi
     case $1 in
       update) echo update >> asked; ${update};;
       install) shift 4; echo "install $*" >> asked; ${install};;
     esac`,
  )
}

/** What makes the packages of a test appear: a program named as the package. */
const INSTALLS = `for name; do printf '#!/bin/sh\\n' > $name; chmod +x $name; done`

const asked = (): string[] => readFileSync(join(folder, 'asked'), 'utf8').trim().split('\n')

/** Runs the installation of packages whose proof is a program of their name. */
function installs(needed: string[], optional: string[] = [], busyWaitMs = 60_000) {
  const table = (names: string[]) => Object.fromEntries(names.map((name) => [name, [[name]]]))
  const options = JSON.stringify({ needed: table(needed), optional: table(optional), busyWaitMs })
  const script = `import { installSystemPackages } from '${TOOLS}/system-packages.mjs'
    try { installSystemPackages(${options}) } catch (error) { console.error(error.message); process.exitCode = 1 }`
  return [process.execPath, ['--input-type=module', '-e', script]] as const
}

function run([command, args]: readonly [string, readonly string[]]): { status: number | null; said: string } {
  const { status, stderr } = spawnSync(command, args, { env: environment(), encoding: 'utf8' })
  return { status, said: stderr }
}

/** This user may install, whoever runs the test. */
function environment(): NodeJS.ProcessEnv {
  program('sudo', 'shift; exec "$@"')
  return { ...process.env, PATH: `${folder}:${process.env['PATH'] ?? ''}` }
}

test('missing programs are installed once, and present ones are left alone', () => {
  apt(':', INSTALLS)
  expect(run(installs(['crossroom-a', 'crossroom-b']))).toMatchObject({ status: 0 })
  expect(asked()).toEqual(['update', 'install crossroom-a crossroom-b'])
  expect(readFileSync(join(folder, 'options'), 'utf8')).toMatch(/DPkg::Lock::Timeout=\d+/)
  expect(run(installs(['crossroom-a', 'crossroom-b']))).toMatchObject({ status: 0, said: '' })
  expect(asked()).toHaveLength(2)
})

test('an apt-get that finds a lock taken is asked again until it has it', () => {
  const busy = (name: string) => `if [ ! -e ${name} ]; then touch ${name}
    echo "E: Could not get lock /var/lib/apt/lists/lock. It is held by process 1 (apt-get)" >&2; exit 100; fi`
  apt(busy('first'), `${busy('second')}\n${INSTALLS}`)
  expect(run(installs(['crossroom-a']))).toMatchObject({ status: 0 })
  expect(asked()).toEqual(['update', 'update', 'install crossroom-a', 'install crossroom-a'])
})

test('a lock that stays ends with the one sentence that says what to install', () => {
  apt('echo "E: Could not get lock" >&2; exit 100', 'echo "E: Could not get lock" >&2; exit 100')
  const { status, said } = run(installs(['crossroom-a'], [], 0))
  expect(status).toBe(1)
  expect(said.trim().split('\n').at(-1)).toBe(
    'The tests need programs that are not installed; as root: apt-get install crossroom-a',
  )
})

test('a mirror that fails once costs another attempt, a name that no list has costs none', () => {
  apt(':', `if [ ! -e failed ]; then touch failed; echo "E: Failed to fetch" >&2; exit 100; fi\n${INSTALLS}`)
  expect(run(installs(['crossroom-a']))).toMatchObject({ status: 0 })
  rmSync(join(folder, 'asked'))
  apt(
    ':',
    `case "$*" in *unknown*) echo "E: Unable to locate package crossroom-unknown" >&2; exit 100;; esac\n${INSTALLS}`,
  )
  const { status, said } = run(installs(['crossroom-b', 'crossroom-unknown'], ['crossroom-c']))
  expect(status).toBe(1)
  expect(said).toMatch(/apt-get install crossroom-unknown\n$/)
  const each = ['install crossroom-b', 'install crossroom-unknown', 'install crossroom-c']
  expect(asked()).toEqual(['update', 'install crossroom-b crossroom-unknown', ...each])
})

test('a dpkg that was interrupted is brought to an end first', () => {
  apt(':', `if [ ! -e configured ]; then echo "E: dpkg was interrupted, you must manually run 'dpkg --configure -a'" >&2; exit 100; fi\n${INSTALLS}`) // prettier-ignore
  program('dpkg', 'touch configured')
  expect(run(installs(['crossroom-a']))).toMatchObject({ status: 0 })
})

test('without the right to install, or without apt, nothing is tried and the sentence comes at once', () => {
  program('apt-get', 'exit 127')
  expect(run(installs(['crossroom-a']))).toMatchObject({ status: 1 })
  expect(existsSync(join(folder, 'asked'))).toBe(false)
})

test.runIf(process.platform === 'linux')('who holds a lock is named, and nobody when it is let go', async () => {
  const file = join(folder, 'lock')
  writeFileSync(file, '')
  const hold = `import fcntl,sys\nf=open(sys.argv[1],'w')\nfcntl.lockf(f,fcntl.LOCK_EX)\nprint('held',flush=True)\nsys.stdin.read()`
  const holder = spawn('/usr/bin/python3', ['-c', hold, file])
  await new Promise((resolve) => holder.stdout.once('data', resolve))
  const { holderOfPackageLock } = (await import(`${TOOLS}/package-locks.mjs`)) as {
    holderOfPackageLock: (files: string[]) => string | undefined
  }
  expect(holderOfPackageLock([file])).toMatch(/^python3.* \(process \d+\) holds .*lock$/)
  holder.kill()
  await new Promise((resolve) => holder.once('close', resolve))
  expect(holderOfPackageLock([file])).toBeUndefined()
})
