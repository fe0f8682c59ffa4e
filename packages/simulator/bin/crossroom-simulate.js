#!/usr/bin/env node
// Committed, not built: npm links a bin only when it is there at install time.
import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

const main = new URL('../dist/main.js', import.meta.url)
if (existsSync(fileURLToPath(main))) {
  await import(main.href)
} else {
  console.error('The simulator is not built yet. Run "npm start", or "npm ci && npm run build", in its folder first.')
  process.exitCode = 1
}
