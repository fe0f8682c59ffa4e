import { defineConfig } from 'vitest/config'

// Workspace packages resolve to their TypeScript sources ("source" condition): tests never run against a stale build.
const conditions = ['source', 'module', 'node', 'development|production']

export default defineConfig({
  resolve: { conditions },
  ssr: { resolve: { conditions } },
  test: {
    include: ['packages/*/src/**/*.test.ts', 'test/**/*.test.ts', 'tools/**/*.test.ts'],
    exclude: ['**/node_modules/**', '**/dist/**'],
    testTimeout: 30_000,
    hookTimeout: 30_000,
    // What is waited for comes at once; a machine that is busy for a second fails nobody.
    expect: { poll: { timeout: 10_000, interval: 20 } },
    maxWorkers: 2,
    minWorkers: 1,
  },
})
