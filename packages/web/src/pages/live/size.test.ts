import { existsSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { gzipSync } from 'node:zlib'
import { expect, test } from 'vitest'

const DIST = fileURLToPath(new URL('../../../dist', import.meta.url))
const PAGE = `${DIST}/live/index.html`
const LIMIT = 60_000

/** Until `npm run build` has made it there is nothing to weigh. */
test.skipIf(!existsSync(PAGE))('the first load of /live is below 60 kB, compressed, and has no mpegts.js in it', () => {
  const html = readFileSync(PAGE, 'utf8')
  const loaded = new Set([...html.matchAll(/(?:src|href)="(\/assets\/[^"]+)"/g)].map(([, path]) => path!))
  // What modules import statically is loaded too, listed in the page or not.
  for (const path of loaded)
    if (path.endsWith('.js'))
      for (const [, name] of readFileSync(DIST + path, 'utf8').matchAll(/(?:from|import)\s*"\.\/([^"]+\.js)"/g))
        loaded.add(`/assets/${name!}`)
  expect([...loaded].filter((path) => path.includes('mpegts'))).toEqual([])
  expect(loaded.size).toBeGreaterThan(2)
  const bytes = [...loaded].map((path) => gzipSync(readFileSync(DIST + path)).length)
  expect(gzipSync(html).length + bytes.reduce((sum, size) => sum + size, 0)).toBeLessThan(LIMIT)
})
