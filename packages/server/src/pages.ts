import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import fastifyStatic from '@fastify/static'
import type { FastifyInstance } from 'fastify'

/** Where built files are: beside the compiled server when published, in their own package in a checkout. */
const PAGES = ['./pages/', '../../web/dist/']
const SDK = ['./sdk/', '../../client/dist/sdk/']

/** Address to file; `/` is where people enter a room. */
const ADDRESSES: readonly (readonly [string, string])[] = [
  ['/', 'call/index.html'],
  ['/call', 'call/index.html'],
  ['/monitor', 'monitor/index.html'],
]

/**
 * Text nodes and own files only: nothing that a stream or a user is named can become code. Camera and microphone are
 * for our own pages, not for those of others in a frame of ours.
 */
const PAGE_HEADERS = {
  'Content-Security-Policy':
    "default-src 'self'; connect-src 'self' ws: wss: http: https:; media-src 'self' blob:; img-src 'self' data: blob:; worker-src 'self' blob:; object-src 'none'; base-uri 'none'; frame-ancestors 'self'",
  'Permissions-Policy': 'camera=(self), microphone=(self), display-capture=(self)',
  'X-Content-Type-Options': 'nosniff',
  'Referrer-Policy': 'no-referrer',
} as const

/** Pages of others load the SDK from here. */
const SDK_HEADERS = {
  'Access-Control-Allow-Origin': '*',
  'Cross-Origin-Resource-Policy': 'cross-origin',
  'X-Content-Type-Options': 'nosniff',
  'Cache-Control': 'no-cache',
} as const

/** Folders with builds; undefined ones are not served. */
export interface BuiltFolders {
  readonly pages: string | undefined
  readonly sdk: string | undefined
}

/** Serves the pages under their addresses and the browser SDK under `/sdk`, as far as they are built; false without pages. */
export async function registerPages(
  app: FastifyInstance,
  { pages, sdk }: BuiltFolders = { pages: findBuilt(PAGES), sdk: findBuilt(SDK) },
): Promise<boolean> {
  if (sdk !== undefined)
    await app.register(fastifyStatic, {
      ...{ root: sdk, prefix: '/sdk/', index: false, decorateReply: false, cacheControl: false },
      setHeaders: (response) => {
        for (const [name, value] of Object.entries(SDK_HEADERS)) response.setHeader(name, value)
      },
    })
  if (pages === undefined) return false
  await app.register(fastifyStatic, {
    ...{ root: pages, index: ['index.html'], redirect: false, cacheControl: false },
    setHeaders: (response, path) => {
      for (const [name, value] of Object.entries(PAGE_HEADERS)) response.setHeader(name, value)
      const hashed = path.includes('/assets/')
      response.setHeader('Cache-Control', hashed ? 'public, max-age=31536000, immutable' : 'no-cache')
    },
  })
  for (const [address, file] of ADDRESSES)
    if (existsSync(join(pages, file)))
      app.get(address, { schema: { hide: true } }, (_request, reply) => reply.sendFile(file))
  // One address, two pages: a plain stream's, and a room's live page.
  app.get<{ Querystring: { room?: string } }>('/live', { schema: { hide: true } }, (request, reply) =>
    reply.sendFile(request.query.room === undefined ? 'live/index.html' : 'live-room/index.html'),
  )
  return true
}

function findBuilt(candidates: readonly string[]): string | undefined {
  return candidates.map((path) => fileURLToPath(new URL(path, import.meta.url))).find((path) => existsSync(path))
}
