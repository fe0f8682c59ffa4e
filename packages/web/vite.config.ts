import { fileURLToPath } from 'node:url'
import { defineConfig } from 'vite'

const page = (path: string): string => fileURLToPath(new URL(path, import.meta.url))

/**
 * Pages go to `dist/PAGE/index.html`, everything else to `dist/assets`. The server sends `default-src 'self'`, so nothing
 * may end up inside the HTML or in data: addresses.
 */
export default defineConfig({
  root: import.meta.dirname,
  base: '/',
  build: {
    target: 'es2022',
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    chunkSizeWarningLimit: 700,
    rollupOptions: { input: { live: page('live/index.html') } },
  },
})
