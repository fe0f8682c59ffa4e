import { generateKeyPairSync } from 'node:crypto'
import { exportJWK, jwtVerify, SignJWT } from 'jose'
import { expect, test } from 'vitest'
import { remoteKeys, type Fetch } from './json-web-keys.js'

const pair = generateKeyPairSync('ec', { namedCurve: 'P-256' })

async function tryKeys(keys: ReturnType<typeof remoteKeys>): Promise<string> {
  const token = await new SignJWT({}).setProtectedHeader({ alg: 'ES256', kid: 'k' }).sign(pair.privateKey)
  return jwtVerify(token, keys).then(
    () => 'valid',
    (error: unknown) => (error as Error).message,
  )
}

test('the key set is fetched once, without following redirects', async () => {
  const asked: string[] = []
  const body = JSON.stringify({ keys: [{ ...(await exportJWK(pair.publicKey)), kid: 'k' }] })
  const fetch: Fetch = (url, init) => {
    asked.push(`${url} ${init.redirect}`)
    return Promise.resolve(new Response(body))
  }
  const keys = remoteKeys('https://id.example/keys', () => 0, fetch)
  expect(await Promise.all([tryKeys(keys), tryKeys(keys)])).toEqual(['valid', 'valid'])
  expect(asked).toEqual(['https://id.example/keys manual'])
})

test.each<[string, () => Response, RegExp]>([
  ['too long', () => new Response('x'.repeat(65_537)), /longer than 65536 bytes/],
  ['an error', () => new Response('', { status: 503 }), /answered 503/],
  ['no keys', () => new Response('{}'), /malformed/i],
])('an answer that is %s is refused', async (_name, answer, message) => {
  const fetch: Fetch = () => Promise.resolve(answer())
  expect(await tryKeys(remoteKeys('https://id.example/', () => 0, fetch))).toMatch(message)
})

test('after a failure the server of the keys is left alone for half a minute', async () => {
  let now = 0
  let asked = 0
  const fetch: Fetch = () => {
    asked++
    return Promise.reject(new Error('refused'))
  }
  const keys = remoteKeys('https://id.example/', () => now, fetch)
  for (let i = 0; i < 10; i++) await tryKeys(keys)
  expect(asked).toBe(1)
  now = 30_000
  await tryKeys(keys)
  expect(asked).toBe(2)
})
