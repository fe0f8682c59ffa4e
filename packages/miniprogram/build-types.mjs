// Writes dist/: the declarations of the package's entry, and a copy of those that it is bundled with and that are not
// installed: the protocol's and, of media, the machines' alone. Runs after `tsc -b` has made them.

import { spawnSync } from 'node:child_process'
import { cp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { dirname, join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = dirname(fileURLToPath(import.meta.url))
const types = join(root, 'dist')
const bundled = {
  '@crossroom/protocol': { from: join(root, '../protocol/dist'), to: join(types, 'protocol') },
  '@crossroom/media': { from: join(root, '../media/dist/machine'), to: join(types, 'machine') },
}
const tsc = createRequire(import.meta.url).resolve('typescript/bin/tsc')

await rm(types, { recursive: true, force: true })
const { status } = spawnSync(process.execPath, [tsc, '-p', join(root, 'tsconfig.types.json')], { stdio: 'inherit' })
if (status !== 0) process.exit(status ?? 1)
for (const { from, to } of Object.values(bundled))
  await cp(from, to, { recursive: true, filter: (path) => path.endsWith('.d.ts') || !/\.[a-z]+$/i.test(path) })
for (const entry of await readdir(types, { recursive: true, withFileTypes: true })) {
  if (!entry.isFile()) continue
  const folder = entry.parentPath ?? entry.path
  const path = join(folder, entry.name)
  let text = await readFile(path, 'utf8')
  for (const [name, { to }] of Object.entries(bundled)) {
    const target = relative(folder, join(to, 'index.js')).replaceAll('\\', '/')
    text = text.replaceAll(`'${name}'`, `'${target.startsWith('.') ? target : `./${target}`}'`)
  }
  await writeFile(path, text)
}
