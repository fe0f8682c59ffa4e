// One-way imports, checked. Packages import only what their package.json declares; layers of packages/server/src import
// only what the table allows; a folder that has an index is entered through it; and no file of any package is in a circle of imports, those of types included.
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { dirname, join, relative, resolve } from 'node:path'

const SCOPE = '@crossroom/'
/** Layer of packages/server/src -> layers it may import. main.ts and app.ts are the composition root: free. */
const LAYERS = {
  config: [],
  observe: ['config'],
  net: ['config', 'observe'],
  hub: ['config', 'observe'],
  auth: ['hub', 'config', 'observe'],
  rooms: ['hub', 'auth', 'config', 'observe'],
  calls: ['net', 'config', 'observe'],
  signaling: ['calls', 'rooms', 'auth', 'net', 'config', 'observe'],
  api: ['calls', 'rooms', 'hub', 'auth', 'net', 'jobs', 'pull', 'push', 'record', 'cluster', 'config', 'observe'],
  endpoints: ['hub', 'auth', 'net', 'config', 'observe'],
  transcode: ['hub', 'net', 'config', 'observe'],
  jobs: ['net', 'config', 'observe'],
  pull: ['jobs', 'hub', 'auth', 'net', 'config', 'observe'],
  push: ['jobs', 'hub', 'auth', 'net', 'config', 'observe'],
  record: ['jobs', 'hub', 'auth', 'net', 'config', 'observe'],
  cluster: ['hub', 'net', 'config', 'observe'],
}
/** Folder that implements what another layer declares it needs -> that layer: types of its index, and nothing else. */
const SEAMS = { 'endpoints/webrtc/rooms': 'rooms', 'cluster/documents': 'rooms', 'cluster/claims': 'auth' }
/** Folder -> folders in it -> folders of the same that these may import. Files beside the folders join them. */
const FOLDERS = {
  rooms: { model: [], media: ['model'], view: ['model', 'media'], doors: ['model', 'media', 'view'] },
  'endpoints/webrtc': {
    port: [],
    send: ['port'],
    receive: ['port'],
    http: ['port', 'send', 'receive'],
    rooms: ['port', 'send', 'receive'],
  },
}
/** Imported without their folder's index: a child process takes the limits alone, a room's player of FLV no other protocol. */
const ALONE = ['config/limits.js', 'stream/flv-source.js', 'jobs/worker/run-worker.js', 'jobs/worker/library.js']
/** Layers whose folders do not know each other, and share the files beside them. Their index alone knows all folders. */
const APART = ['endpoints']
const IMPORT =
  /\b(?:import|export)\s+(?:type\s+)?(?:[\w*\s{},$]+?\s+from\s*)?['"]([^'"]+)['"]|\bimport\(\s*['"]([^'"]+)['"]/g

const problems = []
/** File -> the files of its package that it imports. */
const graph = new Map()
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
    if (!entry.isFile() || !/\.tsx?$/.test(entry.name) || /\.(test|bench|cases|fake|fuzz)\.tsx?$/.test(entry.name))
      continue
    const file = join(entry.parentPath ?? entry.path, entry.name)
    const where = relative('.', file)
    const imported = []
    graph.set(file, imported)
    for (const [statement, fixed, dynamic] of readFileSync(file, 'utf8').matchAll(IMPORT)) {
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
        imported.push(sourceOf(target))
        const shut = shutFolderOf(file, target, root)
        if (shut !== undefined) problems.push(`${where}: "${shut}" is entered by its index, not by ${spec}`)
        if (name !== 'server') continue
        const [from, ...fromPath] = relative(root, file).split('/'),
          [to, ...toPath] = relative(root, target).split('/')
        const isSeam = /^import type\b/.test(statement) && SEAMS[dirname(relative(root, file))] === to
        if (from in LAYERS && to !== from && !LAYERS[from].includes(to) && !isSeam)
          problems.push(`${where}: layer "${from}" may not import "${to}"`)
        for (const [parent, folders] of Object.entries(FOLDERS)) {
          const [mine, its] = [file, target].map((path) => folderIn(join(root, parent), path))
          if (mine in folders && its in folders && mine !== its && !folders[mine].includes(its))
            problems.push(`${where}: "${parent}/${mine}" may not import "${parent}/${its}"`)
        }
        if (from === to && APART.includes(to)) {
          const isShared = toPath.length === 1 && toPath[0] !== 'index.js'
          if (fromPath.join('/') !== 'index.ts' && fromPath[0] !== toPath[0] && !isShared)
            problems.push(`${where}: "${from}/${fromPath[0]}" may not import "${from}/${toPath[0]}"`)
        }
      }
    }
  }
}
for (const circle of circlesOf(graph))
  problems.push(`a circle of imports: ${circle.map((file) => relative('.', file)).join(' -> ')}`)
for (const problem of problems) console.error(problem)
process.exit(problems.length ? 1 : 0)

/** The outermost folder with an index that the import enters in another way; undefined where it enters none. */
function shutFolderOf(file, target, root) {
  if (ALONE.includes(relative(root, target))) return undefined
  const path = relative(root, dirname(target)).split('/')
  for (let depth = 1; depth <= path.length; depth++) {
    const folder = join(root, ...path.slice(0, depth))
    const isInside = file.startsWith(`${folder}/`)
    const hasIndex = ['index.ts', 'index.tsx'].some((index) => existsSync(join(folder, index)))
    if (!isInside && hasIndex) return target === join(folder, 'index.js') ? undefined : relative(root, folder)
  }
  return undefined
}

/** The folder right below `parent` that a file is in; undefined elsewhere and beside the folders. */
function folderIn(parent, path) {
  const [folder, file] = relative(parent, path).split('/')
  return file === undefined || folder === '..' ? undefined : folder
}

/** The source of what is imported as it will be built, or through a folder's index. */
function sourceOf(target) {
  const bare = target.replace(/\.js$/, '')
  const candidates = [`${bare}.ts`, `${bare}.tsx`, join(bare, 'index.ts'), join(bare, 'index.tsx')]
  return candidates.find((candidate) => existsSync(candidate)) ?? target
}

/** One circle for every file that is in any, each told once: the shortest way from a file back to itself. */
function circlesOf(imports) {
  const circles = []
  const told = new Set()
  for (const start of imports.keys()) {
    if (told.has(start)) continue
    const before = new Map()
    const queue = [start]
    for (let file = queue.shift(); file !== undefined && !before.has(start); file = queue.shift())
      for (const next of imports.get(file) ?? []) if (!before.has(next)) before.set(next, file) && queue.push(next)
    if (!before.has(start)) continue
    const circle = [start]
    for (let file = before.get(start); file !== start; file = before.get(file)) circle.unshift(file)
    for (const file of circle) told.add(file)
    circles.push([start, ...circle])
  }
  return circles
}
