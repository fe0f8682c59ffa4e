// Lays out an npm package with this platform's binary, for machines without a C compiler: `@crossroom/native-linux-x64`.
// One Node-API binary serves every Node from 20 on. Publish it from the folder that is printed.
import { copyFileSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { ADDON } from './build-native.mjs'

const PACKAGE = resolve(dirname(fileURLToPath(import.meta.url)), '../packages/native')
const platform = `${process.platform}-${process.arch}`
const folder = join(PACKAGE, 'build', platform)

if (!existsSync(ADDON)) {
  console.error('There is no binary to pack: run "node tools/build-native.mjs" and read what it says.')
  process.exit(1)
}
const { version, license, engines } = JSON.parse(readFileSync(join(PACKAGE, 'package.json'), 'utf8'))
const manifest = {
  name: `@crossroom/native-${platform}`,
  version,
  description: `The binary of @crossroom/native for ${platform}`,
  license,
  engines,
  os: [process.platform],
  cpu: [process.arch],
  ...(process.platform === 'linux' && { libc: ['glibc'] }),
  main: 'crossroom.node',
  files: ['crossroom.node'],
}
mkdirSync(folder, { recursive: true })
copyFileSync(ADDON, join(folder, 'crossroom.node'))
writeFileSync(join(folder, 'package.json'), `${JSON.stringify(manifest, null, 2)}\n`)
console.log(folder)
