// Writes dist/: the declarations of the package's entry, and a copy of those of the protocol, which is bundled and not
// installed. Runs after `tsc -b` has made the protocol's own.

import { spawnSync } from 'node:child_process'
import { cp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { dirname, join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = dirname(fileURLToPath(import.meta.url))
const types = join(root, 'dist')
const protocol = join(root, '../protocol/dist')
const tsc = createRequire(import.meta.url).resolve('typescript/bin/tsc')

await rm(types, { recursive: true, force: true })
const { status } = spawnSync(process.execPath, [tsc, '-p', join(root, 'tsconfig.types.json')], { stdio: 'inherit' })
if (status !== 0) process.exit(status ?? 1)
await cp(protocol, join(types, 'protocol'), {
  recursive: true,
  filter: (path) => path.endsWith('.d.ts') || !/\.[a-z]+$/i.test(path),
})
for (const entry of await readdir(types, { recursive: true, withFileTypes: true })) {
  const folder = entry.parentPath ?? entry.path
  if (!entry.isFile() || folder.startsWith(join(types, 'protocol'))) continue
  const path = join(folder, entry.name)
  const text = await readFile(path, 'utf8')
  const target = relative(folder, join(types, 'protocol/index.js')).replaceAll('\\', '/')
  const local = target.startsWith('.') ? target : `./${target}`
  await writeFile(path, text.replaceAll("'@crossroom/protocol'", `'${local}'`))
}
