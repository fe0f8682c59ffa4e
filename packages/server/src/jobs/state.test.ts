import { spawn } from 'node:child_process'
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { z } from 'zod'
import { silentLog } from '../observe/index.js'
import { JobStore, StateDirectory, StateError, type JobKind } from './index.js'

interface Job {
  readonly id: string
  readonly url: string
}

const kind: JobKind<Job> = {
  ...{ name: 'pulls', version: 2, maxDocuments: 3, maxBytes: 512 },
  schema: z.object({ id: z.string(), url: z.string() }),
}
let folder: string
let warnings: string[]
const log = { ...silentLog, warn: (fields: object) => void warnings.push(JSON.stringify(fields)) }
const opened: StateDirectory[] = []

beforeEach(() => {
  folder = join(mkdtempSync(join(tmpdir(), 'jobs-')), 'state')
  warnings = []
})
afterEach(() => {
  for (const directory of opened.splice(0)) directory.close()
  rmSync(join(folder, '..'), { recursive: true, force: true })
})

function open(path: string | undefined = folder): StateDirectory {
  const directory = StateDirectory.open(path, log)
  opened.push(directory)
  return directory
}
const storeIn = (directory: StateDirectory): JobStore<Job> => new JobStore(directory, kind)
const put = (name: string, text: string): void => {
  mkdirSync(join(folder, 'pulls'), { recursive: true })
  writeFileSync(join(folder, 'pulls', name), text)
}

test('what was saved last is there at the next start, and what was removed is not', async () => {
  const operation = fc.record({ id: fc.constantFrom('a', 'b', 'c'), url: fc.option(fc.string({ maxLength: 40 })) })
  await fc.assert(
    fc.asyncProperty(fc.array(operation, { maxLength: 12 }), async (operations) => {
      rmSync(folder, { recursive: true, force: true })
      const directory = open()
      const store = storeIn(directory)
      const kept = new Map<string, Job>()
      const done = operations.map(async ({ id, url }) => {
        if (url === null) kept.delete(id)
        else kept.set(id, { id, url })
        await (url === null ? store.remove(id) : store.save({ id, url }))
      })
      await Promise.all(done)
      directory.close()
      const found = storeIn(open()).load()
      expect(new Map(found.map((job) => [job.id, job]))).toEqual(kept)
    }),
    { numRuns: 30 },
  )
})

test('documents are for their user alone', async () => {
  await storeIn(open()).save({ id: 'a', url: 'rtsp://user:password@camera/' })
  expect(statSync(join(folder, 'pulls', 'a.json')).mode & 0o777).toBe(0o600)
  expect(statSync(folder).mode & 0o077).toBe(0)
})

test.each([
  ['text', 'not JSON'],
  ['half of a document', '{"version":2,"value":{"id":"a"'],
  ['another shape', '{"version":2,"value":{"id":"a","url":7}}'],
  ['no envelope', '{"id":"a","url":"x"}'],
  ['too much', `{"version":2,"value":{"id":"a","url":"${'x'.repeat(600)}"}}`],
])('%s is set aside with a sentence, and the others are read', async (_what, text) => {
  put('a.json', text)
  put('b.json', '{"version":2,"value":{"id":"b","url":"u"}}')
  const store = storeIn(open())
  expect(store.load()).toEqual([{ id: 'b', url: 'u' }])
  expect(warnings.join()).toContain('a.json.corrupt')
  expect(readFileSync(join(folder, 'pulls', 'a.json.corrupt'), 'utf8')).toBe(text)
  await store.save({ id: 'a', url: 'new' })
  expect(existsSync(join(folder, 'pulls', 'a.json'))).toBe(true)
})

test('a document of a newer version is left alone', () => {
  put('a.json', '{"version":3,"value":{}}')
  expect(storeIn(open()).load()).toEqual([])
  expect(warnings.join()).toContain('newer')
  expect(existsSync(join(folder, 'pulls', 'a.json'))).toBe(true)
})

test('what a stopped write left behind goes away', () => {
  put('a.json.0123456789ab.tmp', '{"vers')
  storeIn(open()).load()
  expect(readdirSync(join(folder, 'pulls'))).toEqual([])
})

test('documents are bounded in number and in bytes', async () => {
  const store = storeIn(open())
  for (const id of ['a', 'b', 'c']) await store.save({ id, url: '' })
  await expect(store.save({ id: 'd', url: '' })).rejects.toThrow('There are 3 pulls already')
  await expect(store.save({ id: 'a', url: 'x'.repeat(600) })).rejects.toThrow(StateError)
  await store.remove('a')
  await store.save({ id: 'd', url: '' })
  for (const id of ['e', 'f']) put(`${id}.json`, `{"version":2,"value":{"id":"${id}","url":""}}`)
  opened.forEach((directory) => directory.close())
  expect(storeIn(open()).load()).toHaveLength(3)
  expect(warnings.join()).toContain('more than 3')
})

test('an id never leaves the folder', async () => {
  for (const id of ['../x', 'a/b', '', '.', 'a'.repeat(65)])
    await expect(storeIn(open()).save({ id, url: '' })).rejects.toThrow()
})

test('one server at a time uses the folder, and that of one that was killed is free', async () => {
  const first = open()
  expect(first.path).toBe(folder)
  const other = spawn('sleep', ['60'])
  const stat = readFileSync(`/proc/${String(other.pid)}/stat`, 'latin1')
  const lock = `${String(other.pid)} ${stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19]!}`
  first.close()
  writeFileSync(join(folder, 'lock'), lock)
  expect(open().path).toBeUndefined()
  expect(warnings.join()).toContain('Another server')
  const gone = new Promise((resolve) => other.once('exit', resolve))
  other.kill('SIGKILL')
  await gone
  expect(open().path).toBe(folder)
})

test('without a usable folder jobs are kept in memory only', async () => {
  for (const path of [undefined, '/dev/null/state', join(folder, 'a-file', 'state')]) {
    mkdirSync(folder, { recursive: true })
    writeFileSync(join(folder, 'a-file'), '')
    const store = storeIn(StateDirectory.open(path, log))
    expect(store.load()).toEqual([])
    await store.save({ id: 'a', url: '' })
  }
  expect(warnings).toHaveLength(2)
})

test('a folder that went read-only is told, and costs no running job', async () => {
  const store = storeIn(open())
  await store.save({ id: 'a', url: '' })
  rmSync(join(folder, 'pulls'), { recursive: true })
  writeFileSync(join(folder, 'pulls'), '')
  await expect(store.save({ id: 'b', url: '' })).rejects.toThrow('--state-dir')
  chmodSync(folder, 0o700)
})
