import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fastify, { type FastifyInstance } from 'fastify'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { registerPages } from './pages.js'

let folder: string
let app: FastifyInstance
const write = (path: string, text: string): void => {
  mkdirSync(join(folder, path, '..'), { recursive: true })
  writeFileSync(join(folder, path), text)
}

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'crossroom-pages-'))
  for (const page of ['call', 'live', 'live-room']) write(`pages/${page}/index.html`, page)
  write('pages/assets/a-1234.js', 'asset')
  write('sdk/crossroom.js', 'sdk')
  write('secret', 'nobody reads this')
  app = fastify()
  await registerPages(app, { pages: join(folder, 'pages'), sdk: join(folder, 'sdk') })
})
afterEach(async () => {
  await app.close()
  rmSync(folder, { recursive: true })
})

test.each([
  ['/', 'call'],
  ['/call', 'call'],
  ['/live', 'live'],
  ['/live?room=42', 'live-room'],
  ['/assets/a-1234.js', 'asset'],
])('%s is %s, and may run nothing but its own files', async (url, text) => {
  const response = await app.inject({ url })
  expect([response.statusCode, response.body]).toEqual([200, text])
  expect(response.headers['content-security-policy']).toMatch(/^default-src 'self';/)
  expect(response.headers['cache-control']).toMatch(url.includes('assets') ? /immutable/ : /no-cache/)
  expect(response.headers['access-control-allow-origin']).toBeUndefined()
})

test('pages of others may load the SDK', async () => {
  const response = await app.inject({ url: '/sdk/crossroom.js' })
  expect([response.statusCode, response.body]).toEqual([200, 'sdk'])
  expect(response.headers).toMatchObject({ 'access-control-allow-origin': '*', 'x-content-type-options': 'nosniff' })
})

test.each(['/monitor', '/../secret', '/%2e%2e/secret', '/sdk/..%2f..%2fsecret', '/sdk/%00', '/assets/../../secret'])(
  '%s is not served',
  async (url) => {
    const response = await app.inject({ url })
    expect(response.statusCode).toBeGreaterThanOrEqual(400)
    expect(response.body).not.toContain('nobody reads this')
  },
)

test('missing builds are not served', async () => {
  const bare = fastify()
  expect(await registerPages(bare, { pages: undefined, sdk: undefined })).toBe(false)
  expect((await bare.inject({ url: '/' })).statusCode).toBe(404)
  await bare.close()
})
