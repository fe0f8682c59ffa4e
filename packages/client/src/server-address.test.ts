import { afterEach, expect, test, vi } from 'vitest'

afterEach(() => {
  vi.unstubAllGlobals()
  vi.resetModules()
})

const load = (): Promise<typeof import('./server-address.js')> => import('./server-address.js')

test.each([
  ['https://rooms.example', 'wss://rooms.example/signal'],
  ['http://localhost:8080', 'ws://localhost:8080/signal'],
  ['https://rooms.example:8443/call?room=x', 'wss://rooms.example:8443/signal'],
  ['ws://127.0.0.1:9000', 'ws://127.0.0.1:9000/signal'],
])('%s is reached at %s', async (server, expected) => {
  const { signalUrls } = await load()
  expect(signalUrls(server)).toEqual([expected])
})

test.each(['rooms.example', 'ftp://rooms.example', '', '//'])(
  '%j is no server, and a sentence says what is',
  async (server) => {
    const { signalUrls } = await load()
    expect(() => signalUrls(server)).toThrow(/https:\/\/HOST/)
  },
)

test('the default server is the SDK’s origin, else the page’s', async () => {
  vi.stubGlobal('location', { origin: 'https://page.example' })
  const { setLoadedFrom, signalUrls } = await load()
  expect(signalUrls(undefined)).toEqual(['wss://page.example/signal'])
  setLoadedFrom('file:///sdk/crossroom.js')
  expect(signalUrls(undefined)).toEqual(['wss://page.example/signal'])
  setLoadedFrom('https://server.example:8443/sdk/crossroom.js?v=2')
  expect(signalUrls(undefined)).toEqual(['wss://server.example:8443/signal'])
})

test('several nodes are several addresses', async () => {
  const { signalUrls } = await load()
  expect(signalUrls(['https://a.example', 'https://b.example'])).toEqual([
    'wss://a.example/signal',
    'wss://b.example/signal',
  ])
})
