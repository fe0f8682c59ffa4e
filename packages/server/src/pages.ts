import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import fastifyStatic from '@fastify/static'
import type { FastifyInstance } from 'fastify'

/** Where the built pages are: beside the compiled server when published, in their own package in a checkout. */
const CANDIDATES = ['./pages/', '../../web/dist/']

/** Text nodes and own files only: nothing that a stream or a user is named can become code. */
const HEADERS = {
  'Content-Security-Policy':
    "default-src 'self'; connect-src 'self' ws: wss: http: https:; media-src 'self' blob:; img-src 'self' data: blob:; worker-src 'self' blob:; object-src 'none'; base-uri 'none'; frame-ancestors 'self'",
  'X-Content-Type-Options': 'nosniff',
  'Referrer-Policy': 'no-referrer',
} as const

/** Serves the pages under their addresses (`/live`), if they are built. */
export async function registerPages(app: FastifyInstance): Promise<boolean> {
  const root = CANDIDATES.map((path) => fileURLToPath(new URL(path, import.meta.url))).find((path) => existsSync(path))
  if (root === undefined) return false
  await app.register(fastifyStatic, {
    root,
    index: ['index.html'],
    redirect: false,
    setHeaders: (response, path) => {
      for (const [name, value] of Object.entries(HEADERS)) response.setHeader(name, value)
      const hashed = path.includes('/assets/')
      response.setHeader('Cache-Control', hashed ? 'public, max-age=31536000, immutable' : 'no-cache')
    },
    cacheControl: false,
  })
  app.get('/live', { schema: { hide: true } }, (_request, reply) => reply.sendFile('live/index.html'))
  return true
}
