import { cp, rm } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { defaultClientConditions, defineConfig, type Plugin } from 'vite'

const page = (path: string): string => fileURLToPath(new URL(path, import.meta.url))

/** Folders of pages: `/` and `/call`, plain streams, a room's live page, the wall of streams. */
const PAGES = ['call', 'live', 'live-room', 'monitor']

/**
 * The server's package carries the pages when it is published. Every build writes them there too, so that the server, which
 * looks there first, never finds older ones than in `dist`.
 */
function besideServer(): Plugin {
  const beside = page('../server/dist/pages')
  return {
    name: 'crossroom-beside-server',
    apply: 'build',
    async writeBundle() {
      await rm(beside, { recursive: true, force: true })
      await cp(page('dist'), beside, { recursive: true })
    },
  }
}

const HEAD = `
    <meta charset="utf-8" />
    <meta name="viewport" content="width=device-width, initial-scale=1, viewport-fit=cover" />
    <meta name="color-scheme" content="light dark" />
    <link rel="icon" type="image/svg+xml" href="../src/ui/icon.svg" />`
const WITHOUT_SCRIPT = `
    <noscript>Crossroom needs JavaScript: without it no browser can take part in a call.</noscript>`

/** What pages begin with that a script fills, and say where they cannot run. */
function sharedHead(): Plugin {
  return {
    name: 'crossroom-shared-head',
    transformIndexHtml: {
      order: 'pre',
      handler: (html) => {
        if (!html.includes('<body></body>')) return html
        return html.replace('<head>', `<head>${HEAD}`).replace('<body></body>', `<body>${WITHOUT_SCRIPT}\n  </body>`)
      },
    },
  }
}

/**
 * Pages go to `dist/PAGE/index.html`, everything else to `dist/assets`. The server sends `default-src 'self'`, so nothing
 * may end up inside the HTML or in data: addresses.
 */
export default defineConfig({
  root: import.meta.dirname,
  base: '/',
  plugins: [sharedHead(), besideServer()],
  // The SDK comes from its TypeScript sources: pages are never built with an older one.
  resolve: { conditions: ['source', ...defaultClientConditions] },
  esbuild: { jsx: 'automatic', jsxImportSource: 'preact' },
  build: {
    target: 'es2022',
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    chunkSizeWarningLimit: 700,
    rollupOptions: { input: Object.fromEntries(PAGES.map((name) => [name, page(`${name}/index.html`)])) },
  },
})
