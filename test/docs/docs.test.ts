import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { dirname, join, relative, resolve } from 'node:path'
import { expect, test } from 'vitest'
import { notificationShapes } from '../../packages/protocol/src/notification-shapes.js'
import { requests } from '../../packages/protocol/src/requests.js'
import { RESERVED_APPS } from '../../packages/server/src/auth/names.js'
import { protocols } from '../../packages/server/src/endpoints/index.js'
import { describeValue, errorTable, limitTables, LIMITS_OF_PACKAGES, optionTable } from './tables.js'

const ROOT = resolve(import.meta.dirname, '../..')

/** The document with what stands between `<!-- begin NAME -->` and `<!-- end NAME -->` made anew. */
function withTable(path: string, name: string, table: string): string {
  const text = readFileSync(join(ROOT, path), 'utf8')
  const [before, rest] = text.split(`<!-- begin ${name} -->\n`)
  const after = rest?.split(`<!-- end ${name} -->`)[1]
  if (before === undefined || after === undefined) throw new Error(`${path} has no place for ${name}`)
  return `${before}<!-- begin ${name} -->\n${table}\n<!-- end ${name} -->${after}`
}

// `npx vitest run test/docs -u` writes the tables.
test('the table of options is that of the code', async () => {
  const path = 'docs/4-configuration.md'
  await expect(withTable(path, 'options', optionTable())).toMatchFileSnapshot(join(ROOT, path))
})

test('the tables of limits are those of the code', async () => {
  const path = 'docs/7-limits.md'
  await expect(withTable(path, 'limits', limitTables())).toMatchFileSnapshot(join(ROOT, path))
})

test('the table of errors is that of the code', async () => {
  const path = 'docs/10-rooms.md'
  await expect(withTable(path, 'errors', errorTable())).toMatchFileSnapshot(join(ROOT, path))
})

test('every message of signaling is described', () => {
  const text = readFileSync(join(ROOT, 'docs/10-rooms.md'), 'utf8')
  const methods = [...Object.keys(requests), ...Object.keys(notificationShapes)]
  expect(methods.length).toBeGreaterThan(30)
  expect(methods.filter((method) => !text.includes(`\`${method}\``))).toEqual([])
})

test.each(LIMITS_OF_PACKAGES)('%s is %d for the package that applies it as well', (_name, inServer, inPackage) => {
  expect(inPackage).toBe(inServer)
})

test('the reserved names are those of the code', () => {
  const text = readFileSync(join(ROOT, 'docs/2-streams.md'), 'utf8')
  const listed = /Reserved as APP: ([^.]+)\./.exec(text)?.[1]?.match(/\w+/g)
  expect(new Set(listed)).toEqual(new Set([...RESERVED_APPS, ...protocols.flatMap(({ reserves }) => reserves)]))
})

test.each([
  ['graceMicros', 15_000_000, '15 s'],
  ['heartbeatMicros', 250_000, '250 ms'],
  ['decodeBudgetMicrosPerSecond', 50_000, '50 ms per second'],
  ['timeoutMs', 3000, '3 s'],
  ['queueBytes', 4_194_304, '4 MiB'],
  ['chunkBytes', 128, '128 bytes'],
  ['bitsPerSecond', 20_000_000, '20 Mbit/s'],
  ['responses', 10_000, '10 000'],
])('%s %d is written %s', (name, value, text) => {
  expect(describeValue(name, value)).toBe(text)
})

/** What a pattern finds in the sources of a folder of the server, tests left out. */
function foundInServer(folder: string, pattern: RegExp): string[] {
  const root = join(ROOT, 'packages/server/src', folder)
  const files = readdirSync(root, { recursive: true, encoding: 'utf8' }).filter((file) => /(?<!\.test)\.ts$/.test(file))
  return files.flatMap((file) => [...readFileSync(join(root, file), 'utf8').matchAll(pattern)].map(([, name]) => name!))
}

test('every metric is described', () => {
  const text = readFileSync(join(ROOT, 'docs/6-api-and-hooks.md'), 'utf8')
  const own = foundInServer('.', /add(?:Gauge|Counter)\(\s*'(\w+)'/g)
  const direct = foundInServer('observe', /'crossroom_(\w+)'/g)
  expect(own.length).toBeGreaterThan(10)
  expect(
    [...own, ...direct].filter((name) => !text.includes(`\`${name}\``) && !text.includes(`crossroom_${name}`)),
  ).toEqual([])
})

test('every route of REST is described', () => {
  const text = readFileSync(join(ROOT, 'docs/6-api-and-hooks.md'), 'utf8')
  const routes = foundInServer('api', /\.(?:get|post|put|patch|delete)\(\s*'(\/[\w/:.]*)'/g)
  const described = routes.map((route) =>
    route
      .replace(':app', 'APP')
      .replace(':stream', 'STREAM')
      .replace(':id', 'ID')
      .replace(':userId', 'USER')
      .replace(':token', 'TOKEN')
      .replace(':segment', 'SEGMENT'),
  )
  expect(described.length).toBeGreaterThan(8)
  expect(described.filter((route) => !text.includes(route))).toEqual([])
})

/** Documents a reader may open: everything in Markdown but what others wrote. */
function* documents(folder: string): Generator<string> {
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name)
    if (entry.isDirectory() && !/^(node_modules|dist|build|fixtures|results|\..*)$/.test(entry.name))
      yield* documents(path)
    else if (entry.isFile() && entry.name.endsWith('.md')) yield path
  }
}

test('every link and picture of the documents leads to a file and a heading that are there', () => {
  const broken: string[] = []
  for (const path of documents(ROOT)) {
    const text = readFileSync(path, 'utf8').replaceAll(/```[\s\S]*?```/g, '')
    for (const [, target] of text.matchAll(/\]\(([^)\s]+)\)/g)) {
      const [file = '', anchor] = target!.split('#')
      if (/^[a-z]+:/.test(file)) continue
      const aim = file === '' ? path : resolve(dirname(path), file)
      const isThere = existsSync(aim) && (anchor === undefined || anchorsOf(aim).has(anchor))
      if (!isThere) broken.push(`${relative(ROOT, path)}: ${target!}`)
    }
  }
  expect(broken).toEqual([])
})

/** The anchors that GitHub gives to the headings of a document. */
function anchorsOf(path: string): Set<string> {
  const headings = readFileSync(path, 'utf8').matchAll(/^#+ (.*)$/gm)
  return new Set([...headings].map(([, heading]) => slug(heading!)))
}

function slug(heading: string): string {
  return heading
    .toLowerCase()
    .replaceAll(/[^\p{L}\p{N} _-]/gu, '')
    .replaceAll(' ', '-')
}

test('every threat and fault that a test names is a row of docs/reliability.md, whose tests exist', () => {
  const text = readFileSync(join(ROOT, 'docs/reliability.md'), 'utf8')
  const rows = [...text.matchAll(/^\| ([RHWSF]\d{1,2}) \|.*\| `([^`]+)` \|$/gm)].map(([, id, path]) => ({ id, path }))
  const files = ['packages', 'test'].flatMap((folder) =>
    readdirSync(join(ROOT, folder), { recursive: true, encoding: 'utf8' })
      .filter((path) => path.endsWith('.test.ts') && !path.includes('node_modules'))
      .map((path) => join(folder, path)),
  )
  const named = files.flatMap((path) =>
    [...readFileSync(join(ROOT, path), 'utf8').matchAll(/['\s]([RHWSF]\d{1,2})(?::| of the threat table)/g)].map(
      ([, id]) => id,
    ),
  )
  expect(named.length).toBeGreaterThan(50)
  expect(new Set(named)).toEqual(new Set(rows.map(({ id }) => id)))
  for (const { path } of rows) expect(files).toContain(path)
})
