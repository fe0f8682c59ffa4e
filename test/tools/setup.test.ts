import { spawnSync } from 'node:child_process'
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
  cpSync(join(TOOLS, 'setup.mjs'), join(root, 'tools/setup.mjs'), { recursive: true })
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

function setUp(): { status: number | null; said: string } {
  const { status, stdout, stderr } = spawnSync(process.execPath, ['tools/setup.mjs'], { cwd: root, encoding: 'utf8' })
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
