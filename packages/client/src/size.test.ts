import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { gzipSync } from 'node:zlib'
import { expect, test } from 'vitest'

const SDK = fileURLToPath(new URL('../dist/sdk/', import.meta.url))
const LIMIT = 60 * 1024
/** Until `npm run build` has made them there is nothing to weigh. */
const isBuilt = existsSync(SDK)

test.skipIf(!isBuilt).each(['crossroom.js', 'crossroom.iife.js'])('%s is at most 60 KiB, compressed', (name) => {
  expect(gzipSync(readFileSync(`${SDK}${name}`)).length).toBeLessThanOrEqual(LIMIT)
})

test.skipIf(!isBuilt)('mpegts.js is a file of its own, which both load only when they need it', () => {
  expect(readdirSync(SDK).sort()).toEqual(['crossroom.iife.js', 'crossroom.js', 'mpegts.js'])
  for (const name of ['crossroom.js', 'crossroom.iife.js']) {
    const text = readFileSync(`${SDK}${name}`, 'utf8')
    expect(text).toContain('import("./mpegts.js")')
    expect(text).not.toMatch(/from ?["'][^"']*mpegts/)
  }
})
