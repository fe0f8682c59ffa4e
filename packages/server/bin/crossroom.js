#!/usr/bin/env node
// Committed, not built: npm links a bin only when it is there at install time.
import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { setFlagsFromString } from 'node:v8'

// Before anything else is loaded: how V8 collects what a server of streams throws away (figures in bench/README.md).
// Most of it dies at once, but V8 answers its rate with a young generation of 3 × 16 MiB: with 300 HTTP-FLV players that
// is 76 KiB of memory per player instead of 28, at the same CPU. The rest, cached frames, lives for seconds outside the
// heap, and V8 looks for it three times a second through a heap that did not change: twice the heap may be garbage, and
// a publisher costs a fifth less.
setFlagsFromString('--semi-space-growth-factor=1')
setFlagsFromString('--heap-growing-percent=100')

const main = new URL('../dist/main.js', import.meta.url)
if (existsSync(fileURLToPath(main))) {
  await import(main.href)
} else {
  console.error('Crossroom is not built yet. Run "npm start", or "npm ci && npm run build", in its folder first.')
  process.exitCode = 1
}
