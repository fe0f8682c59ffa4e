import { spawn, spawnSync } from 'node:child_process'
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join, resolve } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'

const TOOLS = resolve(import.meta.dirname, '../../tools')
/** Stands for the real build: it counts how often it ran. */
const BUILD =
  "node -e \"const f=require('fs');f.appendFileSync('built','x');f.mkdirSync('packages/server/dist',{recursive:true});f.writeFileSync('packages/server/dist/main.js','')\""

let root: string

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'crossroom-setup-'))
  for (const name of ['setup.mjs', 'package-locks.mjs']) cpSync(join(TOOLS, name), join(root, 'tools', name))
  write('package.json', JSON.stringify({ name: 'x', version: '1.0.0', scripts: { build: BUILD } }))
  const packages = { '': { name: 'x', version: '1.0.0' } }
  write('package-lock.json', JSON.stringify({ name: 'x', version: '1.0.0', lockfileVersion: 3, packages }))
  write('packages/server/src/a.ts', 'export const a = 1')
})

afterEach(() => {
  rmSync(root, { recursive: true })
})

function write(path: string, text: string): void {
  mkdirSync(dirname(join(root, path)), { recursive: true })
  writeFileSync(join(root, path), text)
}

function setUp(env: NodeJS.ProcessEnv = process.env): { status: number | null; said: string } {
  const { status, stdout, stderr } = spawnSync(process.execPath, ['tools/setup.mjs'], {
    cwd: root,
    env,
    encoding: 'utf8',
  })
  expect(stdout).toBe('')
  return { status, said: stderr }
}

const builds = (): number => (existsSync(join(root, 'built')) ? readFileSync(join(root, 'built'), 'utf8').length : 0)

test('a clean clone is installed and built, a second run does nothing, a change builds again', () => {
  const first = setUp()
  expect(first).toMatchObject({ status: 0 })
  expect(first.said).toMatch(/Installing npm packages[\s\S]*Building/)
  expect(builds()).toBe(1)
  // npm leaves no list where there is nothing to install; with packages it does.
  write('node_modules/.package-lock.json', JSON.stringify({ packages: {} }))
  const second = setUp()
  expect(second).toMatchObject({ status: 0, said: '' })
  write('packages/server/src/a.test.ts', 'only a test')
  setUp()
  expect(builds()).toBe(1)
  write('packages/server/src/a.ts', 'export const a = 2')
  expect(setUp().said).toMatch(/^Building/)
  expect(builds()).toBe(2)
})

test('a build that was deleted is made again, and one that fails is said and tried again', () => {
  write('node_modules/.package-lock.json', JSON.stringify({ packages: {} }))
  setUp()
  rmSync(join(root, 'packages/server/dist'), { recursive: true })
  setUp()
  expect(builds()).toBe(2)
  write('package.json', JSON.stringify({ name: 'x', version: '1.0.0', scripts: { build: 'exit 3' } }))
  for (let i = 0; i < 2; i++) {
    const failed = setUp()
    expect(failed.status).toBe(1)
    expect(failed.said).toMatch(/"npm run --silent build" failed/)
  }
})

/** A folder with one dependency, which its npm (the one on `path`) is to install. */
function withDependency(): void {
  const packages = {
    '': { name: 'x', version: '1.0.0', dependencies: { dep: '1.0.0' } },
    'node_modules/dep': { version: '1.0.0' },
  }
  write('package-lock.json', JSON.stringify({ name: 'x', version: '1.0.0', lockfileVersion: 3, packages }))
}

const NPM_INSTALLS = `
  mkdir -p node_modules/dep
  echo '{"version":"1.0.0"}' > node_modules/dep/package.json
  echo '{"packages":{"node_modules/dep":{"version":"1.0.0"}}}' > node_modules/.package-lock.json`

/** Puts an npm before the real one: it writes down what it is asked for, and runs the real one for all but `npm ci`. */
function withNpm(ci: string): NodeJS.ProcessEnv {
  const real = spawnSync('which', ['npm'], { encoding: 'utf8' }).stdout.trim()
  write('bin/npm', `#!/bin/sh\nif [ "$1" != ci ]; then exec ${real} "$@"; fi\necho ci >> installs\n${ci}\n`)
  spawnSync('chmod', ['+x', join(root, 'bin/npm')])
  return { ...process.env, PATH: `${join(root, 'bin')}:${process.env['PATH'] ?? ''}` }
}

const installs = (): number =>
  existsSync(join(root, 'installs')) ? readFileSync(join(root, 'installs'), 'utf8').length / 3 : 0

test('a half-written node_modules is installed again', () => {
  withDependency()
  const env = withNpm(NPM_INSTALLS)
  setUp(env)
  expect(installs()).toBe(1)
  setUp(env)
  expect(installs()).toBe(1)
  rmSync(join(root, 'node_modules/dep'), { recursive: true })
  setUp(env)
  expect(installs()).toBe(2)
})

test('npm is tried once more after a failure, and then the set-up ends with a sentence', () => {
  withDependency()
  const lucky = setUp(withNpm(`if [ ! -e failed ]; then touch failed; exit 1; fi\n${NPM_INSTALLS}`))
  expect(lucky).toMatchObject({ status: 0 })
  rmSync(join(root, 'node_modules'), { recursive: true })
  const failed = setUp(withNpm('exit 1'))
  expect(failed.status).toBe(1)
  expect(failed.said).toMatch(/"npm ci .*" failed\. Check the network and npm/)
})

test('a set-up waits for another one in the same folder, and not for one that died', async () => {
  write('node_modules/.package-lock.json', JSON.stringify({ packages: {} }))
  write('.setup/lock', '999999999')
  expect(setUp()).toMatchObject({ status: 0 })
  const other = spawn('sleep', ['60'])
  write('.setup/lock', String(other.pid))
  const waiting = spawn(process.execPath, ['tools/setup.mjs'], { cwd: root })
  let said = ''
  await new Promise<void>((resolve) =>
    waiting.stderr.on('data', (text: Buffer) => {
      said += text.toString()
      if (said.includes('Waiting')) resolve()
    }),
  )
  expect(said).toMatch(/^Waiting for the set-up of process \d+ …/)
  other.kill()
  expect(await new Promise((resolve) => waiting.once('close', resolve))).toBe(0)
})

test.runIf(process.platform === 'linux')('a set-up waits for an npm that installs into the same folder', async () => {
  write('node_modules/.package-lock.json', JSON.stringify({ packages: {} }))
  const npm = spawn(process.execPath, ['-e', 'process.title="npm ci"; console.log("up"); setTimeout(() => {}, 60_000)'], { cwd: root }) // prettier-ignore
  await new Promise((resolve) => npm.stdout.once('data', resolve))
  const waiting = spawn(process.execPath, ['tools/setup.mjs'], { cwd: root })
  const said = await new Promise<string>((resolve) =>
    waiting.stderr.once('data', (text: Buffer) => resolve(text.toString())),
  )
  expect(said).toMatch(/^Waiting for npm ci \(process \d+\) …/)
  npm.kill()
  expect(await new Promise((resolve) => waiting.once('close', resolve))).toBe(0)
})
