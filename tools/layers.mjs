// One-way imports, checked. Packages import only what their package.json declares;
// layers of packages/server/src import only what the table allows.
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { dirname, join, relative, resolve } from 'node:path'

const SCOPE = '@crossroom/'
/** Layer of packages/server/src -> layers it may import. main.ts and app.ts are the composition root: free. */
const LAYERS = {
  config: [],
  observe: ['config'],
  net: ['config', 'observe'],
  hub: ['config', 'observe'],
  auth: ['config', 'observe'],
  rooms: ['hub', 'auth', 'config', 'observe'],
  signaling: ['rooms', 'auth', 'net', 'config', 'observe'],
  api: ['rooms', 'hub', 'auth', 'net', 'config', 'observe'],
  endpoints: ['hub', 'auth', 'net', 'config', 'observe'],
  transcode: ['hub', 'net', 'config', 'observe'],
  record: ['hub', 'config', 'observe'],
  cluster: ['hub', 'net', 'config', 'observe'],
}
const IMPORT =
  /\b(?:import|export)\s+(?:type\s+)?(?:[\w*\s{},$]+?\s+from\s*)?['"]([^'"]+)['"]|\bimport\(\s*['"]([^'"]+)['"]/g

const problems = []
for (const name of readdirSync('packages')) {
  const root = resolve('packages', name, 'src')
  if (!existsSync(root)) continue
  const manifest = JSON.parse(readFileSync(join('packages', name, 'package.json'), 'utf8'))
  // A Mini Program's package has no dependencies: what it imports is bundled into what is published.
  const bundled = manifest.miniprogram === undefined ? {} : manifest.devDependencies
  const declared = {
    ...manifest.dependencies,
    ...manifest.peerDependencies,
    ...manifest.optionalDependencies,
    ...bundled,
  }
  for (const entry of readdirSync(root, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile() || !/\.ts$/.test(entry.name) || /\.(test|bench|cases|fuzz)\.ts$/.test(entry.name)) continue
    const file = join(entry.parentPath ?? entry.path, entry.name)
    const where = relative('.', file)
    for (const [, fixed, dynamic] of readFileSync(file, 'utf8').matchAll(IMPORT)) {
      const spec = fixed ?? dynamic
      if (spec.startsWith(SCOPE)) {
        const target = spec.split('/').slice(0, 2).join('/')
        if (!(target in declared)) problems.push(`${where}: package "${name}" may not import "${target}"`)
      } else if (spec.startsWith('.')) {
        const target = resolve(dirname(file), spec)
        if (!target.startsWith(root)) {
          problems.push(`${where}: reaches outside its package: ${spec}`)
          continue
        }
        if (name !== 'server') continue
        const from = relative(root, file).split('/')[0],
          to = relative(root, target).split('/')[0]
        if (from in LAYERS && to !== from && !LAYERS[from].includes(to))
          problems.push(`${where}: layer "${from}" may not import "${to}"`)
      }
    }
  }
}
for (const problem of problems) console.error(problem)
process.exit(problems.length ? 1 : 0)
