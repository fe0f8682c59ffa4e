// Bundles the SDK that servers serve under /sdk: an ES module, a classic script, and mpegts.js beside them, which both load
// only when it is needed. `tsc -b` makes what npm publishes; this needs nothing of it.
import { cp, rm } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { build } from 'vite'

const path = (relative) => fileURLToPath(new URL(relative, import.meta.url))
const OUTPUT = path('dist/sdk')
/** Where the published server has it; the server looks there first. */
const BESIDE_SERVER = path('../server/dist/sdk')

/** Workspace packages are bundled from their sources, so that the order of the builds does not matter. */
const shared = {
  configFile: false,
  root: path('.'),
  logLevel: 'warn',
  resolve: { conditions: ['source', 'module', 'browser', 'production'] },
}
const output = { outDir: OUTPUT, emptyOutDir: false, target: 'es2022', sourcemap: false, reportCompressedSize: false }

await rm(OUTPUT, { recursive: true, force: true })
await build({
  ...shared,
  build: {
    ...output,
    lib: { entry: { crossroom: path('src/sdk.ts'), mpegts: path('src/media/mpegts.ts') }, formats: ['es'] },
    rollupOptions: { output: { chunkFileNames: '[name].js' } },
  },
})
await build({
  ...shared,
  build: {
    ...output,
    lib: {
      entry: path('src/sdk-classic.ts'),
      name: 'crossroomSdk',
      formats: ['iife'],
      fileName: () => 'crossroom.iife.js',
    },
    // A classic script can load a module too: the one that the first build made.
    rollupOptions: { external: [/\/mpegts\.js$/], output: { paths: () => './mpegts.js' } },
  },
})
await rm(BESIDE_SERVER, { recursive: true, force: true })
await cp(OUTPUT, BESIDE_SERVER, { recursive: true })
