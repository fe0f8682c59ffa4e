// Builds miniprogram_dist: CommonJS for WeChat, every component in its folder, the protocol bundled into index.js.

import { cp, mkdir, readFile, rm, writeFile } from 'node:fs/promises'
import { dirname, join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'

const root = dirname(fileURLToPath(import.meta.url))
const source = join(root, 'src')
const components = ['webrtc-room', 'room-pusher', 'room-player']

/** The package's own entry is shared by the components: one copy, and one table of known addresses. */
const sharedEntry = {
  name: 'shared-entry',
  setup(bundle) {
    bundle.onResolve({ filter: /index\.js$/ }, ({ path, resolveDir }) =>
      resolve(resolveDir, path) === join(source, 'index.js') ? { path: '../index.js', external: true } : undefined,
    )
  },
}

const shape = {
  bundle: true,
  format: 'cjs',
  platform: 'neutral',
  mainFields: ['main'],
  conditions: ['source'],
  target: 'es2018',
  charset: 'utf8',
  legalComments: 'none',
  logLevel: 'warning',
}

/** Writes the package into `out`; takes well under a second. */
export async function buildMiniprogram(out = join(root, 'miniprogram_dist')) {
  await rm(out, { recursive: true, force: true })
  await mkdir(out, { recursive: true })
  // The folder is CommonJS wherever it is copied to, also where Node loads it for tests and the simulator.
  await writeFile(join(out, 'package.json'), '{ "type": "commonjs" }\n')
  await build({ ...shape, entryPoints: [join(source, 'index.ts')], outfile: join(out, 'index.js') })
  const tags = await loadTable()
  for (const name of components) {
    const from = join(source, name)
    await build({
      ...shape,
      entryPoints: [join(from, 'index.ts')],
      outfile: join(out, name, 'index.js'),
      plugins: [sharedEntry],
    })
    const wxml = await readFile(join(from, 'index.wxml'), 'utf8')
    await writeFile(join(out, name, 'index.wxml'), spreadAttributes(wxml, tags))
    for (const file of ['index.json', 'index.wxss']) await cp(join(from, file), join(out, name, file))
  }
}

/** Replaces `all-attributes` and `all-events`, which WXML does not have, by one attribute per row of the table. */
function spreadAttributes(wxml, tags) {
  return wxml.replace(/<(live-pusher|live-player)[^>]*>/g, (tag, name) => {
    const table = name === 'live-pusher' ? tags.PUSHER_ATTRIBUTES : tags.PLAYER_ATTRIBUTES
    const events = name === 'live-pusher' ? tags.PUSHER_EVENTS : tags.PLAYER_EVENTS
    return tag
      .replace(/all-attributes="([\w.]+)"/, (_, path) =>
        table.map((attribute) => `${attribute.name}="{{${path}.${tags.camelCase(attribute.name)}}}"`).join('\n      '),
      )
      .replace(/all-events="(\w+)"/, (_, handler) =>
        events.map((event) => `bind${event}="${handler}"`).join('\n      '),
      )
  })
}

async function loadTable() {
  const result = await build({
    entryPoints: [join(source, 'tags/attributes.ts')],
    bundle: true,
    format: 'esm',
    write: false,
    logLevel: 'warning',
  })
  return import(`data:text/javascript;base64,${Buffer.from(result.outputFiles[0].contents).toString('base64')}`)
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await buildMiniprogram(process.argv[2])
