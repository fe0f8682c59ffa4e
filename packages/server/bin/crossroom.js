#!/usr/bin/env node
// Committed, not built: npm links a bin only when it is there at install time.
import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { setFlagsFromString } from 'node:v8'

// Before anything else is loaded. A server's garbage is small and dies at once, but V8 answers its rate with a young
// generation of 3 × 16 MiB: measured with 300 HTTP-FLV players, 76 KiB of memory per player instead of 28, at the same CPU.
setFlagsFromString('--semi-space-growth-factor=1')

const main = new URL('../dist/main.js', import.meta.url)
if (existsSync(fileURLToPath(main))) {
  await import(main.href)
} else {
  console.error('Crossroom is not built yet. Run "npm start", or "npm ci && npm run build", in its folder first.')
  process.exitCode = 1
}
